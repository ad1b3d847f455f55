import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import type { Category } from '../../../server/courses/category.ts'
import { Course } from '../../../server/courses/course.ts'
import { Tag } from '../../../server/courses/tag.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { aCategory, aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { watchStatements } from '../../support/statements.ts'

let server: TestServer
let em: EntityManager
let teacher: User
let branch: Category
let twig: Category

/** A small catalogue that every test of it reads and none changes. */
beforeAll(async () => {
  server = await startServer()
  em = server.context.orm.em.fork()
  teacher = await server.register('teacher', 'Ольга')
  const other = await server.register('teacher', 'Alice')
  branch = await aCategory(em, { name: 'Программирование', slug: 'programming' })
  twig = await aCategory(em, { name: 'Веб', slug: 'web', parent: branch })
  const elsewhere = await aCategory(em, { name: 'Музыка', slug: 'music' })
  const [tagA, tagB] = [
    em.create(Tag, { name: 'Начало', slug: 'start' }),
    em.create(Tag, { name: 'Быстро', slug: 'fast' }),
  ]
  const shelf = [
    {
      title: 'Питон с нуля',
      description: 'Язык и 100% практики',
      price: '500.00',
      averageRating: '4.50',
      studentsCount: 9,
      durationHours: 10,
      category: branch,
      tags: [tagA],
    },
    {
      title: 'Go for services',
      language: 'en',
      price: '1000.00',
      averageRating: '4.00',
      studentsCount: 30,
      durationHours: 20,
      category: twig,
      difficulty: 'advanced' as const,
      tags: [tagA, tagB],
    },
    {
      title: 'Гитара',
      description: 'Аккорды по-простому',
      price: '0.00',
      averageRating: '3.99',
      studentsCount: 50,
      durationHours: 5,
      category: elsewhere,
      type: 'video' as const,
    },
    {
      title: 'Веб за неделю',
      description: 'Питон не нужен',
      price: '7000.00',
      averageRating: '4.90',
      studentsCount: 3,
      durationHours: 40,
      category: twig,
    },
    {
      title: 'Synthesizers',
      language: 'en',
      price: '49.00',
      currency: 'USD',
      averageRating: '4.10',
      studentsCount: 30,
      category: elsewhere,
    },
  ]
  for (const [at, given] of shelf.entries()) {
    await aCourse(em, at === 4 ? other : teacher, {
      slug: `shelf-${at}`,
      createdAt: new Date(2026, 0, at + 1),
      ...given,
    })
  }
  await aCourse(em, teacher, {
    title: 'Черновик Питон',
    slug: 'draft',
    status: 'draft',
    price: '20000.00',
    averageRating: '5.00',
  })
  await aCourse(em, teacher, { title: 'Архив', slug: 'archived', status: 'archived' })
  await server.context.catalogCache.bump()
})
afterAll(() => server[Symbol.asyncDispose]())

async function slugs(query: string, path = ''): Promise<string[]> {
  const answer = await server.visitor().get(`/api/courses/${path}?${query}`).expect(200)
  return answer.body.results.map(({ slug }: { slug: string }) => slug)
}

