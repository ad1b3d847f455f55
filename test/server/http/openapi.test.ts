import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp, documented } from '../../../server/app.ts'
import { documentedPath } from '../../../server/http/openapi.ts'
import { examples, tags } from '../../../server/http/openapi-texts.ts'
import { startServer, type TestServer } from '../../support/server.ts'

interface Operation {
  operationId: string
  summary: string
  security: Record<string, unknown>[]
  responses: Record<string, unknown>
  parameters?: { name: string; in: string }[]
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

let server: TestServer
let text: string
let document: Document
beforeAll(async () => {
  server = await startServer()
  text = (await server.visitor().get('/api/schema/').expect(200)).text
  document = JSON.parse(text)
})
afterAll(() => server[Symbol.asyncDispose]())

const operationOf = (path: string, method: string) => document.paths[path]?.[method] as Operation

/** Paths that people and machines of ours open, and no client of the API. */
const undocumented = /^\/(?:internal|health|healthz|readyz|metrics)|^\/api\/payments\/sandbox/

interface Layer {
  path: string
  methods: string[]
}

/** What Koa would answer, asked of its routers. */
function mounted(): string[] {
  const app = createApp({ ...server.context, metrics: new Registry() })
  const routers = app.middleware.flatMap((use) => ('router' in use ? [use.router as { stack: Layer[] }] : []))
  return routers
    .flatMap(({ stack }) => stack)
    .flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${path.replace(/\/$/, '')}`),
    )
    .filter((route) => !undocumented.test(route.split(' ')[1] ?? ''))
}

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1 in which a linter finds no error', async () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config })
    const said = problems.map(
      ({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ''}`,
    )
    expect(said.filter((line) => line.startsWith('error'))).toEqual([])
  })

  it('has every route that is mounted, and none else', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual([...new Set(mounted().map(documentedPath))].sort())
  })

  it('tells of every status that a route declares, and whom it answers', () => {
    for (const { routes } of documented(server.context)) {
      for (const { path, method, answers, access } of routes) {
        const operation = operationOf(documentedPath(path), method)
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(Object.keys(answers)))
        const isOpen = operation.security.some((scheme) => Object.keys(scheme).length === 0)
        expect(isOpen, `${method} ${path}`).toBe(access === 'anyone')
      }
    }
  })

  it('names the CSRF token where a cookie changes something, and a page where a list has pages', () => {
    expect(operationOf('/api/courses', 'post').security).toContainEqual({ session: [], csrf: [] })
    const names = operationOf('/api/courses', 'get').parameters?.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['page', 'page_size', 'price_min', 'ordering']))
    expect(Object.keys(operationOf('/api/courses/{id}', 'get').responses)).toEqual(
      expect.arrayContaining(['200', '404', '429']),
    )
  })

  it('gives examples that their routes would take, and a word on each group', () => {
    const routes = documented(server.context).flatMap((api) => api.routes)
    for (const [name, example] of Object.entries(examples)) {
      const route = routes.find(({ method, path }) => `${method} ${path}` === name)
      expect([name, route?.body?.safeParse(example).error?.issues]).toEqual([name, undefined])
      expect(route, name).toBeDefined()
    }
    expect([...new Set(routes.map(({ tag }) => tag))].sort()).toEqual(Object.keys(tags).sort())
  })

  it('is the same text each time, and YAML for who asks for it', async () => {
    expect((await server.visitor().get('/api/schema').expect(200)).text).toBe(text)
    const yaml = await server.visitor().get('/api/schema/?format=yaml').expect(200)
    expect(yaml.headers['content-type']).toMatch(/^application\/yaml/)
  })
})

describe('Swagger UI', () => {
  it('is a page that runs scripts of ours alone', async () => {
    const { text: html, headers } = await server.visitor().get('/api/docs/').expect(200)
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(html).not.toMatch(/<script(?![^>]*src=)/)
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) await server.visitor().get(`${path}`).expect(200)
  })

  it('gives no other file of its package', async () => {
    for (const file of ['package.json', '..%2fpackage.json', 'constructor', 'index.html'])
      await server.visitor().get(`/api/docs/${file}`).expect(404)
  })
})
