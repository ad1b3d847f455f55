import type { Config } from '../../config/config.ts'
import type { Orm } from '../db/orm.ts'
import { type PaymentProvider, PaymentProviders } from './provider.ts'
import { SandboxProvider } from './sandbox.ts'
import { StripeProvider } from './stripe.ts'

/** @param given instead of what the configuration names */
export function openProviders(config: Config, orm: Orm, given?: readonly PaymentProvider[]): PaymentProviders {
  if (given) return new PaymentProviders(given)
  const { payments, secrets, publicUrl, apiUrl } = config
  return new PaymentProviders([
    ...(payments.stripe ? [new StripeProvider(payments.stripe)] : []),
    ...(payments.isSandbox ? [new SandboxProvider({ orm, secret: secrets.token, publicUrl, apiUrl })] : []),
  ])
}
