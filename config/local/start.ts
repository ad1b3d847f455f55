import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { launch, print } from './launch.ts'
import { startPlatform } from './platform.ts'

/** `npm start`: the whole platform on this machine, until Ctrl-C or SIGTERM. */
await launch(async (stack) => {
  print('Starting Ustat …')
  const pages = { directory: fileURLToPath(new URL('../../web/dist', import.meta.url)) }
  greet(await startPlatform(process.env, { pages, print }, stack))
})

function greet({ publicUrl, ingest, dataDir, isDemo }: Config): void {
  const lines = [
    '',
    `Ustat runs on   ${publicUrl}`,
    `OBS             Service: Custom   Server: ${ingest.publicUrl}   Stream key: in the studio, ${publicUrl}/studio`,
    ...(isDemo
      ? [
          'Demo accounts   teacher@ustat.local, student@ustat.local, producer@ustat.local, admin@ustat.local',
          'Password        demo-password',
          'Without OBS     npm run dev:publish',
        ]
      : []),
    `Data and logs   ${dataDir}`,
    'Ctrl-C stops it.',
    '',
  ]
  for (const line of lines) print(line)
}
