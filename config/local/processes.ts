import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

/** How one process is started, seen to be ready, and stopped. Durations are milliseconds. */
export interface ProcessSpec {
  name: string
  /** The program and its arguments. */
  command: readonly [string, ...string[]]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** `message`: it sends `ready` to its parent. Otherwise asked every 25 ms until it answers true. */
  readiness: 'message' | (() => Promise<boolean>)
  /** Where its lines go: a file, appended to, or a function. */
  output: { file: string } | ((line: string) => void)
  /** The unix socket it serves on: what a dead one left there is removed before each start. */
  socket?: string
  /** More of setpriv's arguments, such as the user it runs as. */
  privileges?: readonly string[]
  stopSignal?: NodeJS.Signals
  startTimeoutMs?: number
  /** Past it the process and its children are killed. */
  stopTimeoutMs?: number
  /** The pause before the first restart; it doubles with each death in a row, up to 40 times this. */
  firstPauseMs?: number
}

export class ProcessError extends Error {
  override readonly name = 'ProcessError'
}

/** So long without a death, and the next pause is the first one again. */
const STEADY_MS = 10_000

/**
 * One child process: started until it is ready, started again when it dies, stopped for good.
 *
 *   idle ──▶ starting ──▶ running ──▶ stopped
 *               ▲  └──────────┼───────▲
 *               └─── pausing ◀┘ died  │
 *                       └─────────────┘
 *
 * It has a process group of its own, so that a terminal's Ctrl-C reaches only the launcher, which drains in order; and
 * it is told to stop when a launcher that was killed leaves it behind (`setpriv --pdeathsig`).
 */
export class ManagedProcess implements AsyncDisposable {
  readonly name: string
  readonly #spec: ProcessSpec
  readonly #report: (line: string) => void
  readonly #stop = new AbortController()
  #child: ChildProcess | null = null
  #gone: Promise<string> = Promise.resolve('never started')
  #revival: Promise<void> = Promise.resolve()
  #deathsInARow = 0

  /** @param report told in one sentence of each death and restart */
  constructor(spec: ProcessSpec, report: (line: string) => void) {
    this.name = spec.name
    this.#spec = spec
    this.#report = report
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /**
   * Resolves once it is ready; from then on it is kept alive.
   *
   * @throws {ProcessError} it died or was not ready in time; nothing of it is left running
   */
  async start(): Promise<void> {
    await this.#launch()
    this.#keepAlive()
  }

  /** Asks it to stop, and kills it when it takes too long. May be called at any moment, also while it starts. */
  async stop(): Promise<void> {
    this.#stop.abort()
    const child = this.#child
    if (child && isAlive(child)) {
      child.kill(this.#spec.stopSignal ?? 'SIGTERM')
      const timer = setTimeout(() => killGroup(child), this.#spec.stopTimeoutMs ?? 10_000)
      await this.#gone
      clearTimeout(timer)
    }
    await this.#revival
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #launch(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    const { name, startTimeoutMs = 30_000 } = this.#spec
    const child = this.#spawn()
    const gone = whenGone(child)
    this.#child = child
    this.#gone = gone
    const settled = new AbortController()
    const failure = await Promise.race([
      this.#whenReady(child, settled.signal).then(() => null),
      gone,
      pause(startTimeoutMs, `was not ready after ${startTimeoutMs / 1000} s`, { signal: settled.signal }),
    ]).finally(() => settled.abort())
    if (failure === null) return
    killGroup(child)
    await gone
    throw new ProcessError(`${name} ${failure} before it was ready.${this.#lastLines()}`)
  }

  #spawn(): ChildProcess {
    const {
      command,
      env = process.env,
      cwd,
      output,
      socket,
      privileges = [],
      readiness,
      stopSignal = 'SIGTERM',
    } = this.#spec
    if (socket) rmSync(socket, { force: true })
    const file = 'file' in output ? openSync(output.file, 'a', 0o600) : null
    const [program, ...args] = boundToUs(command, stopSignal, privileges)
    const child = spawn(program, args, {
      env,
      cwd,
      detached: true,
      stdio: ['ignore', file ?? 'pipe', file ?? 'pipe', ...(readiness === 'message' ? (['ipc'] as const) : [])],
    })
    if (file !== null) closeSync(file)
    if (!('file' in output)) {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', output)
      }
    }
    return child
  }

  async #whenReady(child: ChildProcess, settled: AbortSignal): Promise<void> {
    const { readiness } = this.#spec
    if (readiness === 'message') {
      await new Promise<void>((resolve) => {
        child.on('message', (message) => message === 'ready' && resolve())
      })
      return
    }
    while (!(await readiness())) await pause(25, undefined, { signal: settled })
  }

  #keepAlive(): void {
    const readyAt = performance.now()
    void this.#gone.then((how) => {
      if (this.#stop.signal.aborted) return
      if (this.#child) killGroup(this.#child) // what it had started itself
      if (performance.now() - readyAt > STEADY_MS) this.#deathsInARow = 0
      this.#revival = this.#revive(how)
    })
  }

  async #revive(how: string): Promise<void> {
    const { name, firstPauseMs = 250 } = this.#spec
    let reason = `${name} ${how}`
    while (!this.#stop.signal.aborted) {
      const pauseMs = firstPauseMs * Math.min(2 ** this.#deathsInARow++, 40)
      this.#report(`${reason}; starting it again in ${pauseMs / 1000} s`)
      try {
        await pause(pauseMs, undefined, { signal: this.#stop.signal })
        await this.#launch()
        this.#report(`${name} runs again`)
        this.#keepAlive()
        return
      } catch (error) {
        if (error instanceof ProcessError) reason = error.message
      }
    }
  }

  #lastLines(): string {
    const { output } = this.#spec
    if (!('file' in output) || !existsSync(output.file)) return ''
    const lines = readFileSync(output.file, 'utf8').trimEnd().split('\n').slice(-3)
    return ` ${output.file} ends with: ${lines.join(' / ')}`
  }
}

/** Runs a command to its end and returns what it printed, the last of it when that is long. */
export async function run(
  command: readonly [string, ...string[]],
  { env, cwd, privileges = [] }: Pick<ProcessSpec, 'env' | 'cwd' | 'privileges'> = {},
): Promise<{ isOk: boolean; text: string }> {
  const [program, ...args] = boundToUs(command, 'SIGTERM', privileges)
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-20_000)
    })
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      text += error.message
      resolve(null)
    })
    child.once('close', resolve)
  })
  return { isOk: code === 0, text: text.trim() }
}

/** The command, told to stop by the kernel when this process is gone, whatever ended it. */
function boundToUs(
  command: readonly [string, ...string[]],
  signal: NodeJS.Signals,
  privileges: readonly string[],
): readonly [string, ...string[]] {
  if (process.platform !== 'linux') return command
  return ['setpriv', '--pdeathsig', signal.replace('SIG', ''), ...privileges, '--', ...command]
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function whenGone(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `stopped with code ${code}`))
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}
