import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './clock.ts'
import { freePort } from './ports.ts'

const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'

/** The peer: Debian's nginx-rtmp with 2 s fragments, and hls.js in a plain page. */
export interface NginxRtmp extends AsyncDisposable {
  readonly publishUrl: string
  readonly pageUrl: string
  readonly playlistUrl: string
  readonly pid: number
}

export async function startNginxRtmp(): Promise<NginxRtmp> {
  if (!existsSync(MODULE)) throw new Error('nginx-rtmp is missing: apt-get install libnginx-mod-rtmp')
  const directory = await mkdtemp(join(tmpdir(), 'ustat-bench-peer-'))
  const [httpPort, rtmpPort] = [await freePort(), await freePort()]
  await mkdir(join(directory, 'hls'))
  await mkdir(join(directory, 'logs'))
  await writeFile(join(directory, 'index.html'), page)
  await writeFile(join(directory, 'nginx.conf'), configuration(directory, httpPort, rtmpPort))
  const server = spawn('/usr/sbin/nginx', ['-e', 'stderr', '-p', directory, '-c', 'nginx.conf'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr.on('data', (data) => {
    said += data
  })
  const gone = once(server, 'exit')
  const base = `http://127.0.0.1:${httpPort}`
  const dispose = async () => {
    if (server.exitCode === null) server.kill('SIGTERM')
    await gone
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await until('nginx-rtmp', async () => {
      if (server.exitCode !== null) throw new Error(`nginx-rtmp stopped: ${said}`)
      return (await fetch(`${base}/index.html`).catch(() => null))?.ok
    })
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    publishUrl: `rtmp://127.0.0.1:${rtmpPort}/live/show`,
    pageUrl: `${base}/index.html`,
    playlistUrl: `${base}/hls/show.m3u8`,
    pid: server.pid ?? 0,
    [Symbol.asyncDispose]: dispose,
  }
}

const configuration = (directory: string, httpPort: number, rtmpPort: number) => `
load_module ${MODULE};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${rtmpPort};
    chunk_size 4096;
    application live {
      live on;
      hls on;
      hls_path ${directory}/hls;
      hls_fragment 2s;
    }
  }
}
http {
  access_log off;
  client_body_temp_path tmp-body; proxy_temp_path tmp-proxy; fastcgi_temp_path tmp-fastcgi;
  uwsgi_temp_path tmp-uwsgi; scgi_temp_path tmp-scgi;
  types { text/html html; text/javascript js; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
  server {
    listen 127.0.0.1:${httpPort};
    root ${directory};
    location /hls/ { add_header Cache-Control no-cache; }
    location = /hls.min.js { alias ${fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js'))}; }
  }
}
`

/** hls.js as its README shows it. It is asked again while there is no playlist yet. */
const page = `<!doctype html>
<title>nginx-rtmp</title>
<video muted autoplay playsinline width="1280" height="720"></video>
<script src="/hls.min.js"></script>
<script>
  const hls = new Hls()
  hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && setTimeout(() => hls.loadSource('/hls/show.m3u8'), 500))
  hls.loadSource('/hls/show.m3u8')
  hls.attachMedia(document.querySelector('video'))
</script>
`
