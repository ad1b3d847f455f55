import type { Context } from '../context.ts'
import { SandboxProvider } from './sandbox.ts'

/** What could not be told at once; fails, and is tried again, until our own api takes it. */
export async function deliverSandboxWebhook({ payments }: Pick<Context, 'payments'>, sessionId: string): Promise<void> {
  const sandbox = payments.find('sandbox')
  if (!(sandbox instanceof SandboxProvider)) return
  const session = await sandbox.find(sessionId)
  const event = session && sandbox.eventOf(session)
  if (event) await sandbox.deliver(event)
}
