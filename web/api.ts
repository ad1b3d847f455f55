import type { CsrfJson } from '../server/accounts/contract.ts'
import { serverClock } from './server-clock.ts'

/** An answer that is no success, or no answer at all (`code` `network`). `message` is fit for the visitor. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0 when the server was not reached. */
  readonly status: number
  readonly code: string
  /** Of a refused form: field → sentences. */
  readonly fields: Readonly<Record<string, string[]>>
  /** Of a refused file: its first wrong line, from 1. */
  readonly line: number | null

  constructor(
    message: string,
    status: number,
    code: string,
    { fields = {}, line = null }: { fields?: Record<string, string[]>; line?: number | null } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.fields = fields
    this.line = line
  }
}

/** A page of a list, as every list of the API comes. */
export interface Page<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}

/** What the server said about a path, and the tag that asks "has it changed?". */
export interface Tagged<T> {
  value: T
  etag: string | null
}

declare global {
  interface Window {
    /** What early.js asked for before any of our modules ran. */
    ustatEarly?: { path: string; answer: Promise<Response> }
  }
}

const primed = new Map<string, Promise<Response>>()
if (window.ustatEarly) primed.set(window.ustatEarly.path, window.ustatEarly.answer)
let csrfToken: string | null = null

/**
 * Asks for a path before anybody needs it, while the page's own code still loads. The next `getTagged` of the same
 * path takes this answer.
 */
export function prime(path: string): void {
  if (primed.has(path)) return
  const answer = request(path, { headers: headers() })
  answer.catch(() => undefined)
  primed.set(path, answer)
}

/** @throws {ApiError} */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { headers: headers(), signal: signal ?? null })
  return (await body(response)) as T
}

/**
 * Null when nothing changed since `etag`.
 *
 * @throws {ApiError}
 */
export async function getTagged<T>(path: string, etag: string | null, signal?: AbortSignal): Promise<Tagged<T> | null> {
  const early = primed.get(path)
  primed.delete(path)
  const response =
    (await early?.catch(() => undefined)) ??
    (await request(path, {
      headers: headers(etag ? { 'If-None-Match': etag } : {}),
      // The browser's own cache would hide the 304 and hand out the old body.
      cache: 'no-store',
      signal: signal ?? null,
    }))
  if (response.status === 304) return null
  return { value: (await body(response)) as T, etag: response.headers.get('etag') }
}

/**
 * Writes with the session's CSRF token. A token that the server no longer knows (another tab signed in) is fetched
 * anew, once.
 *
 * @param data a form or a file goes out as it is, anything else as JSON
 * @throws {ApiError}
 */
export async function send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, data?: unknown): Promise<T> {
  const isRaw = data instanceof FormData || data instanceof Blob
  for (let attempt = 0; ; attempt += 1) {
    csrfToken ??= await fetchCsrfToken()
    const response = await request(path, {
      method,
      headers: headers({
        ...(csrfToken ? { 'X-CSRF-Token': csrfToken } : {}),
        ...(data === undefined || isRaw ? {} : { 'Content-Type': 'application/json' }),
      }),
      body: data === undefined ? null : isRaw ? data : JSON.stringify(data),
    })
    try {
      return (await body(response)) as T
    } catch (error) {
      if (attempt > 0 || !(error instanceof ApiError) || !error.code.startsWith('csrf')) throw error
      csrfToken = null
    }
  }
}

/**
 * For requests that something else sends, as an upload: what proves that they are ours. Empty when nobody is signed in.
 *
 * @param isStale the last one was refused
 * @throws {ApiError}
 */
export async function csrfHeaders({ isStale = false } = {}): Promise<Record<string, string>> {
  if (isStale) csrfToken = null
  csrfToken ??= await fetchCsrfToken()
  return csrfToken ? { 'X-CSRF-Token': csrfToken } : {}
}

/** While the page is being left: goes out though nobody waits for the answer. Without a token nothing was sent before. */
export function sendLast(path: string, data: unknown): void {
  if (!csrfToken) return
  const body = JSON.stringify(data)
  const init = { method: 'POST', keepalive: true, body }
  void request(path, {
    ...init,
    headers: headers({ 'X-CSRF-Token': csrfToken, 'Content-Type': 'application/json' }),
  }).catch(() => undefined)
}

/**
 * Whether this browser is signed in, as far as its cookie goes.
 *
 * @throws {ApiError}
 */
export async function hasSession(): Promise<boolean> {
  csrfToken = await fetchCsrfToken()
  return csrfToken !== null
}

async function fetchCsrfToken(): Promise<string | null> {
  return (await get<CsrfJson>('/api/auth/csrf/')).csrf_token
}

/** The session changed hands: its token is no longer ours. */
export function forgetCsrfToken(): void {
  csrfToken = null
}

function headers(extra: Record<string, string> = {}): Record<string, string> {
  return { Accept: 'application/json', 'Accept-Language': document.documentElement.lang || 'en', ...extra }
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const askedAtMs = Date.now()
  try {
    const response = await fetch(path, { credentials: 'same-origin', ...init })
    serverClock.observe(response.headers.get('date'), askedAtMs, Date.now())
    return response
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('', 0, 'network')
  }
}

async function body(response: Response): Promise<unknown> {
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  const data: unknown = isJson ? await response.json().catch(() => null) : null
  if (response.ok) return data
  const { detail, code, ...rest } = (data ?? {}) as Record<string, unknown>
  const fields = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string[]] => Array.isArray(entry[1])),
  )
  throw new ApiError(
    typeof detail === 'string' ? detail : (Object.values(fields)[0]?.[0] ?? ''),
    response.status,
    typeof code === 'string' ? code : response.status >= 500 ? 'unavailable' : 'unknown',
    { fields, line: typeof rest.line === 'number' ? rest.line : null },
  )
}
