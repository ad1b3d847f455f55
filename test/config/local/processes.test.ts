import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { ManagedProcess, type ProcessSpec, run } from '../../../config/local/processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat-processes-'))
const started: ManagedProcess[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()))
  rmSync(join(directory, 'log'), { force: true })
})

function aProcess(script: string, spec: Partial<ProcessSpec> = {}) {
  const lines: string[] = []
  const reports: string[] = []
  const child = new ManagedProcess(
    {
      name: 'child',
      command: [process.execPath, '-e', script],
      readiness: 'message',
      output: (line) => lines.push(line),
      firstPauseMs: 10,
      ...spec,
    },
    (line) => reports.push(line),
  )
  started.push(child)
  return { child, lines, reports }
}

const ready = "process.send('ready'); setInterval(() => {}, 1000);"

it('is started once the process says that it is ready', async () => {
  const { child, lines } = aProcess(`console.log('hello'); ${ready}`)
  await child.start()
  await vi.waitFor(() => expect(lines).toEqual(['hello']))
})

it('is started once a question is answered, when the process cannot say so', async () => {
  const file = join(directory, 'up')
  const script = `require('fs').writeFileSync(${JSON.stringify(file)}, ''); setInterval(() => {}, 1000)`
  const { child } = aProcess(script, { readiness: async () => existsSync(file) })
  await child.start()
  expect(existsSync(file)).toBe(true)
})

it('says in one sentence why a process did not start, with the end of its log', async () => {
  const file = join(directory, 'log')
  const { child } = aProcess("console.error('no such thing'); process.exit(3)", { output: { file } })
  await expect(child.start()).rejects.toThrow(
    `child stopped with code 3 before it was ready. ${file} ends with: no such thing`,
  )
})

it('says when the program is not there', async () => {
  const { child } = aProcess('', { command: ['/nonexistent/program'] })
  await expect(child.start()).rejects.toThrow(/^child .* before it was ready/)
})

it('gives up on a process that does not get ready, and leaves nothing of it', async () => {
  const { child } = aProcess('setInterval(() => {}, 1000)', { startTimeoutMs: 200 })
  await expect(child.start()).rejects.toThrow('child was not ready after 0.2 s before it was ready.')
  expect(isAlive(child.pid)).toBe(false)
})

it('starts a process again when it dies, and waits longer after each death in a row', async () => {
  const { child, reports } = aProcess(`${ready} setTimeout(() => process.exit(1), 20)`)
  await child.start()
  await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(6), 20_000)
  expect(reports.slice(0, 6)).toEqual([
    'child stopped with code 1; starting it again in 0.01 s',
    'child runs again',
    'child stopped with code 1; starting it again in 0.02 s',
    'child runs again',
    'child stopped with code 1; starting it again in 0.04 s',
    'child runs again',
  ])
})

it('tries again when a restart fails', async () => {
  const marker = join(directory, 'marker')
  const script = `const fs = require('fs'); const n = fs.existsSync(${JSON.stringify(marker)}) ? Number(fs.readFileSync(${JSON.stringify(marker)})) : 0
    fs.writeFileSync(${JSON.stringify(marker)}, String(n + 1)); if (n === 1) process.exit(7); ${ready}`
  const { child, reports } = aProcess(script)
  await child.start()
  process.kill(child.pid ?? 0, 'SIGKILL')
  await vi.waitFor(() => expect(reports).toContain('child runs again'), 20_000)
  expect(reports[1]).toMatch(/^child stopped with code 7 before it was ready\..*starting it again in 0.02 s$/)
})

it('removes the socket that a dead process left', async () => {
  const socket = join(directory, 'child.sock')
  writeFileSync(socket, 'left over')
  const { child } = aProcess(
    `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.send('ready'))`,
    {
      socket,
    },
  )
  await child.start()
})

it('lets a process drain, and does not start it again', async () => {
  const { child, lines, reports } = aProcess(
    `process.on('SIGTERM', () => { console.log('drained'); process.exit(0) }); ${ready}`,
  )
  await child.start()
  await child.stop()
  expect(isAlive(child.pid)).toBe(false)
  await vi.waitFor(() => expect(lines).toEqual(['drained']))
  expect(reports).toEqual([])
})

it('kills a process that will not stop, and what it had started', async () => {
  const { child, lines } = aProcess(
    `const { pid } = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
     process.on('SIGTERM', () => {}); console.log(pid); ${ready}`,
    { stopTimeoutMs: 100 },
  )
  await child.start()
  await vi.waitFor(() => expect(lines).toHaveLength(1))
  await child.stop()
  await vi.waitFor(() => expect(isAlive(Number(lines[0]))).toBe(false))
})

it('can be stopped while it starts and while it waits to start again', async () => {
  const starting = aProcess('setInterval(() => {}, 1000)').child
  const outcome = starting.start().catch((error: Error) => error.message)
  await vi.waitFor(() => expect(starting.pid).toBeDefined())
  await starting.stop()
  expect(await outcome).toMatch(/was ended by SIGTERM before it was ready/)

  const { child, reports } = aProcess(`${ready} setTimeout(() => process.exit(1), 20)`, { firstPauseMs: 3_600_000 })
  await child.start()
  await vi.waitFor(() => expect(reports).toHaveLength(1))
  await child.stop()
})

it('does not outlive a launcher that was killed', async () => {
  const file = join(directory, 'pid')
  const launcher = `
    import { ManagedProcess } from ${JSON.stringify(join(process.cwd(), 'config/local/processes.ts'))}
    import { writeFileSync } from 'node:fs'
    const child = new ManagedProcess({ name: 'child', command: [process.execPath, '-e', ${JSON.stringify(ready)}],
      readiness: 'message', output: () => {} }, () => {})
    await child.start()
    writeFileSync(${JSON.stringify(file)}, String(child.pid))
    process.kill(process.pid, 'SIGKILL')`
  await run([process.execPath, '--input-type=module-typescript', '-e', launcher])
  const pid = Number(readFileSync(file, 'utf8'))
  expect(pid).toBeGreaterThan(0)
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5000)
})

it('returns what a command printed, and whether it succeeded', async () => {
  expect(await run(['sh', '-c', 'echo one; echo two >&2'])).toEqual({ isOk: true, text: 'one\ntwo' })
  expect(await run(['sh', '-c', 'exit 4'])).toMatchObject({ isOk: false })
})

/** A zombie is dead: nobody has asked for its exit code yet. */
function isAlive(pid: number | undefined): boolean {
  if (!pid || !existsSync(`/proc/${pid}/stat`)) return false
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