describe('the list', () => {
  it('shows everybody what is published, newest first, as cards without long texts', async () => {
    const { body } = await server.visitor().get('/api/courses/').expect(200)
    expect(body).toMatchObject({ count: 5, next: null, previous: null })
    expect(body.results.map(({ slug }: { slug: string }) => slug)).toEqual([
      'shelf-4',
      'shelf-3',
      'shelf-2',
      'shelf-1',
      'shelf-0',
    ])
    const card = body.results[3]
    expect(card).toMatchObject({
      title: 'Go for services',
      price: '1000.00',
      average_rating: '4.00',
      category: { name: 'Веб', slug: 'web' },
      tags: [{ slug: 'fast' }, { slug: 'start' }],
      teacher: { id: teacher.id, display_name: expect.stringContaining('Ольга') },
      status: 'published',
    })
    for (const name of ['description', 'requirements', 'target_audience', 'modules', 'search', 'enrollment']) {
      expect(card).not.toHaveProperty(name)
    }
  })

  it.each([
    ['price=500', [0]],
    ['price=500.00', [0]],
    ['price_min=1000', [3, 1]],
    ['price__gte=1000', [3, 1]],
    ['price_max=49', [4, 2]],
    ['price_min=49&price__lte=500', [4, 0]],
    ['average_rating_min=4.5', [3, 0]],
    ['average_rating__gte=4.5&average_rating_max=4.6', [0]],
    ['duration_hours_min=20&duration_hours_max=30', [1]],
    ['duration_hours__gte=20&duration_hours__lte=30', [1]],
    ['language=en', [4, 1]],
    ['language__in=ru,en', [4, 3, 2, 1, 0]],
    ['language=ru&language=en', [4, 3, 2, 1, 0]],
    ['difficulty=advanced', [1]],
    ['type=video', [2]],
    ['is_free=true', [2]],
    ['is_free=0', [4, 3, 1, 0]],
    ['category=programming', [3, 1, 0]],
    ['category=web', [3, 1]],
    ['category=nowhere', []],
    ['tags=fast', [1]],
    ['tags=start,fast', [1, 0]],
    ['tags=start&tags=fast', [1, 0]],
    ['price_min=', [4, 3, 2, 1, 0]],
    ['price_min=1&price_min=1000', [3, 1]],
    ['junk=1&description=x&password=y', [4, 3, 2, 1, 0]],
  ])('is filtered by %s', async (query, expected) => {
    expect(await slugs(query)).toEqual(expected.map((at) => `shelf-${at}`))
  })

  it('is filtered by ids of category, tag and teacher, and by the address of the teacher', async () => {
    expect(await slugs(`category=${branch.id}`)).toEqual(['shelf-3', 'shelf-1', 'shelf-0'])
    const tag = await em.findOneOrFail(Tag, { slug: 'fast' })
    expect(await slugs(`tags=${tag.id}`)).toEqual(['shelf-1'])
    expect(await slugs(`teacher=${teacher.id}`)).toHaveLength(4)
    const writer = server.context.orm.em.fork()
    const profile = await writer.findOneOrFail(Profile, { user: teacher.id })
    profile.customUrl = 'olga'
    await writer.flush()
    expect(await slugs('teacher=olga')).toHaveLength(4)
    expect(await slugs('teacher=nobody')).toEqual([])
  })

  it.each([
    ['price', [2, 4, 0, 1, 3]],
    ['-price', [3, 1, 0, 4, 2]],
    ['created_at', [0, 1, 2, 3, 4]],
    ['-average_rating', [3, 0, 4, 1, 2]],
    ['-students_count', [2, 4, 1, 0, 3]],
    ['-students_count,price', [2, 4, 1, 0, 3]],
    ['students_count,-price', [3, 0, 1, 4, 2]],
    ['duration_hours', [4, 2, 0, 1, 3]],
    ['password', [4, 3, 2, 1, 0]],
    ['-search,version,price', [2, 4, 0, 1, 3]],
    ['price;drop table course', [4, 3, 2, 1, 0]],
    ['price,-price', [2, 4, 0, 1, 3]],
  ])('is ordered by %s, unknown fields aside, equals by the newest id', async (ordering, expected) => {
    expect(await slugs(`ordering=${encodeURIComponent(ordering)}`)).toEqual(expected.map((at) => `shelf-${at}`))
  })

  it.each([
    ['питон', [3, 0]],
    ['ПИТОН', [3, 0]],
    ['итон', [3, 0]],
    ['питоны', [3, 0]],
    ['практика', [0]],
    ['services', [1]],
    ['service', [1]],
    ['rvic', [1]],
    ['питон практики', [0]],
    ['питон,практики', [0]],
    ['"питон не"', [3]],
    ['"не питон"', []],
    ['ольга', [3, 2, 1, 0]],
    ['alice', [4]],
    ['go', [1]],
    ['et', []],
    ['100%', [0]],
    ['100_', []],
    ['%%%', []],
    ['___', []],
    ['\\\\\\', []],
    ["'", []],
    ["x' or 1=1 --", []],
    ['???', []],
    ['ⅧⅧⅧ', []],
    ['กขค', []],
    ['課程課', []],
    ['ааӓбб', []],
  ])('is searched for %s', async (search, expected) => {
    expect(await slugs(`search=${encodeURIComponent(search)}`)).toEqual(expected.map((at) => `shelf-${at}`))
  })

  it.each([
    ['price_min=NaN', { price_min: ['Enter a number.'] }],
    ['price_max=1e3', { price_max: ['Enter a number.'] }],
    ['average_rating_min=Infinity', { average_rating_min: ['Enter a number.'] }],
    ['duration_hours__lte=0x10', { duration_hours__lte: ['Enter a number.'] }],
    ["price=1' or '1'='1", { price: ['Enter a number.'] }],
    ['difficulty=hard', { difficulty: ['There is no such choice.'] }],
    ['type=live', { type: ['There is no such choice.'] }],
    ['is_free=perhaps', { is_free: ['There is no such choice.'] }],
  ])('refuses %s by its field', async (query, body) => {
    expect((await server.visitor().get(`/api/courses/?${query}`).expect(400)).body).toEqual(body)
  })

  it('says it in Russian to whoever reads Russian', async () => {
    const answer = await server.visitor().get('/api/courses/?price_min=x').set('accept-language', 'ru').expect(400)
    expect(answer.body).toEqual({ price_min: ['Введите число.'] })
  })

  it.each([
    'ordering=-created_at',
    'ordering=price',
    'ordering=-average_rating,price',
    'difficulty=beginner&ordering=created_at',
  ])('shows each course once over the pages of %s, from whichever end they are reached', async (query) => {
    const whole = await slugs(query)
    expect(whole.length).toBeGreaterThan(2)
    const pages = Array.from({ length: Math.ceil(whole.length / 2) }, (_, at) => at + 1)
    for (const inTurn of [pages, pages.toReversed()]) {
      const shown = new Map<number, string[]>()
      for (const page of inTurn) shown.set(page, await slugs(`${query}&page_size=2&page=${page}`))
      expect(pages.flatMap((page) => shown.get(page) ?? [])).toEqual(whole)
    }
  })

  it('comes by pages whose absolute links keep the filters and drop the junk', async () => {
    const first = await server
      .visitor()
      .get('/api/courses/?page_size=2&ordering=price&junk=1')
      .set('host', 'ustat.test')
      .expect(200)
    expect(first.body.count).toBe(5)
    expect(first.body.previous).toBeNull()
    expect(first.body.next).toBe('http://ustat.test/api/courses/?ordering=price&page=2&page_size=2')
    const last = await server.visitor().get('/api/courses/?page_size=2&ordering=price&page=last').expect(200)
    expect(last.body.results).toHaveLength(1)
    expect(last.body.next).toBeNull()
    expect(last.body.previous).toContain('page=2')
  })

  it.each(['page=4', 'page=0', 'page=-1', 'page=x', 'page=9999999999999999'])('has no page at %s', async (query) => {
    const answer = await server.visitor().get(`/api/courses/?page_size=2&${query}`).expect(404)
    expect(answer.body.detail).toBe('Invalid page.')
  })

  it('has at most a hundred courses on a page', async () => {
    const many = server.context.orm.em.fork()
    await many.execute(
      `insert into course (created_at, updated_at, title, slug, language, status)
       select now(), now(), 'Many', 'many-' || i, 'xx', 'published' from generate_series(1, 101) i`,
    )
    const { body } = await server.visitor().get('/api/courses/?language=xx&page_size=100000').expect(200)
    await many.execute(`delete from course where language = 'xx'`)
    expect(body.count).toBe(101)
    expect(body.results).toHaveLength(100)
  })

  it('is the same by pages of any size, however many of their ids were looked up together', async () => {
    const many = server.context.orm.em.fork()
    await many.execute(
      `insert into course (created_at, updated_at, title, slug, language, status, students_count)
       select now(), now(), 'Many', 'many-' || i, 'xx', 'published', i % 7 from generate_series(1, 530) i`,
    )
    await server.context.catalogCache.bump()
    const whole = await many.execute<{ slug: string }[]>(
      `select slug from course where language = 'xx' order by students_count desc, id desc`,
    )
    const list = 'language=xx&ordering=-students_count'
    // The last is asked for before anything is known, and pages of 100 and 40 stand across the ends of what is looked up together.
    expect(await slugs(`${list}&page_size=20&page=last`)).toEqual(whole.slice(520).map(({ slug }) => slug))
    for (const size of [100, 40]) {
      const pages: string[] = []
      for (let page = 1; pages.length < 530; page += 1)
        pages.push(...(await slugs(`${list}&page_size=${size}&page=${page}`)))
      expect(pages).toEqual(whole.map(({ slug }) => slug))
    }
    await server.visitor().get(`/api/courses/?${list}&page_size=100&page=7`).expect(404)
    using statements = watchStatements()
    await slugs(`${list}&page_size=31&page=9`)
    expect(statements.take()).toBe(1)
    // What was known of the list is not, once anything has changed.
    await many.execute(`delete from course where language = 'xx'`)
    await server.context.catalogCache.bump()
    expect(await slugs(`${list}&page_size=31`)).toEqual([])
  })
})

