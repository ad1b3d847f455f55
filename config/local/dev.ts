import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { launch, print } from './launch.ts'
import { startPlatform } from './platform.ts'
import { ProcessError } from './processes.ts'

/** `npm run dev`: as `npm start`, but pages come from Vite and our processes start again when their sources change. */
await launch(async (stack) => {
  print('Starting Ustat for development …')
  const vite = await createServer({
    configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
    server: { host: '127.0.0.1', port: 0 },
    // Its shortcuts would take the terminal.
    clearScreen: false,
    logLevel: 'warn',
  })
  stack.defer(() => vite.close())
  await vite.listen()
  const [url] = vite.resolvedUrls?.local ?? []
  if (!url) throw new ProcessError('Vite serves no pages.')
  const { publicUrl, ingest } = await startPlatform(
    process.env,
    { pages: { url: url.slice(0, -1) }, isWatched: true, print },
    stack,
  )
  print(`Ustat runs on ${publicUrl} and ${ingest.publicUrl}; it reloads what you change. Ctrl-C stops it.`)
})
