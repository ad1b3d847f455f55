import type { Settings } from '../admin/settings.ts'
import type { Payment } from './payment.ts'

const DAY_MS = 86_400_000

/** How long buyers can take their money back by themselves; null for never, as it is until an admin sets `refund_days`. */
export function refundableUntil({ completedAt }: Payment, settings: Settings): Date | null {
  const days = settings.get('refund_days')
  return completedAt && days > 0 ? new Date(completedAt.getTime() + days * DAY_MS) : null
}
