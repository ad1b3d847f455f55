import { afterAll, beforeAll, expect, it } from 'vitest'
import { postmanCollection } from '../../support/postman.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const COLLECTION = '../../../server/http/ustat.postman_collection.json'

/** `npm run postman` runs this file with `--update`, which writes the collection anew. */
it('has a Postman collection that is what the OpenAPI document makes it', async () => {
  const { body } = await server.visitor().get('/api/schema/').expect(200)
  const made = await postmanCollection(body)
  expect(await postmanCollection(body)).toBe(made)
  await expect(made).toMatchFileSnapshot(COLLECTION)
})

it('serves that collection, with examples to begin with', async () => {
  const { text, headers } = await server.visitor().get('/api/schema/postman/').expect(200)
  expect(headers['content-disposition']).toContain('ustat.postman_collection.json')
  expect(JSON.parse(text).info.name).toBe('Ustat')
  expect(text).toContain('student@ustat.local')
  expect(text).toContain('{{baseUrl}}')
})
