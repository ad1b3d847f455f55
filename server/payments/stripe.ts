import type { IncomingHttpHeaders } from 'node:http'
import Stripe from 'stripe'
import { DomainError } from '../errors.ts'
import type {
  Checkout,
  Happening,
  OpenedCheckout,
  PaymentProvider,
  ProviderEvent,
  RefundAnswer,
  RefundRequest,
} from './provider.ts'

export interface StripeOptions {
  secretKey: string
  webhookSecret: string
  /** Instead of api.stripe.com. */
  api?: { host: string; port: number; protocol: 'http' | 'https' }
}

const TIMEOUT_MS = 15_000

/** Stripe Checkout: the learner pays on a page of Stripe's, so no card number ever comes near us. */
export class StripeProvider implements PaymentProvider {
  readonly name = 'stripe'
  readonly #stripe: Stripe
  readonly #webhookSecret: string

  constructor({ secretKey, webhookSecret, api }: StripeOptions) {
    this.#stripe = new Stripe(secretKey, { ...api, timeout: TIMEOUT_MS, maxNetworkRetries: 2, telemetry: false })
    this.#webhookSecret = webhookSecret
  }

  async createCheckout(checkout: Checkout): Promise<OpenedCheckout> {
    const { transactionId, currency, amount, title } = checkout
    // The charge and what is refunded of it know it too, so what is told of them first finds its payment.
    const metadata = { transaction_id: transactionId }
    const session = await this.#stripe.checkout.sessions.create(
      {
        mode: 'payment',
        client_reference_id: transactionId,
        customer_email: checkout.email,
        locale: checkout.language,
        line_items: [
          {
            quantity: 1,
            price_data: { currency: currency.toLowerCase(), unit_amount: amount, product_data: { name: title } },
          },
        ],
        success_url: checkout.returnUrl,
        cancel_url: checkout.returnUrl,
        expires_at: Math.floor(checkout.expiresAt.getTime() / 1000),
        metadata,
        payment_intent_data: { metadata },
      },
      { idempotencyKey: transactionId },
    )
    if (!session.url) throw new Error('Stripe opened a session without a page')
    return { sessionId: session.id, url: session.url }
  }

  async retrieve(sessionId: string): Promise<Happening | null> {
    const session = await this.#stripe.checkout.sessions.retrieve(sessionId)
    if (session.status === 'expired') return { kind: 'expired', ...referenceOf(session) }
    return paid(session)
  }

  async refund({ transactionId, providerPaymentId, amount, idempotencyKey }: RefundRequest): Promise<RefundAnswer> {
    const refund = await this.#stripe.refunds.create(
      { payment_intent: providerPaymentId, amount, metadata: { transaction_id: transactionId } },
      { idempotencyKey },
    )
    const status = refund.status === 'succeeded' ? 'succeeded' : refund.status === 'pending' ? 'pending' : 'failed'
    return { refundId: refund.id, status: refund.status === 'requires_action' ? 'pending' : status }
  }

  parseWebhook(rawBody: string, headers: IncomingHttpHeaders): ProviderEvent {
    const event = this.#verified(rawBody, String(headers['stripe-signature'] ?? ''))
    return { id: event.id, type: event.type, happening: happeningOf(event), payload: JSON.parse(rawBody) }
  }

  #verified(rawBody: string, signature: string): Stripe.Event {
    try {
      return this.#stripe.webhooks.constructEvent(rawBody, signature, this.#webhookSecret)
    } catch (cause) {
      throw new DomainError('webhook_refused', {}, { cause })
    }
  }
}

function happeningOf(event: Stripe.Event): Happening | null {
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return paid(event.data.object)
    case 'checkout.session.async_payment_failed':
      return { kind: 'failed', ...referenceOf(event.data.object) }
    case 'checkout.session.expired':
      return { kind: 'expired', ...referenceOf(event.data.object) }
    case 'charge.refunded': {
      const { metadata, payment_intent, amount_refunded } = event.data.object
      return { kind: 'refunded', ...reference(metadata, payment_intent), refund: { total: amount_refunded } }
    }
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed': {
      const { id, status, amount, metadata, payment_intent } = event.data.object
      const which = reference(metadata, payment_intent)
      if (status === 'succeeded') return { kind: 'refunded', ...which, refund: { id, amount } }
      return status === 'failed' || status === 'canceled' ? { kind: 'refund_failed', ...which, refundId: id } : null
    }
    case 'charge.dispute.created': {
      const { id, metadata, payment_intent } = event.data.object
      return { kind: 'disputed', ...reference(metadata, payment_intent), disputeId: id }
    }
    case 'charge.dispute.closed': {
      const { id, status, amount, metadata, payment_intent } = event.data.object
      const isLost = status === 'lost'
      return { kind: 'dispute_closed', ...reference(metadata, payment_intent), disputeId: id, isLost, amount }
    }
    default:
      return null
  }
}

/** A bank transfer completes its session days before its money comes: only `paid` is. */
function paid(session: Stripe.Checkout.Session): Happening | null {
  if (session.payment_status !== 'paid') return null
  return {
    kind: 'paid',
    ...referenceOf(session),
    sessionId: session.id,
    amount: session.amount_total ?? 0,
    currency: (session.currency ?? '').toUpperCase(),
    method: session.payment_method_types?.[0] ?? '',
  }
}

function referenceOf(session: Stripe.Checkout.Session) {
  return reference({ transaction_id: session.client_reference_id ?? '' }, session.payment_intent)
}

function reference(
  metadata: Stripe.Metadata | null | undefined,
  intent: string | { id: string } | null | undefined,
): { transactionId: string | null; providerPaymentId: string | null } {
  return {
    transactionId: metadata?.transaction_id || null,
    providerPaymentId: (typeof intent === 'string' ? intent : intent?.id) ?? null,
  }
}
