import pg from 'pg'

const stems = `
  основ програм разработк дизайн маркетинг аналит данн управлен проект финанс математик физик истори музык
  живопис фотограф кулинар психолог английск немецк язык перевод литератур систем безопасност сет облачн машинн
  обучен нейрон график видео монтаж звук голос театр спорт йог здоров медицин биолог хими эколог право эконом
  бухгалтер налог бизнес стартап продаж реклам бренд контент текст редактур журналист архитектур интерьер
  ландшафт робот электрон схем датчик станк чертеж модел печат игр движк сцен персонаж анимац скульптур керамик
  шитье вязан моды стил макияж причес путешеств географ карт климат космос астроном`
const english = `
  python javascript typescript rust golang java kotlin swift docker kubernetes linux bash postgres redis nginx
  react angular svelte node django flask spring design figma sketch photoshop illustrator excel word powerpoint
  analytics statistics probability algebra calculus geometry chemistry biology physics history english german
  french spanish chinese writing reading speaking grammar vocabulary business marketing management finance
  accounting startup product growth sales leadership negotiation photography video sound music guitar piano
  drums singing theory composition drawing painting sculpture ceramics cooking baking nutrition fitness yoga
  meditation health medicine psychology philosophy logic ethics law economics policy security network cloud
  machine learning deep neural vision language model data science engineering robotics electronics embedded
  hardware game unity unreal blender animation modeling rendering texture lighting`
const common = 'курс для и на с по от в как практика задания урок начинающих the and with for course'
const prefixes = ['', 'пере', 'на', 'за', 'вы', 'по', 'до', 'при', 'раз', 'не']
const endings = ['а', 'ы', 'е', 'у', 'ой', 'ами', 'ный', 'ная', 'ных', 'ение']

/**
 * 100,000 courses, 1,000,000 enrollments and 200,000 reviews, the same ones each time: Russian and English titles, descriptions
 * of sixty words whose frequency falls, every tenth course free, every third without a rating, one in ten learned by many.
 */
const statements = [
  // Neither foreign keys nor triggers, row by row: what they would do is done for all at once.
  `set session_replication_role = replica`,
  `select setseed(0.42)`,
  `insert into users (id, created_at, updated_at, email, password_hash, first_name, last_name, role)
select i, now(), now(), 'p' || i || '@bench.test', '-',
  (array['Анна','Иван','Мария','Пётр','Ольга','Сергей','Елена','Дмитрий','John','Alice','Robert','Kate'])[1 + i % 12],
  (array['Иванова','Петров','Сидоренко','Кузнецов','Смирнова','Волков','Соколова','Лебедев','Smith','Johnson','Brown','Miller','Зайцев'])[1 + i % 13] || case when i % 3 = 0 then '' else 'ский' end,
  case when i <= 2000 then 'teacher' else 'student' end
from generate_series(1, 50000) i`,
  `insert into profile (id, created_at, updated_at, user_id, display_name, custom_url)
select i, now(), now(), i, first_name || ' ' || last_name, case when i <= 2000 then 'teacher-' || i end from users, lateral (select users.id as i) x`,
  `insert into category (id, created_at, updated_at, name, slug, parent_id)
select i, now(), now(), 'Категория ' || i, 'category-' || i, case when i > 12 then 1 + (i - 13) % 12 end from generate_series(1, 60) i`,
  `insert into tag (id, created_at, updated_at, name, slug) select i, now(), now(), 'тег ' || i, 'tag-' || i from generate_series(1, 200) i`,
  `insert into course_user_role (id, created_at, updated_at, course_id, user_id, role, is_primary, permissions) select i, now(), now(), i, 1 + i % 2000, 'teacher', true, '{}' from generate_series(1, 100000) i`,
  `insert into course (id, created_at, updated_at, title, slug, description, short_description, status, type, difficulty, language, price, currency, category_id, average_rating, reviews_count, students_count, total_lessons, duration_minutes, duration_hours, published_at, search)
select i, now() - i * interval '7 minutes', now(), 
  case when i % 4 = 0 then 'Course ' || i || ': ' else 'Курс ' || i || ': ' end || w1.w || ' ' || w2.w,
  'course-' || i,
  concat_ws('. ', s1.s, s2.s, s3.s, s4.s, s5.s),
  'Коротко о курсе ' || i,
  case when i % 50 = 0 then 'draft' when i % 77 = 0 then 'archived' else 'published' end,
  (array['video','text','mixed'])[1 + i % 3], (array['beginner','intermediate','advanced'])[1 + (i / 3) % 3],
  case when i % 4 = 0 then 'en' else 'ru' end,
  case when i % 10 = 0 then 0 else ((i * 37) % 20000) + 0.99 end, case when i % 20 = 0 then 'USD' else 'RUB' end,
  1 + (i * 13) % 60,
  case when i % 3 = 0 then 0 else round((2 + random() * 3)::numeric, 2) end, 2,
  case when i % 10 = 1 then 64 else 4 end, 10 + i % 40, (10 + i % 40) * 12, ceil((10 + i % 40) * 0.2)::int, now() - i * interval '7 minutes', ''
from generate_series(1, 100000) i
  join sentence s1 on s1.k = 1 + (i * 31) % 4000 join sentence s2 on s2.k = 1 + (i * 57) % 4000 join sentence s3 on s3.k = 1 + (i * 91) % 4000
  join sentence s4 on s4.k = 1 + (i * 7) % 4000 join sentence s5 on s5.k = 1 + (i * 13) % 4000
  join word w1 on w1.n = 1 + (i * 719) % 7000 join word w2 on w2.n = 1 + (i * 1049) % 7000`,
  `insert into course_tags (course_id, tag_id) select i, 1 + (i * 7 + k * 41) % 200 from generate_series(1, 100000) i, generate_series(0, 2) k`,
  `insert into enrollment (created_at, updated_at, course_id, user_id, source, enrolled_at)
select now(), now(), i, 1 + (i * 13 + k * 977) % 50000, 'free', now() from generate_series(1, 100000) i, generate_series(0, 63) k where k < case when i % 10 = 1 then 64 else 4 end`,
  `insert into review (created_at, updated_at, course_id, user_id, rating, title, content)
select now(), now(), i, 1 + (i * 13 + k * 977) % 50000, 1 + (i + k) % 5, 'Отзыв', 'Текст' from generate_series(1, 100000) i, generate_series(0, 1) k`,
  `select setval('users_id_seq', 50000), setval('course_id_seq', 100000)`,
  `update course c set search = lower(concat_ws(E'\\n', c.title, c.description, concat_ws(' ', u.first_name, u.last_name, p.display_name))),
     words = course_words(concat_ws(' ', c.title, c.description, u.first_name, u.last_name, p.display_name))
     from users u join profile p on p.user_id = u.id where u.id = 1 + c.id % 2000`,
]

