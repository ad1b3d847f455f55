export type { RedisClient } from '../media/storage/revocations.ts'

/** What Redis answers, or `otherwise` when it cannot: for reads that PostgreSQL can make up for. */
export async function orElse<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer
  } catch {
    return otherwise
  }
}
