import Router from '@koa/router'
import type { Context as KoaContext } from 'koa'
import type { z } from 'zod'
import { parse, type RequestState, requireAccess } from './request.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Ctx = KoaContext & { state: RequestState; params: Record<string, string> }

/** One route: what it takes and what it answers, for the parser, the documentation and the tests alike. */
export interface Operation {
  /** What it does, in one sentence. */
  summary: string
  description?: string
  /** Whom it answers at all, asked before anything is parsed; who may do it with this very object, its operation decides. */
  access: 'anyone' | 'signed-in' | 'admin'
  params?: z.ZodObject
  /** Unknown parameters of a query are ignored unless the schema is strict. */
  query?: z.ZodType
  /** JSON. A missing body counts as `{}`. */
  body?: z.ZodType
  /** A file is the whole body, of one of these media types; its path is one that `body.ts` knows. */
  upload?: readonly string[]
  /** By status; null for no body. Refusals follow from the error shape and need not be named. */
  answers: Record<number, z.ZodType | { mime: string } | null>
}

export interface DocumentedRoute extends Operation {
  method: Method
  /** With Koa's `:name`. */
  path: string
  tag: string
}

type Value<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined
export interface Input<O extends Operation> {
  params: Value<O['params']>
  query: Value<O['query']>
  body: Value<O['body']>
}

/**
 * Routes of one feature, each with its schemas: what is not as they say is refused before the handler runs, and the OpenAPI
 * document is made of the same ones.
 *
 *   const api = new Api('/api/tags', 'Catalogue')
 *   api.get('/', { summary: 'Tags by the beginning of their name.', access: 'anyone', query, answers: { 200: tagsJson } },
 *     async (ctx, { query }) => { ctx.body = await findTags(ctx.state.em, query.search) })
 *
 * Routes are tried in the order they are declared: static ones first, then `/:id`.
 */
export class Api {
  readonly router: Router<RequestState>
  readonly routes: DocumentedRoute[] = []
  readonly #prefix: string
  readonly #tag: string

  /** @param tag under which the documentation lists them */
  constructor(prefix: string, tag: string) {
    this.#prefix = prefix
    this.#tag = tag
    this.router = new Router<RequestState>({ prefix })
  }

  get = this.#add('get')
  post = this.#add('post')
  put = this.#add('put')
  patch = this.#add('patch')
  delete = this.#add('delete')

  #add(method: Method) {
    return <const O extends Operation>(
      path: string,
      operation: O,
      handle: (ctx: Ctx, input: Input<O>) => Promise<void> | void,
    ): void => {
      this.routes.push({ ...operation, method, path: `${this.#prefix}${path}`.replace(/\/$/, ''), tag: this.#tag })
      this.router[method](path, async (ctx) => {
        ctx.state.operation = operation
        requireAccess(ctx.state, operation.access)
        const input = {
          params: operation.params && parse(operation.params, ctx.params),
          query: operation.query && parse(operation.query, ctx.query),
          body: operation.body && parse(operation.body, ctx.request.body ?? {}),
        } as Input<O>
        await handle(ctx as Ctx, input)
      })
    }
  }
}
