import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { AccountJson, RegisterBody, SignedInJson } from '../server/accounts/contract.ts'
import { ApiError, forgetCsrfToken, get, send } from './api.ts'

type Viewer = AccountJson | null | undefined

const changes = new EventTarget()
let viewer: Viewer
let asking: Promise<Viewer> | null = null

/** Who is signed in: a user, null for nobody, undefined while it is not known yet. Renders its host when that changes. */
export class Session implements ReactiveController {
  readonly #host: ReactiveControllerHost

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  get viewer(): Viewer {
    return viewer
  }

  hostConnected(): void {
    changes.addEventListener('change', this.#onChange)
    void loadViewer().catch(() => undefined)
  }

  hostDisconnected(): void {
    changes.removeEventListener('change', this.#onChange)
  }

  readonly #onChange = (): void => this.#host.requestUpdate()
}

/**
 * Asks once; later calls share the answer.
 *
 * @throws {ApiError} when the server cannot be asked
 */
export async function loadViewer(): Promise<Viewer> {
  if (viewer !== undefined) return viewer
  asking ??= get<AccountJson>('/api/auth/me/')
    .catch((error: unknown) => {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null
      throw error
    })
    .then(become)
    .finally(() => {
      asking = null
    })
  return asking
}

/** @throws {ApiError} */
export async function signIn(email: string, password: string): Promise<void> {
  const { user } = await send<SignedInJson>('POST', '/api/auth/login/', { email, password, session: true })
  become(user)
}

/** @throws {ApiError} */
export async function signUp(fields: RegisterBody): Promise<void> {
  await send('POST', '/api/auth/register/', fields)
}

/** @throws {ApiError} */
export async function signOut(): Promise<void> {
  await send('POST', '/api/auth/logout/', {})
  become(null)
}

function become(next: Viewer): Viewer {
  viewer = next
  forgetCsrfToken()
  changes.dispatchEvent(new Event('change'))
  return next
}