describe('who sees what', () => {
  it('status is for those who manage courses: theirs, an admin’s all', async () => {
    const [own, stranger, admin, assistant] = [
      await server.signIn(teacher),
      await server.signIn(await server.register('teacher')),
      await server.signIn(await server.register('admin')),
      await server.register('student'),
    ]
    const draft = await em.findOneOrFail(Course, { slug: 'draft' })
    await aStaffMember(em, draft, assistant, 'assistant')
    const asked = async (agent: typeof own, query: string) => {
      const { body, headers } = await agent.get(`/api/courses/?${query}`).expect(200)
      return [headers['x-cache'], ...body.results.map(({ slug }: { slug: string }) => slug)]
    }
    expect(await asked(own, 'status=draft')).toEqual(['bypass', 'draft'])
    expect(await asked(own, 'status=draft,archived')).toEqual(['bypass', 'archived', 'draft'])
    expect(await asked(stranger, 'status=draft')).toEqual(['bypass'])
    expect(await asked(admin, 'status=draft')).toEqual(['bypass', 'draft'])
    expect(await asked(await server.signIn(assistant), 'status=draft')).toEqual(['bypass', 'draft'])
    // Warmed by its owner, and still nobody else's.
    expect(await slugs('status=draft')).not.toContain('draft')
    expect(await slugs('search=черновик')).toEqual([])
    await server.visitor().get('/api/courses/?status=secret').expect(400)
  })

  it('a demoted teacher manages nothing', async () => {
    const former = await server.register('teacher')
    await aCourse(em, former, { slug: 'former', status: 'draft' })
    const writer = server.context.orm.em.fork()
    await writer.nativeUpdate(User, { id: former.id }, { role: 'student' })
    const { body } = await (await server.signIn(former)).get('/api/courses/?status=draft').expect(200)
    expect(body.results).toEqual([])
  })

  it('a learner’s own enrollment stands on the cards, and on nobody else’s', async () => {
    const [learner, other] = [await server.register(), await server.register()]
    await anEnrollment(em, await em.findOneOrFail(Course, { slug: 'shelf-0' }), learner, { progressPercent: 40 })
    const cards = async (agent: ReturnType<TestServer['visitor']>, path = '') => {
      const { body, headers } = await agent.get(`/api/courses/${path}?ordering=created_at`).expect(200)
      return { first: (body.results ?? body)[0], cache: headers['cache-control'] }
    }
    const [mine, theirs] = [await server.signIn(learner), await server.signIn(other)]
    const own = await cards(mine)
    expect(own.first.enrollment).toEqual({ status: 'active', progress_percent: 40 })
    expect(own.cache).toContain('private')
    expect((await cards(theirs)).first.enrollment).toBeNull()
    expect((await cards(server.visitor())).first).not.toHaveProperty('enrollment')
    expect((await cards(mine)).first.enrollment).not.toBeNull()
  })
})

