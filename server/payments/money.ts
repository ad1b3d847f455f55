import Big from 'big.js'

/** https://docs.stripe.com/currencies: charged without a fraction. */
const zeroDecimal = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
/** Have no fraction any more, but are still told in hundredths. */
const hundredfold = new Set(['ISK', 'UGX'])
const threeDecimal = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND'])

/** What Stripe refuses to charge less than; of other currencies only that it is something. */
const minimums: Record<string, string> = {
  ...{ USD: '0.50', EUR: '0.50', GBP: '0.30', CHF: '0.50', CAD: '0.50', AUD: '0.50', NZD: '0.50', SGD: '0.50' },
  ...{ AED: '2.00', BRL: '0.50', BGN: '1.00', CZK: '15.00', DKK: '2.50', HKD: '4.00', HUF: '175.00', INR: '0.50' },
  ...{ JPY: '50', MXN: '10.00', MYR: '2.00', NOK: '3.00', PLN: '2.00', RON: '2.00', SEK: '3.00', THB: '10.00' },
}

/** Digits behind the point that an amount may have; our columns keep two. */
function digits(currency: string): number {
  return zeroDecimal.has(currency) || hundredfold.has(currency) ? 0 : 2
}

function factor(currency: string): number {
  if (zeroDecimal.has(currency)) return 1
  return threeDecimal.has(currency) ? 1000 : 100
}

/** Rounded half up to what can be paid, in the two decimals of our columns. */
export function rounded(amount: Big.BigSource, currency: string): string {
  return new Big(amount).round(digits(currency), Big.roundHalfUp).toFixed(2)
}

/** In the smallest unit, as providers count. */
export function toMinor(amount: string, currency: string): number {
  return new Big(rounded(amount, currency)).times(factor(currency)).toNumber()
}

export function fromMinor(minor: number, currency: string): string {
  return new Big(minor).div(factor(currency)).toFixed(2)
}

/** The least that can be charged; null when this much can be. */
export function minimumAbove(amount: string, currency: string): string | null {
  const minimum = minimums[currency]
  return minimum !== undefined && new Big(amount).lt(minimum) ? new Big(minimum).toFixed(2) : null
}

/** A price less a percentage or an amount, never below nothing. */
export function discounted(
  price: string,
  currency: string,
  { percent, amount }: { percent?: number | null; amount?: string | null },
): string {
  const off = percent ? new Big(price).times(percent).div(100) : new Big(amount ?? 0)
  const left = new Big(price).minus(rounded(off, currency))
  return rounded(left.lt(0) ? 0 : left, currency)
}

export function isNothing(amount: string): boolean {
  return new Big(amount).eq(0)
}
