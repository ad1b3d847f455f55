import { bodyParser } from '@koa/bodyparser'
import type { Middleware } from 'koa'
import { DomainError } from '../errors.ts'

const LIMIT = '256kb'
/** A zero character, as JSON escapes it; PostgreSQL's text has none. */
const zero = /(?<!\\)(?:\\\\)*\\u0000/
/** A character outside the first plane, as JSON may escape it, and half of one: PostgreSQL's jsonb has no halves. */
const pair = /(?<!\\)((?:\\\\)*)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}/gi
const half = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/i

/** Where a file is the whole body: its route reads it. */
const takesFile = /^\/api\/.+\/(?:thumbnail|avatar|picture|file)\/?$/

/** Where a file of captions is the whole body; no form can send PUT. */
const takesCaptions = /^\/api\/(?:recordings|videos)\/[^/]+\/captions\/[^/]+\/?$/

/** Where a form with files is: its route reads it as it comes. A browser that is signed in sends its CSRF token with it. */
const takesForm =
  /^\/api\/(?:lessons\/\d+\/(?:submissions|file)|courses\/\d+\/thumbnail|profiles\/me\/avatar|channels\/me\/picture|convert)\/?$/

/**
 * JSON and nothing else, but where a file is expected: a form is what another site can send without asking. `__proto__` is a key like any other, which no
 * schema of ours knows.
 *
 * @throws {DomainError} `json_only`, `malformed_json`, `body_too_large`
 */
export function jsonBody(): Middleware {
  const read = bodyParser({
    ...{ enableTypes: ['json'], jsonLimit: LIMIT, jsonStrict: true, onError: refuse },
    // To delete an account takes its password.
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  })
  return async (ctx, next) => {
    if (takesFile.test(ctx.path) && ctx.method !== 'GET' && isFile(ctx.get('content-type'))) return next()
    if (takesCaptions.test(ctx.path) && ctx.method === 'PUT') return next()
    if (ctx.is('application/offset+octet-stream') && ctx.path.startsWith('/api/uploads/')) return next()
    if (takesForm.test(ctx.path) && ctx.method !== 'GET' && ctx.is('multipart/form-data')) return next()
    const hasBody = Number(ctx.get('content-length')) > 0 || ctx.get('transfer-encoding') !== ''
    if (hasBody && !ctx.is('json', '+json')) throw new DomainError('json_only')
    return read(ctx, () => {
      const text = ctx.request.rawBody ?? ''
      if (zero.test(text) || (half.test(text) && half.test(text.replace(pair, '$1')))) {
        throw new DomainError('malformed_json')
      }
      return next()
    })
  }
}

/** A type that a form of another site cannot send. */
function isFile(type: string): boolean {
  return /^(?:image|video|audio|application)\//.test(type) && !/^application\/(?:json|x-www-form-urlencoded)/.test(type)
}

/** Without the parser's own error: it carries the body, and so perhaps a password, into a log. */
function refuse(error: Error): never {
  const { status } = error as { status?: number }
  if (status === 413) throw new DomainError('body_too_large')
  if (status === 415) throw new DomainError('json_only')
  throw new DomainError('malformed_json')
}
