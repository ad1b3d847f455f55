import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ranks } from '../../../server/chat/protocol.ts'
import type { HubProcessOptions } from './hub-process.ts'

/** Everything that a test of dead nodes waits for, in a fifth of the time. */
export const quick = { leaseMs: 2000, beatMs: 600, sweepMs: 200, lingerMs: 800 }

/** A hub that can be killed, stopped and measured. */
export interface HubProcess extends AsyncDisposable {
  url: string
  signal(name: NodeJS.Signals): void
  /** Resolves with its exit code; null when a signal ended it. */
  exit: Promise<number | null>
  metric(name: string): Promise<number>
}

export async function aHubProcess(redisUrl: string, options: Partial<HubProcessOptions> = {}): Promise<HubProcess> {
  const script = fileURLToPath(new URL('hub-process.ts', import.meta.url))
  const told = JSON.stringify({ redisUrl, usualRank: ranks.moderator, timing: quick, ...options })
  const child: ChildProcess = spawn(process.execPath, [script, told], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  const [address] = (await Promise.race([
    once(child, 'message'),
    exit.then((code) => Promise.reject(new Error(`a hub ended with ${code}`))),
  ])) as [string]
  return {
    url: `ws://${address}/ws`,
    signal: (name) => void child.kill(name),
    exit,
    async metric(name) {
      const text = await metricsAt(address)
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function metricsAt(address: string): Promise<string> {
  const [host, port] = address.split(':')
  const at = address.startsWith('/') ? { socketPath: address } : { host, port }
  const [answer] = await once(request({ ...at, path: '/metrics' }).end(), 'response')
  return textOf(answer)
}
