import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { AccountJson, RegisterBody, SignedInJson } from '../server/accounts/contract.ts'
import { ApiError, forgetCsrfToken, get, hasSession, send } from './api.ts'
import { device } from './notices/device.ts'
import { pauseAfter } from './poll-pause.ts'

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
    keepAsking()
  }

  hostDisconnected(): void {
    changes.removeEventListener('change', this.#onChange)
  }

  readonly #onChange = (): void => this.#host.requestUpdate()
}

let isWaiting = false

/** Until the server answers: a page that was loaded in a dead spot is nobody's for no longer than that lasts. */
function keepAsking(failures = 0): void {
  if (isWaiting) return
  loadViewer().catch(() => {
    if (isWaiting) return
    isWaiting = true
    const again = () => {
      clearTimeout(timer)
      removeEventListener('online', again)
      isWaiting = false
      keepAsking(failures + 1)
    }
    const timer = setTimeout(again, pauseAfter(failures + 1, 1000, Math.random()))
    addEventListener('online', again)
  })
}

/**
 * Asks once; later calls share the answer.
 *
 * @throws {ApiError} when the server cannot be asked
 */
export async function loadViewer(): Promise<Viewer> {
  if (viewer !== undefined) return viewer
  asking ??= askViewer()
    .then(become)
    .finally(() => {
      asking = null
    })
  return asking
}

/** The token's answer tells visitors from members; asking for a visitor's account would be refused, in red, in the console. */
async function askViewer(): Promise<Viewer> {
  if (!(await hasSession())) return null
  return get<AccountJson>('/api/auth/me/').catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  })
}

/** @throws {ApiError} */
export async function signIn(email: string, password: string): Promise<void> {
  const { user } = await send<SignedInJson>('POST', '/api/auth/login/', { email, password, session: true })
  forgetCsrfToken()
  become(user)
}

/** @throws {ApiError} */
export async function signUp(fields: RegisterBody): Promise<void> {
  await send('POST', '/api/auth/register/', fields)
}

/**
 * Every other sign-in of the account ends; here a new one begins.
 *
 * @throws {ApiError}
 */
export async function changePassword(current: string, next: string): Promise<void> {
  const body = { current_password: current, new_password: next }
  const { user } = await send<SignedInJson>('POST', '/api/auth/change-password/', body)
  forgetCsrfToken()
  become(user)
}

/**
 * After the account was changed.
 *
 * @throws {ApiError}
 */
export async function reloadViewer(): Promise<void> {
  become(await get<AccountJson>('/api/auth/me/'))
}

/** @throws {ApiError} */
export async function signOut(): Promise<void> {
  await device.leave()
  await send('POST', '/api/auth/logout/', {})
  forgetViewer()
}

/** The server has ended the session by itself, as after a new password. */
export function forgetViewer(): void {
  forgetCsrfToken()
  become(null)
}

function become(next: Viewer): Viewer {
  viewer = next
  changes.dispatchEvent(new Event('change'))
  return next
}
