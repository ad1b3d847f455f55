import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from './clock.ts'

const run = promisify(execFile)

export interface NetworkOptions {
  /** Added on the way to the viewer. */
  delayMs: number
  /** Of the packets on the way to the viewer, picked at random. */
  lossPercent: number
}

/** A network of its own for a browser, joined to this one by a line that is slow and loses packets. */
export interface Namespace extends AsyncDisposable {
  /** This machine's address as the browser has it. */
  readonly hostAddress: string
  /** Starts Chromium in there, with the arguments that it is given. */
  readonly browserPath: string
  /** What went to the viewer until now. */
  packets(): { sent: number; lost: number }
}

/**
 * The line is a tunnel whose packets pass through this process, which holds each for as long as it should take and
 * drops some: netem does the same, but many kernels come without it.
 *
 *   product ── tun ──socat──▶ UDP ──here: delay, loss──▶ UDP ──socat── tun ── browser (in a namespace)
 *
 * @throws in one sentence when the machine has no root, ip or socat
 */
export async function openNamespace(options: NetworkOptions): Promise<Namespace> {
  if (!existsSync('/usr/sbin/ip')) throw new Error('ip is missing: apt-get install iproute2')
  if (!existsSync('/usr/bin/socat')) throw new Error('socat is missing: apt-get install socat')
  if (process.getuid?.() !== 0) throw new Error('a network of its own needs root: run this scenario with sudo')
  const id = process.pid % 10_000
  const [name, here, there] = [`ustat${id}`, `us${id}a`, `us${id}b`]
  // A /30 of the range that RFC 2544 sets aside for benchmarks.
  const [hostAddress, viewerAddress] = [`198.18.${id % 250}.1`, `198.18.${id % 250}.2`]
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'ustat-bench-network-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const browserPath = join(directory, 'chromium')
  await writeFile(browserPath, `#!/bin/sh\nexec ip netns exec ${name} /usr/bin/chromium "$@"\n`, { mode: 0o755 })

  await run('ip', ['netns', 'add', name])
  stack.defer(async () => {
    await run('ip', ['netns', 'del', name])
  })
  const near = stack.use(await openTunnel(here))
  const far = stack.use(await openTunnel(there))
  const inside = ['netns', 'exec', name, 'ip']
  await run('ip', ['link', 'set', there, 'netns', name])
  await run('ip', ['address', 'add', hostAddress, 'peer', viewerAddress, 'dev', here])
  await run('ip', ['link', 'set', here, 'up'])
  await run('ip', [...inside, 'address', 'add', viewerAddress, 'peer', hostAddress, 'dev', there])
  await run('ip', [...inside, 'link', 'set', there, 'up'])
  await run('ip', [...inside, 'link', 'set', 'lo', 'up'])

  const count = { sent: 0, lost: 0 }
  near.socket.on('message', (packet) => {
    count.sent++
    if (Math.random() * 100 < options.lossPercent) count.lost++
    else setTimeout(() => far.send(packet), options.delayMs)
  })
  far.socket.on('message', (packet) => near.send(packet))
  const kept = stack.move()
  return { hostAddress, browserPath, packets: () => count, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

interface Tunnel extends AsyncDisposable {
  /** Receives what the system sends through the tunnel. */
  readonly socket: Socket
  /** Has the system receive a packet from it. */
  send(packet: Uint8Array): void
}

/** A network interface whose packets come out as datagrams; only socat can make one without native code. */
async function openTunnel(name: string): Promise<Tunnel> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const theirPort = await freeUdpPort()
  const socat = spawn(
    'socat',
    [
      `TUN,tun-name=${name},tun-type=tun,iff-no-pi`,
      `UDP4:127.0.0.1:${socket.address().port},bind=127.0.0.1:${theirPort}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const dispose = async () => {
    await stop(socat)
    socket.close()
  }
  try {
    await until('a tunnel', async () => {
      if (socat.exitCode !== null) throw new Error(`socat ends with ${socat.exitCode}`)
      return existsSync(`/sys/class/net/${name}`)
    })
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    socket,
    // A packet that waits when the line is taken down has nowhere to go.
    send: (packet) => socat.exitCode === null && !socat.killed && socket.send(packet, theirPort, '127.0.0.1'),
    [Symbol.asyncDispose]: dispose,
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
