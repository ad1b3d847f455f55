import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'

it.each(['server', 'media'])(
  'lets a process of %s log and end when nobody reads its lines any more',
  async (folder) => {
    const script = `
    import { createLogger } from './${folder}/logger.ts'
    const log = createLogger('test', 'info')
    process.on('message', () => {
      for (let line = 0; line < 100; line++) log.warn('unheard')
      log.fatal('unheard')
      process.exit(7)
    })
    log.info('heard')`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    const { stdout } = child
    if (!stdout) throw new Error('it has no standard output')
    const [line] = await once(stdout, 'data')
    expect(JSON.parse(String(line))).toMatchObject({ name: 'test', msg: 'heard' })
    stdout.destroy()
    child.send('go on')
    const [code] = await once(child, 'exit')
    expect(code).toBe(7)
  },
)
