import { mkdtemp, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { catalog } from './catalog.ts'
import { chat } from './chat.ts'
import { chatMemory, chatReturn } from './chat-crowds.ts'
import { chatSoak } from './chat-soak.ts'
import { interrupt } from './clock.ts'
import { cpu } from './cpu.ts'
import { driftScenario } from './drift.ts'
import { firstFrame } from './first-frame.ts'
import { OBS_DEFAULTS } from './glass-publisher.ts'
import { glassFigures, latencyNetwork, latencyScenario, watchPeer } from './latency.ts'
import { library } from './library.ts'
import { origin } from './origin.ts'
import { pathScenario } from './path.ts'
import { recordingScenario } from './recording.ts'
import { type Result, toMarkdown, toText } from './report-table.ts'
import type { Scenario } from './scenario.ts'
import { video } from './video.ts'

const scenarios: Readonly<Record<string, Scenario>> = {
  latency: latencyScenario(
    'glass to glass from 720p30 with a keyframe each second, ladder of three',
    {},
    { p50: 1.1, p95: 1.3, ratio: 5.5 },
  ),
  'latency-obs': latencyScenario(
    'glass to glass from OBS’s defaults: a keyframe every 250 frames, B-frames',
    OBS_DEFAULTS,
    { p95: 1.6, ratio: 0 },
  ),
  'latency-network': latencyNetwork,
  'first-frame': firstFrame,
  recording: recordingScenario(15),
  origin,
  cpu,
  catalog,
  chat,
  'chat-return': chatReturn,
  'chat-memory': chatMemory,
  'chat-soak': chatSoak(10),
  'chat-soak-short': chatSoak(1),
  library,
  video,
  path: pathScenario('where the latency comes from, with a keyframe each second', {}),
  'path-obs': pathScenario('where the latency comes from, from OBS’s defaults', OBS_DEFAULTS),
  peer: {
    about: 'nginx-rtmp by itself: glass to glass',
    run: async (options) => glassFigures('nginx-rtmp', await watchPeer({}, options)),
  },
  'recording-long': recordingScenario(600),
  drift: driftScenario(30),
  'drift-short': driftScenario(3),
}
/** What runs when nothing is named. */
const usual = ['latency', 'latency-obs', 'latency-network', 'first-frame', 'recording', 'origin', 'cpu']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    alone: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isInterrupted = true
    interrupt()
  })
}
process.exitCode = await main()

async function main(): Promise<number> {
  if (values.list) {
    for (const [name, { about }] of Object.entries(scenarios)) print(`${name.padEnd(18)}${about}`)
    return 0
  }
  const names = positionals.length > 0 ? positionals : usual
  const unknown = names.filter((name) => !scenarios[name])
  if (unknown.length > 0) {
    print(`No scenario ${unknown.join(', ')}. There are: ${Object.keys(scenarios).join(', ')}.`)
    return 1
  }
  const results: Result[] = []
  for (const name of names) {
    const scenario = scenarios[name]
    if (scenario && !isInterrupted) results.push(await measure(name, scenario))
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: cpus().length,
    date: new Date().toISOString(),
    command: `npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
  }
  const directory = await mkdtemp(join(tmpdir(), 'ustat-bench-'))
  await writeFile(join(directory, 'figures.json'), JSON.stringify({ ...machine, results }, null, 2))
  await writeFile(join(directory, 'figures.md'), toMarkdown(results, machine))
  print(`\n${toText(results)}\n\n${join(directory, 'figures.json')} and figures.md`)
  return results.some(({ failure }) => failure) ? 1 : 0
}

/** One that fails leaves the others their turn. */
async function measure(name: string, { about, run }: Scenario): Promise<Result> {
  print(`${name}: ${about}`)
  const seconds = Number(values.seconds)
  try {
    const figures = await run({ seconds, isAlone: values.alone, say: (line) => print(`  ${line}`) })
    return { scenario: name, about, figures }
  } catch (error) {
    print(`  ${(error as Error).stack}`)
    return { scenario: name, about, figures: [], failure: (error as Error).message.split('\n')[0] }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
