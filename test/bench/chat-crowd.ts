import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { signChatTicket } from '../../server/chat/ticket.ts'

const SENDERS = 8
const SOURCE = join(import.meta.dirname, 'chat-load/chat-load.c')

/** What the crowd saw; see chat-load.c. */
export interface CrowdReport {
  final: boolean
  seconds: number
  joined: number
  /** As the room's own count says; -1 of a server that has none. */
  viewers: number
  sent: number
  acked: number
  /** While it was sending; what came afterwards is not in it. */
  delivered: number
  bytes: number
  doubled: number
  closes: number
  resets: number
  refused: number
  /** Attempts to connect, and those that were answered with something else than a WebSocket. */
  dials: number
  turnedAway: number
  /** Seconds of the crowd's own processor time, since it began to send. */
  cpu: number
}

export interface CrowdVerdict extends CrowdReport {
  counted: number
  lost: number
  reordered: number
  /** Milliseconds from sent to received. */
  p50: number
  p99: number
  max: number
}

export interface CrowdOptions {
  protocol: 'chat' | 'socketio' | 'plain'
  targets: readonly string[]
  connections: number
  perSecond: number
  seconds: number
  connectsPerSecond?: number
  directory: string
  /** Of the tickets; null: none are shown. */
  secret: string | null
  /** Number of the first viewer's account. */
  firstAccount?: number
  /** Ends it at once, without a verdict. */
  signal?: AbortSignal
  onReport?(report: CrowdReport): void
}

/** Compiles the crowd; once for all rows. */
export function compileCrowd(directory: string): void {
  execFileSync('gcc', ['-O2', '-o', join(directory, 'chat-load'), SOURCE], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Lets a crowd connect, join, send and receive; ends when all that was sent has come to everybody, or 15 s after the last. */
export async function runCrowd(options: CrowdOptions): Promise<CrowdVerdict> {
  const { protocol, targets, connections, perSecond, seconds, directory, secret, firstAccount = 1, onReport } = options
  const tokens = secret ? join(directory, `tokens-${firstAccount}`) : '-'
  if (secret) {
    const sessionEndsAt = Math.floor(Date.now() / 1000) + 7200
    const line = (_: unknown, at: number) => {
      const number = at + firstAccount
      const person = { uid: `u:${number}`, name: `Viewer ${number}`, family: null, sessionEndsAt }
      return `${signChatTicket(person, 'ticket', secret)} ${signChatTicket(person, 'resume', secret)}`
    }
    writeFileSync(tokens, `${Array.from({ length: connections }, line).join('\n')}\n`)
  }
  const numbers = [connections, SENDERS, perSecond, seconds, options.connectsPerSecond ?? 500].map(String)
  const child = spawn(join(directory, 'chat-load'), [protocol, ...numbers, tokens, ...targets], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(options.signal ? { signal: options.signal, killSignal: 'SIGKILL' as const } : {}),
  })
  // Told to end, or not there: it has said nothing then.
  child.on('error', () => {})
  let last: CrowdVerdict | null = null
  for await (const line of createInterface(child.stdout)) {
    const report = JSON.parse(line) as CrowdVerdict
    if (report.final) last = report
    else onReport?.(report)
  }
  if (!last) throw new Error('the crowd ended without a word')
  return last
}
