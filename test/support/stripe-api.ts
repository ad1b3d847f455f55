import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** One request as Stripe would have read it. */
export interface StripeCall {
  method: string
  path: string
  /** Of the form, by its bracketed names. */
  form: Record<string, string>
  idempotencyKey: string | null
  authorization: string
  contentType: string
}

export interface StripeApi extends AsyncDisposable {
  host: string
  port: number
  protocol: 'http'
  calls: StripeCall[]
  /** Checkout sessions by id, as `GET` answers them. */
  sessions: Map<string, Record<string, unknown>>
  /** Status of the next refunds. */
  refundStatus: string
  /** Answers this once instead of anything else. */
  failNext: number | null
}

/** Stands for api.stripe.com: remembers what it is sent, and answers a repeated Idempotency-Key as it did before. */
export async function startStripeApi(): Promise<StripeApi> {
  const answered = new Map<string, object>()
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    const form = Object.fromEntries(new URLSearchParams(await text(request)))
    const idempotencyKey = String(request.headers['idempotency-key'] ?? '') || null
    api.calls.push({
      ...{ method: request.method ?? '', path, form, idempotencyKey },
      authorization: String(request.headers.authorization),
      contentType: String(request.headers['content-type'] ?? ''),
    })
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (api.failNext !== null) {
      const status = api.failNext
      api.failNext = null
      return answer(status, { error: { type: 'api_error', message: 'no' } })
    }
    const known = idempotencyKey && answered.get(idempotencyKey)
    if (known) return answer(200, known)
    const body = respond(request.method ?? '', path, form)
    if (!body) return answer(404, { error: { type: 'invalid_request_error', message: 'No such thing' } })
    if (idempotencyKey) answered.set(idempotencyKey, body)
    return answer(200, body)
  })
  let made = 0
  const respond = (method: string, path: string, form: Record<string, string>): Record<string, unknown> | null => {
    if (method === 'POST' && path === '/v1/checkout/sessions') {
      const id = `cs_test_${++made}`
      const session = {
        ...{ id, object: 'checkout.session', status: 'open', payment_status: 'unpaid', payment_intent: null },
        ...{ url: `https://checkout.stripe.com/c/pay/${id}`, client_reference_id: form.client_reference_id },
        amount_total: Number(form['line_items[0][price_data][unit_amount]']),
        currency: form['line_items[0][price_data][currency]'],
        payment_method_types: ['card'],
        metadata: { transaction_id: form['metadata[transaction_id]'] },
      }
      api.sessions.set(id, session)
      return session
    }
    if (method === 'GET' && path.startsWith('/v1/checkout/sessions/')) {
      return api.sessions.get(path.split('/').at(-1) ?? '') ?? null
    }
    if (method === 'POST' && path === '/v1/refunds') {
      return { id: `re_${++made}`, object: 'refund', status: api.refundStatus, amount: Number(form.amount) }
    }
    return null
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const api: StripeApi = {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    protocol: 'http',
    calls: [],
    sessions: new Map(),
    refundStatus: 'succeeded',
    failNext: null,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return api
}