describe('the other lists', () => {
  it('search orders by relevance: titles before texts, their beginning first', async () => {
    expect(await slugs('search=питон', 'search/')).toEqual(['shelf-0', 'shelf-3'])
    expect(await slugs('q=питон', 'search')).toEqual(['shelf-0', 'shelf-3'])
    expect(await slugs('q=питон&ordering=-price', 'search/')).toEqual(['shelf-3', 'shelf-0'])
    expect(await slugs('', 'search/')).toHaveLength(5)
  })

  it('suggests up to eight titles and teachers', async () => {
    const writer = server.context.orm.em.fork()
    await writer.nativeUpdate(Profile, { user: teacher.id }, { customUrl: 'olga', coursesCount: 4 })
    const suggestions = async (q: string) => {
      const { body } = await server
        .visitor()
        .get(`/api/courses/search/?suggest=1&q=${encodeURIComponent(q)}`)
        .expect(200)
      return body
    }
    expect(await suggestions('пит')).toEqual([{ kind: 'course', text: 'Питон с нуля', slug: 'shelf-0' }])
    expect(await suggestions('Ольга')).toMatchObject([{ kind: 'teacher', slug: 'olga' }])
    expect(await suggestions('')).toEqual([])
    expect(await suggestions('%')).toEqual([])
  })

  it('featured is a plain array of what is rated 4.0 and better, the most learned first', async () => {
    const { body } = await server.visitor().get('/api/courses/featured/').expect(200)
    expect(body.map(({ slug }: { slug: string }) => slug)).toEqual(['shelf-4', 'shelf-1', 'shelf-0', 'shelf-3'])
  })

  it('price ranges are half-open, of one currency and of what is published', async () => {
    const { body } = await server.visitor().get('/api/courses/price_ranges/').expect(200)
    expect(body).toEqual({
      currency: 'RUB',
      min_price: '0.00',
      max_price: '7000.00',
      ranges: [
        { min: '0.00', max: '1000.00', label: 'До 1 000', count: 2 },
        { min: '1000.00', max: '5000.00', label: 'От 1 000 до 5 000', count: 1 },
        { min: '5000.00', max: '10000.00', label: 'От 5 000 до 10 000', count: 1 },
        { min: '10000.00', max: null, label: 'От 10 000', count: 0 },
      ],
    })
    const usd = await server.visitor().get('/api/courses/price_ranges/?currency=usd').expect(200)
    expect(usd.body).toMatchObject({ currency: 'USD', min_price: '49.00', max_price: '49.00' })
    const none = await server.visitor().get('/api/courses/price_ranges/?currency=EUR').expect(200)
    expect(none.body).toMatchObject({ min_price: null, max_price: null })
    await server.visitor().get('/api/courses/price_ranges/?currency=rubles').expect(400)
  })
})

describe('statements', () => {
  beforeEach(() => server.context.catalogCache.bump())

  it.each([
    '',
    '?page=last',
    '?category=programming&tags=start&search=питон&ordering=-price&teacher=1',
    'search/?q=питон',
  ])('an uncached page %s takes at most six, and one more for a learner’s enrollments', async (path) => {
    const learner = await server.signIn(await server.register())
    await learner.get('/api/auth/me/')
    await server.context.catalogCache.bump()
    using statements = watchStatements()
    await server.visitor().get(`/api/courses/${path}`)
    const count = statements.take()
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(4)
    await server.context.catalogCache.bump()
    await learner.get(`/api/courses/${path}`)
    expect(statements.take()).toBeLessThanOrEqual(6)
  })
})
