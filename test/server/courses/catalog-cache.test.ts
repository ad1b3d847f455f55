import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createRedis } from '../../../media/storage/redis.ts'
import { CatalogCache } from '../../../server/courses/catalog-cache.ts'
import { Course } from '../../../server/courses/course.ts'
import { aCourse } from '../../support/courses.ts'
import { freePort } from '../../support/ports.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { watchStatements } from '../../support/statements.ts'

const log = { info() {}, warn() {} }

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const em = server.context.orm.em.fork()
  const teacher = await server.register('teacher', 'Ольга')
  for (const slug of ['one', 'two', 'three']) await aCourse(em, teacher, { slug, title: `Course ${slug}` })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.context.catalogCache.bump())

const list = (query = '') => server.visitor().get(`/api/courses/${query}`)

/** Another process on the same Redis. */
async function anotherCache(): Promise<{ cache: CatalogCache } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const redis = createRedis(server.config.redis.url, log)
  stack.defer(() => redis.destroy())
  await redis.connect()
  const cache = stack.use(new CatalogCache(redis, server.context.log))
  cache.start()
  const owned = stack.move()
  return { cache, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

it('the first guest’s page is the next one’s, whatever junk stands in the address and in what order', async () => {
  expect((await list('?ordering=price&page_size=2').expect(200)).headers['x-cache']).toBe('miss')
  for (const same of [
    '?page_size=2&ordering=price',
    '?ordering=price&page_size=2&utm_source=x',
    '?ordering=price,secret&page_size=2&page=1',
  ]) {
    expect((await list(same)).headers['x-cache']).toBe('hit')
  }
  expect((await list('?ordering=price&page_size=3')).headers['x-cache']).toBe('miss')
})

it('counts hits and misses, from memory and from Redis alike', async () => {
  const counts = async () => {
    const { values = [] } = (await server.context.metrics.getSingleMetric('catalog_reads_total')?.get()) ?? {}
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]))
  }
  const before = await counts()
  for (let n = 0; n < 3; n++) await list('?page_size=7')
  const after = await counts()
  expect([(after.hit ?? 0) - (before.hit ?? 0), (after.miss ?? 0) - (before.miss ?? 0)]).toEqual([2, 1])
})

it('a guest who has the page already is told so', async () => {
  const first = await list().expect(200)
  expect(first.headers.etag).toMatch(/^"[\w-]{27}"$/)
  for (const known of [first.headers.etag ?? '', `W/${first.headers.etag}`, `"other", ${first.headers.etag}`]) {
    const again = await list().set('if-none-match', known).expect(304)
    expect(again.text).toBe('')
    expect(again.headers.etag).toBe(first.headers.etag)
  }
  await list().set('if-none-match', '"other"').expect(200)
})

it('an answer from memory is the one that was computed, headers and all', async () => {
  const [miss, hit] = [await list('?page_size=1'), await list('?page_size=1')]
  expect([miss.headers['x-cache'], hit.headers['x-cache']]).toEqual(['miss', 'hit'])
  expect(hit.body).toEqual(miss.body)
  for (const name of [
    'etag',
    'content-type',
    'content-length',
    'cache-control',
    'vary',
    'content-security-policy',
    'x-content-type-options',
  ]) {
    expect(hit.headers[name]).toBe(miss.headers[name])
  }
  const head = await server.visitor().head('/api/courses/?page_size=1').expect(200)
  expect(head.headers['content-length']).toBe(miss.headers['content-length'])
})

it('links lead to the host that was asked, from memory too', async () => {
  for (const host of ['one.test', 'two.test', 'one.test', 'two.test']) {
    const { body } = await list('?page_size=1').set('host', host)
    expect(body.next).toBe(`http://${host}/api/courses/?page=2&page_size=1`)
  }
})

it('a change is seen by the next guest', async () => {
  const em = server.context.orm.em.fork()
  const course = await em.findOneOrFail(Course, { slug: 'one' })
  await list('?ordering=-price')
  course.price = '77.00'
  await em.flush()
  expect((await list('?ordering=-price')).headers['x-cache']).toBe('hit')
  await server.context.catalogCache.bump()
  const { body, headers } = await list('?ordering=-price')
  expect(headers['x-cache']).toBe('miss')
  expect(body.results[0]).toMatchObject({ slug: 'one', price: '77.00' })
})

