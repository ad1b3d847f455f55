import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CrowdOrder, CrowdReport } from './origin-viewers.ts'

/** Viewers in a process of their own. */
export class CrowdProcess implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Returns when they are all told to connect and had the time. */
  static async start(order: CrowdOrder): Promise<CrowdProcess> {
    const child = fork(fileURLToPath(new URL('origin-viewers.ts', import.meta.url)), { serialization: 'advanced' })
    child.send(order)
    await once(child, 'message')
    return new CrowdProcess(child)
  }

  /** What was before is forgotten. */
  count(): void {
    this.#child.send('count')
  }

  async stop(): Promise<CrowdReport> {
    this.#child.send('stop')
    const [report] = (await once(this.#child, 'message')) as [CrowdReport]
    return report
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
