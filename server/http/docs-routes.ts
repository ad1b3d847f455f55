import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { Api, type DocumentedRoute } from './api.ts'
import { describeApi } from './openapi.ts'

const assets = fileURLToPath(new URL('.', import.meta.resolve('swagger-ui-dist/swagger-ui.css')))
const types: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
  'favicon-32x32.png': 'image/png',
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ustat API</title>
<link rel="icon" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

/** A call with the session's cookie needs the session's token; one with "Authorize" has its own header. */
const start = `SwaggerUIBundle({
  url: '/api/schema/',
  dom_id: '#docs',
  deepLinking: true,
  docExpansion: 'none',
  requestInterceptor: async (request) => {
    if (/^(get|head|options)$/i.test(request.method ?? 'get') || request.headers.Authorization) return request
    const answer = await fetch('/api/auth/csrf/', { credentials: 'same-origin' })
    const { csrf_token: token } = await answer.json()
    if (token) request.headers['X-CSRF-Token'] = token
    return request
  },
})
`

/** The page runs our scripts and no other, and talks to this origin alone; Swagger UI's pictures are in its style sheet. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const schemaQuery = z.object({
  format: z.enum(['json', 'yaml']).optional().meta({ description: 'The text is JSON either way, which is YAML too.' }),
})
const assetParams = z.object({ file: z.string() })
const openApiJson = z.looseObject({ openapi: z.string() }).meta({ description: 'An OpenAPI 3.1 document.' })
const postmanJson = z.looseObject({ info: z.looseObject({ name: z.string() }) })

/** The documentation of the given routes and of itself: OpenAPI, Swagger UI, a Postman collection. */
export function docsRoutes(routes: readonly DocumentedRoute[]): Api {
  const api = new Api('/api', 'System')
  let text: string | null = null

  api.get(
    '/schema',
    {
      summary: 'This API as an OpenAPI 3.1 document.',
      access: 'anyone',
      query: schemaQuery,
      answers: { 200: openApiJson },
    },
    (ctx, { query: { format } }) => {
      text ??= JSON.stringify(describeApi([...routes, ...api.routes]))
      const isYaml = format === 'yaml' || ctx.accepts('json', 'application/yaml') === 'application/yaml'
      ctx.vary('Accept')
      ctx.body = text
      ctx.type = isYaml ? 'application/yaml' : 'json'
    },
  )

  api.get(
    '/schema/postman',
    { summary: 'This API as a Postman collection.', access: 'anyone', answers: { 200: postmanJson } },
    async (ctx) => {
      ctx.body = await readFile(new URL('ustat.postman_collection.json', import.meta.url), 'utf8')
      ctx.type = 'json'
      ctx.attachment('ustat.postman_collection.json')
    },
  )

  api.get(
    '/docs',
    { summary: 'Swagger UI: this API to read and to try.', access: 'anyone', answers: { 200: { mime: 'text/html' } } },
    (ctx) => {
      ctx.set('Content-Security-Policy', policy)
      ctx.body = page
      ctx.type = 'html'
    },
  )

  api.get(
    '/docs/:file',
    {
      summary: 'What that page is made of.',
      access: 'anyone',
      params: assetParams,
      answers: { 200: { mime: 'text/javascript' } },
    },
    async (ctx, { params: { file } }) => {
      const type = file === 'start.js' ? 'text/javascript' : Object.hasOwn(types, file) && types[file]
      if (!type) throw new DomainError('not_found')
      ctx.set('Cache-Control', 'public, max-age=3600')
      ctx.body = file === 'start.js' ? start : await readFile(join(assets, file))
      ctx.type = type
    },
  )

  return api
}