/** Into a migrated database that has nothing in it. */
export async function seedCatalog(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const words = vocabulary()
    await client.query('create temp table word (n int primary key, w text not null)')
    await client.query('create temp table sentence (k int primary key, s text not null)')
    await client.query('insert into word select n, w from unnest($1::text[]) with ordinality x (w, n)', [words])
    await client.query('insert into sentence select k, s from unnest($1::text[]) with ordinality x (s, k)', [
      sentences(words),
    ])
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select x.indexrelid::regclass::text as name, pg_get_indexdef(x.indexrelid) as definition
         from pg_index x where x.indrelid::regclass::text in ('course', 'enrollment', 'review') and not x.indisunique`,
    )
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    for (const statement of statements) await client.query(statement)
    // What the update left behind would be read by every look.
    await client.query('vacuum full course')
    for (const { definition } of indexes) await client.query(definition)
    for (const statement of ['vacuum analyze']) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** In a disorder that is always the same. */
function vocabulary(): string[] {
  const russian = stems
    .trim()
    .split(/\s+/)
    .flatMap((stem) => prefixes.flatMap((prefix) => endings.map((ending) => prefix + stem + ending)))
  const words = [...new Set([...english.trim().split(/\s+/), ...russian])]
  const random = randomly(7)
  return words
    .map((word): [number, string] => [random(), word])
    .toSorted(([a], [b]) => a - b)
    .map(([, word]) => word)
}

/** As in any language: a few words make a third of the text, the rest is rarer and rarer. */
function sentences(words: readonly string[]): string[] {
  const random = randomly(42)
  const frequent = common.split(' ')
  const pick = (from: readonly string[], skew: number) => from[Math.floor(random() ** skew * from.length)] ?? ''
  return Array.from({ length: 4000 }, () =>
    Array.from({ length: 12 }, () => (random() < 0.3 ? pick(frequent, 1) : pick(words, 3))).join(' '),
  )
}

/** From 0 to 1; the same ones for the same seed. */
function randomly(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Words that stand in the courses, each as likely as another, in a lasting disorder. */
export async function sampleWords(databaseUrl: string, count: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ word: string }>(
      `select word from (
         select distinct regexp_split_to_table(lower(concat_ws(' ', c.title, c.description, u.first_name, u.last_name)), '[^[:alpha:]]+') word
           from course c join course_user_role r on r.course_id = c.id join users u on u.id = r.user_id where c.id <= 4000) words
        where length(word) >= 3 order by md5(word) limit $1`,
      [count],
    )
    return rows.map(({ word }) => word)
  } finally {
    await client.end()
  }
}