it('a teacher’s new name finds their courses, the old one no more', async () => {
  const teacher = await server.register('teacher', 'Прежняя')
  const em = server.context.orm.em.fork()
  await aCourse(em, teacher, { slug: 'renamed' })
  await server.context.catalogCache.bump()
  expect((await list(`?search=${encodeURIComponent('прежняя')}`)).body.count).toBe(1)
  const agent = await server.signIn(teacher)
  await agent.patch('/api/profiles/me/').send({ first_name: 'Новая', display_name: 'Новая' }).expect(200)
  expect((await list(`?search=${encodeURIComponent('новая')}`)).body.count).toBe(1)
  expect((await list(`?search=${encodeURIComponent('прежняя')}`)).body.count).toBe(0)
})

it('fifty guests at once cause one look at the database', async () => {
  using statements = watchStatements()
  const answers = await Promise.all(Array.from({ length: 50 }, () => list('?ordering=price')))
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(statements.take()).toBeLessThanOrEqual(4)
})

it('two processes that miss at once look once', async () => {
  await using other = await anotherCache()
  await other.cache.peek(['anything'])
  const looked = Promise.withResolvers<string>()
  const look = vi.fn(() => looked.promise)
  const first = server.context.catalogCache.read('shared', look)
  await vi.waitFor(() => expect(look).toHaveBeenCalled())
  const second = other.cache.read('shared', look)
  looked.resolve('answer')
  expect(await Promise.all([first, second])).toMatchObject([
    { text: 'answer', isHit: false },
    { text: 'answer', isHit: true },
  ])
  expect(look).toHaveBeenCalledTimes(1)
})

it('a look that began before a change is not kept after it', async () => {
  const looked = Promise.withResolvers<string>()
  const { catalogCache } = server.context
  const slow = catalogCache.read('raced', () => looked.promise)
  await catalogCache.bump()
  looked.resolve('old')
  expect((await slow).text).toBe('old')
  expect(await catalogCache.read('raced', async () => 'new')).toMatchObject({ text: 'new', isHit: false })
  expect(await catalogCache.read('raced', async () => 'newer')).toMatchObject({ text: 'new', isHit: true })
})

it('a change in one process is seen by the others', async () => {
  await using other = await anotherCache()
  await other.cache.read('page', async () => 'old')
  await server.context.catalogCache.bump()
  await vi.waitFor(async () => expect((await other.cache.read('page', async () => 'new')).text).toBe('new'))
})

it('a failure is told to everybody who waits and kept nowhere', async () => {
  const { catalogCache } = server.context
  const look = vi.fn(async () => {
    throw new Error('database away')
  })
  const answers = await Promise.allSettled([catalogCache.read('failing', look), catalogCache.read('failing', look)])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(look).toHaveBeenCalledTimes(1)
  expect(await catalogCache.read('failing', async () => 'fine')).toMatchObject({ text: 'fine', isHit: false })
})

it('a page that is not there is looked for again', async () => {
  await list('?page=2').expect(404)
  const missing = await list('?page=2').expect(404)
  expect(missing.headers).not.toHaveProperty('x-cache')
  expect(missing.headers['cache-control']).toBe('no-store')
})

it('who is signed in is never answered from what was remembered for guests, nor remembered', async () => {
  const agent = await server.signIn(await server.register())
  await list()
  const own = await agent.get('/api/courses/').expect(200)
  expect(own.headers['cache-control']).toBe('private, no-cache')
  expect(own.body.results[0]).toHaveProperty('enrollment', null)
  expect((await list()).body.results[0]).not.toHaveProperty('enrollment')
})

it('without Redis the catalogue goes on, and a change is seen at once', async () => {
  await using alone = await startServer({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
  const em = alone.context.orm.em.fork()
  await aCourse(em, await alone.register('teacher'), { slug: 'lonely' })
  const first = await alone.visitor().get('/api/courses/').expect(200)
  expect(first.body.count).toBe(1)
  expect((await alone.visitor().get('/api/courses/')).headers['x-cache']).toBe('hit')
  await em.nativeUpdate(Course, { slug: 'lonely' }, { title: 'Still here' })
  await alone.context.catalogCache.bump()
  expect((await alone.visitor().get('/api/courses/')).body.results[0].title).toBe('Still here')
})
