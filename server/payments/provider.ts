import type { IncomingHttpHeaders } from 'node:http'

/** What a learner is to pay; amounts in the currency's smallest unit. */
export interface Checkout {
  /** Our own id: the provider says it back. Asked twice for the same one, it opens one session. */
  transactionId: string
  title: string
  amount: number
  /** ISO 4217, upper case. */
  currency: string
  email: string
  language: 'ru' | 'en'
  returnUrl: string
  expiresAt: Date
}

export interface OpenedCheckout {
  sessionId: string
  url: string
}

/** Which payment is meant: by our own id, where the provider gave it back, or by its id of the charge. */
export interface Reference {
  transactionId: string | null
  providerPaymentId: string | null
}

/** What happened with the provider, whoever provides. */
export type Happening =
  | (Reference & { kind: 'paid'; sessionId: string; amount: number; currency: string; method: string })
  | (Reference & { kind: 'failed' | 'expired' })
  /** `total` of the whole charge so far, or one refund by its id: either may be told, in any order. */
  | (Reference & { kind: 'refunded'; refund: { id: string; amount: number } | { total: number } })
  | (Reference & { kind: 'refund_failed'; refundId: string })
  | (Reference & { kind: 'disputed'; disputeId: string })
  | (Reference & { kind: 'dispute_closed'; disputeId: string; isLost: boolean; amount: number })

export interface ProviderEvent {
  /** The provider's own: the same one may come again. */
  id: string
  type: string
  /** Null for what does not concern us. */
  happening: Happening | null
  payload: Record<string, unknown>
}

export interface RefundRequest {
  transactionId: string
  providerPaymentId: string
  amount: number
  idempotencyKey: string
}

export interface RefundAnswer {
  refundId: string
  status: 'succeeded' | 'pending' | 'failed'
}

/** Somebody who takes money for us. Every method but `parseWebhook` asks over the network. */
export interface PaymentProvider {
  /** Of the payments it took, and in the address of its webhook. */
  readonly name: string
  createCheckout(checkout: Checkout): Promise<OpenedCheckout>
  /** What has become of a session; null while it is open. */
  retrieve(sessionId: string): Promise<Happening | null>
  refund(request: RefundRequest): Promise<RefundAnswer>
  /**
   * The signature is looked at before anything else.
   *
   * @param rawBody as it came: a signature knows every byte
   * @throws {DomainError} `webhook_refused`
   */
  parseWebhook(rawBody: string, headers: IncomingHttpHeaders): ProviderEvent
}

/** Those that we know; the first takes new payments. */
export class PaymentProviders {
  readonly #known: readonly PaymentProvider[]

  constructor(known: readonly PaymentProvider[]) {
    this.#known = known
  }

  /** Null when nothing can be bought. */
  current(): PaymentProvider | null {
    return this.#known[0] ?? null
  }

  names(): string[] {
    return this.#known.map(({ name }) => name)
  }

  find(name: string): PaymentProvider | null {
    return this.#known.find((provider) => provider.name === name) ?? null
  }
}
