import { ApiError } from '../api.ts'

/** What shows that something is being done, and why it was refused. */
interface Attempting {
  error: ApiError | null
  isBusy: boolean
}

/**
 * Does what its visitor asked of an element: `isBusy` meanwhile, and what the API refused is its `error` afterwards. Anything
 * else that is thrown is a mistake of ours, and goes on.
 *
 * @returns whether it was done
 */
export async function attempt(element: Attempting, act: () => Promise<unknown>): Promise<boolean> {
  element.error = null
  element.isBusy = true
  try {
    await act()
    return true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    element.error = error
    return false
  } finally {
    element.isBusy = false
  }
}
