import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { expect } from 'vitest'
import type { User } from '../../server/accounts/user.ts'
import { Course } from '../../server/courses/course.ts'
import { newId } from '../../server/db/base.ts'
import { Payment } from '../../server/payments/payment.ts'
import type { Happening } from '../../server/payments/provider.ts'
import { Revenue } from '../../server/payments/revenue.ts'
import { SandboxProvider } from '../../server/payments/sandbox.ts'
import { startServer, type TestServer, type TestServerOptions } from './server.ts'

/** A server whose sandbox reaches it, as it does an installation's, over its own socket. */
export async function startShop(options: TestServerOptions = {}): Promise<TestServer> {
  await using stack = new AsyncDisposableStack()
  const socket = join(tmpdir(), `ustat-shop-${newId()}.sock`)
  const server = stack.use(await startServer({ ...options, env: { API_URL: `unix:${socket}`, ...options.env } }))
  const [handle] = server.server.listeners('request')
  const front = createServer(handle as RequestListener)
  await new Promise<void>((resolve) => front.listen(socket, resolve))
  stack.defer(() => {
    front.closeAllConnections()
    return new Promise<void>((resolve) => front.close(() => resolve()))
  })
  const owned = stack.move()
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Somebody whose address is confirmed, so that they may enroll. */
export async function aBuyer(server: TestServer, role: User['role'] = 'student'): Promise<User> {
  const user = await server.register(role)
  const em = server.context.orm.em.fork()
  await em.execute('update users set is_verified = true where id = ?', [user.id])
  return Object.assign(user, { isVerified: true })
}

export function sandboxOf(server: TestServer): SandboxProvider {
  const sandbox = server.context.payments.find('sandbox')
  if (!(sandbox instanceof SandboxProvider)) throw new Error('there is no sandbox')
  return sandbox
}

/** Begins to buy; the payment as it stands. */
export async function aCheckout(server: TestServer, user: User, course: Course, body: object = {}): Promise<Payment> {
  const agent = await server.signIn(user)
  const answer = await agent.post('/api/payments/checkout/').send({ course: course.id, ...body })
  expect(answer.body).toMatchObject({ status: 'payment_required' })
  return paymentOf(server, answer.body.payment_id)
}

export async function paymentOf(server: TestServer, id: string): Promise<Payment> {
  return server.context.orm.em.fork().findOneOrFail(Payment, { id })
}

/** What the sandbox says of it. */
export function paid(payment: Payment, differences: Partial<Extract<Happening, { kind: 'paid' }>> = {}): Happening {
  return {
    kind: 'paid',
    transactionId: payment.transactionId,
    providerPaymentId: `pi_${payment.providerSessionId}`,
    sessionId: payment.providerSessionId ?? '',
    amount: Math.round(Number(payment.amount) * 100),
    currency: payment.currency,
    method: 'sandbox',
    ...differences,
  }
}

export function refunded(payment: Payment, id: string, amount: number): Happening {
  const { transactionId } = payment
  return {
    kind: 'refunded',
    transactionId,
    providerPaymentId: `pi_${payment.providerSessionId}`,
    refund: { id, amount },
  }
}

/** A signed webhook of the sandbox. */
export function webhook(server: TestServer, happening: Happening, id = `evt_${newId()}`): request.Test {
  const body = JSON.stringify({ id, type: `session.${happening.kind}`, happening })
  return request(server.server)
    .post('/api/payments/webhooks/sandbox/')
    .set('content-type', 'application/json')
    .set('x-sandbox-signature', sandboxOf(server).sign(body))
    .send(body)
}

/** Bought and paid. */
export async function aPurchase(server: TestServer, user: User, course: Course): Promise<Payment> {
  const payment = await aCheckout(server, user, course)
  await sandboxOf(server).decide(payment.providerSessionId ?? '', 'paid')
  await webhook(server, paid(payment)).expect(200)
  return paymentOf(server, payment.id)
}

/** Somebody's place in a course and what the course counts. */
export async function placeOf(server: TestServer, user: User, course: Course) {
  const em = server.context.orm.em.fork()
  const rows = await em.execute<{ status: string; source: string; payment_id: string | null }[]>(
    'select status, source, payment_id from enrollment where user_id = ? and course_id = ?',
    [user.id, course.id],
  )
  const { studentsCount } = await em.findOneOrFail(Course, { id: course.id })
  return { rows: rows.length, studentsCount, ...rows[0] }
}

/** The books of a payment, as `sale 100.00`. */
export async function ledgerOf(server: TestServer, payment: Payment): Promise<string[]> {
  const lines = await server.context.orm.em.fork().find(Revenue, { payment: payment.id }, { orderBy: { id: 'asc' } })
  return lines.map(({ transactionType, amount }) => `${transactionType} ${amount}`)
}
