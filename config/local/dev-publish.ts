import { ConfigError } from '../config.ts'
import { launch, print } from './launch.ts'
import { ManagedProcess } from './processes.ts'

const clock = "drawtext=text='%{localtime\\:%T}':fontsize=120:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=20"
const picture = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'warning'],
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30'],
  ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=330:beep_factor=4:sample_rate=48000'],
  ...['-vf', `${clock}:x=(w-tw)/2:y=(h-th)/2`],
]
/** A keyframe each second, as the studio advises. */
const encoding = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
  ...['-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '2500k', '-g', '30', '-sc_threshold', '0'],
  ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2'],
]

/**
 * `npm run dev:publish`: a moving picture with a clock and a tone on the demo teacher's channel, until Ctrl-C. It comes
 * back by itself when the connection drops, as OBS does. The stream key is asked for and never shown.
 */
await launch(async (stack) => {
  const origin = process.env.PUBLIC_URL || `http://localhost:${process.env.PORT || 8080}`
  const { rtmpUrl, streamKey, channel } = await askForKey(origin)
  const ffmpeg = stack.use(
    new ManagedProcess(
      {
        name: 'ffmpeg',
        command: [
          'ffmpeg',
          ...picture,
          ...encoding,
          '-flvflags',
          'no_duration_filesize',
          '-f',
          'flv',
          `${rtmpUrl}/${streamKey}`,
        ],
        readiness: async () => true,
        // ffmpeg names the whole address when it cannot write to it.
        output: (line) => print(line.replaceAll(streamKey, '***')),
        // As a person's Ctrl-C: the show is ended, not lost.
        stopSignal: 'SIGINT',
        firstPauseMs: 1000,
      },
      print,
    ),
  )
  await ffmpeg.start()
  print(`Publishing to ${rtmpUrl}. Watch it on ${origin}/c/${channel}; Ctrl-C ends the show.`)
})

async function askForKey(origin: string): Promise<{ rtmpUrl: string; streamKey: string; channel: string }> {
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(origin + path, init).catch(() => {
      throw new ConfigError(`Nothing answers on ${origin}: run \`npm start\` first.`)
    })
    if (!answer.ok) throw new ConfigError(`${origin}${path} answered ${answer.status}: is the demo data there?`)
    return answer.json()
  }
  const { access, user } = await call('/api/auth/login/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'teacher@ustat.local', password: 'demo-password' }),
  })
  const headers = { authorization: `Bearer ${access}` }
  const { rtmp_url: rtmpUrl, stream_key: streamKey } = await call('/api/channels/me/stream-key/', { headers })
  return { rtmpUrl, streamKey, channel: user.channel }
}
