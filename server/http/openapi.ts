import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi'
import type { DocumentedRoute } from './api.ts'
import { examples, tags } from './openapi-texts.ts'

const refusal = z
  .looseObject({ detail: z.string(), code: z.string() })
  .meta({ id: 'Refusal', description: 'A sentence for people, and a code that does not change with the language.' })
const invalid = z
  .union([z.record(z.string(), z.array(z.string())), refusal])
  .meta({ id: 'Invalid', description: 'What is wrong, by field; `non_field_errors` for the whole.' })

const pageParameters = {
  page: z
    .string()
    .optional()
    .meta({ description: 'From 1, or `last`.', examples: ['1'] }),
  page_size: z.int().min(1).max(100).default(20).optional().meta({ description: 'At most 100.' }),
}

const description = `Times are ISO 8601 in UTC, decimals are strings, lists are pages \`{count, next, previous, results}\`.
Every address is served with and without a slash at its end.

A program signs in with \`POST /api/auth/login\` and sends \`Authorization: Bearer <access>\`. A browser has a session
cookie, and sends \`X-CSRF-Token\` (from \`GET /api/auth/csrf\`) with whatever changes something.`

type Document = ReturnType<typeof createDocument>

/** The OpenAPI document of these routes: made of the schemas that check their requests, so it cannot say anything else. */
export function describeApi(routes: readonly DocumentedRoute[]): Document {
  const paths: NonNullable<ZodOpenApiObject['paths']> = {}
  for (const route of routes) {
    const path = documentedPath(route.path)
    paths[path] = { ...paths[path], [route.method]: describe(route) }
  }
  const used = new Set(routes.map(({ tag }) => tag))
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Ustat',
      version: '1.0.0',
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...used].map((name) => ({ name, description: tags[name] ?? name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
        csrf: {
          type: 'apiKey',
          in: 'header',
          name: 'X-CSRF-Token',
          description: 'Beside the session cookie, with whatever changes something.',
        },
      },
    },
  })
}

/** Koa's `:name` as OpenAPI writes it. */
export function documentedPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}')
}

/** The same for the same route, whatever else there is. */
function operationId({ method, path }: DocumentedRoute): string {
  const words = path.replace(/^\/api\//, '').split(/[^A-Za-z0-9]+/)
  return [method, ...words.filter(Boolean)].join('_')
}

function describe(route: DocumentedRoute): ZodOpenApiOperationObject {
  const { summary, tag, access, method } = route
  const writes = method !== 'get'
  const security: ZodOpenApiOperationObject['security'] = writes
    ? [{ bearer: [] }, { session: [], csrf: [] }]
    : [{ bearer: [] }, { session: [] }]
  const requestBody = bodyOf(route)
  return {
    operationId: operationId(route),
    summary,
    ...(route.description ? { description: route.description } : {}),
    tags: [tag],
    security: access === 'anyone' ? [{}, ...security] : security,
    requestParams: parametersOf(route),
    ...(requestBody ? { requestBody } : {}),
    responses: { ...refusalsOf(route), ...answersOf(route) },
  }
}

function parametersOf(route: DocumentedRoute): ZodOpenApiParameters {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
  const path = route.params ?? z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  const query = objectIn(route.query)
  const asked = query ? query.shape : {}
  const all = isPage(route) ? { ...pageParameters, ...asked } : asked
  return {
    ...(names.length > 0 ? { path } : {}),
    ...(Object.keys(all).length > 0 ? { query: z.object(all) } : {}),
  }
}

/** What a query looks like before it is transformed. */
function objectIn(schema: z.ZodType | undefined): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema
  return schema instanceof z.ZodPipe ? objectIn(schema.in as z.ZodType) : undefined
}

function isPage({ answers }: DocumentedRoute): boolean {
  const found = answers[200]
  return found instanceof z.ZodObject && ['count', 'next', 'previous', 'results'].every((name) => name in found.shape)
}

function bodyOf(route: DocumentedRoute): ZodOpenApiOperationObject['requestBody'] {
  const { body, upload } = route
  const file = upload?.map((type) => [
    type,
    type === 'multipart/form-data'
      ? { schema: { type: 'object' as const, additionalProperties: true } }
      : { schema: { type: 'string' as const, format: 'binary' } },
  ])
  const example = examples[`${route.method} ${route.path}`]
  const json = body ? [['application/json', { schema: body, ...(example ? { example } : {}) }]] : []
  const content = Object.fromEntries([...json, ...(file ?? [])])
  return Object.keys(content).length > 0 ? { content } : undefined
}

function answersOf({ answers }: DocumentedRoute): ZodOpenApiResponsesObject {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => {
      const description = STATUS_CODES[status] ?? status
      if (answer === null) return [status, { description }]
      if (answer instanceof z.ZodType)
        return [status, { description, content: { 'application/json': { schema: answer } } }]
      return [status, { description, content: { [answer.mime]: { schema: { type: 'string', format: 'binary' } } } }]
    }),
  )
}

/** Which refusals a route may give, as far as its form tells. */
function refusalsOf(route: DocumentedRoute): ZodOpenApiResponsesObject {
  const { access, method, path, params, query, body, upload } = route
  const writes = method !== 'get'
  const takes = Boolean(body ?? upload)
  const statuses: [number, boolean][] = [
    [400, Boolean(params ?? query ?? body ?? upload)],
    [401, access !== 'anyone'],
    [403, writes || access === 'admin'],
    [404, path.includes(':') || isPage(route)],
    [409, writes],
    [413, takes],
    [415, takes],
    [429, true],
  ]
  return Object.fromEntries(
    statuses.flatMap(([status, applies]) =>
      applies
        ? [
            [
              status,
              {
                description: STATUS_CODES[status] ?? String(status),
                content: { 'application/json': { schema: status === 400 ? invalid : refusal } },
                ...(status === 429 ? { headers: retryAfter } : {}),
              },
            ],
          ]
        : [],
    ),
  )
}

const retryAfter = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' as const } } }
const sessionCookie = 'ustat_session'
