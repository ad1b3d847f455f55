import sharp from 'sharp'
import { User } from './accounts/user.ts'
import type { Context } from './context.ts'
import { changeStatus } from './courses/change-status.ts'
import { categoryBody, courseCreate } from './courses/contract.ts'
import { createCourse } from './courses/create-course.ts'
import { addCategory } from './courses/edit-categories.ts'
import { addLesson } from './courses/edit-lessons.ts'
import { addModule } from './courses/edit-modules.ts'
import { addTag } from './courses/edit-tags.ts'
import { enroll } from './courses/enroll.ts'
import { lessonBody, moduleBody } from './courses/lesson-contract.ts'
import { setThumbnail } from './courses/set-thumbnail.ts'
import { keepPicture } from './pictures/keep-picture.ts'
import { postReview } from './reviews/post-review.ts'

interface DemoCourse {
  title: string
  short_description: string
  description: string
  category: string
  tags: string[]
  price: string
  difficulty: 'beginner' | 'intermediate'
  /** Two colours of its picture. */
  colours: [string, string]
  modules: { title: string; is_free?: boolean; lessons: object[] }[]
}

const streaming: DemoCourse = {
  title: 'Первый урок в прямом эфире',
  short_description: 'От пустой комнаты до живого урока с записью: свет, звук, OBS и разговор с классом.',
  description:
    '<p>Курс для тех, кто преподаёт и ещё ни разу не вёл урок в эфире. За три вечера вы соберёте рабочее место, проведёте пробный эфир и получите готовую запись с разметкой.</p>',
  category: 'Преподавание',
  tags: ['OBS', 'прямой эфир'],
  price: '0.00',
  difficulty: 'beginner',
  colours: ['#0f6b5c', '#5fd0b6'],
  modules: [
    {
      title: 'Подготовка',
      is_free: true,
      lessons: [
        {
          title: 'Что понадобится',
          content_type: 'text',
          duration_minutes: 6,
          content:
            '<p>Компьютер, микрофон и окно. Камера ноутбука подойдёт, если свет падает на лицо, а не в объектив.</p><ul><li>Микрофон ближе к губам, чем к клавиатуре.</li><li>Кабель вместо беспроводной сети.</li><li>Ключевой кадр в OBS — раз в секунду.</li></ul>',
        },
        {
          title: 'Проверьте себя',
          content_type: 'quiz',
          duration_minutes: 4,
          quiz: {
            pass_score: 60,
            questions: [
              {
                id: 'q1',
                type: 'single',
                text: 'Где лучше поставить лампу?',
                options: [
                  { id: 'a', text: 'За спиной' },
                  { id: 'b', text: 'Перед лицом, чуть сбоку' },
                ],
                answer: 'b',
                explanation: 'Свет сзади превращает лицо в силуэт.',
              },
              {
                id: 'q2',
                type: 'multiple',
                text: 'Что улучшает звук?',
                options: [
                  { id: 'a', text: 'Микрофон близко' },
                  { id: 'b', text: 'Пустые стены' },
                  { id: 'c', text: 'Ковёр и шторы' },
                ],
                answer: ['a', 'c'],
              },
              { id: 'q3', type: 'number', text: 'Как часто нужен ключевой кадр, в секундах?', answer: 1 },
              { id: 'q4', type: 'text', text: 'Как называется программа для вещания?', answer: ['OBS', 'OBS Studio'] },
            ],
          },
        },
      ],
    },
    {
      title: 'Эфир',
      lessons: [
        {
          title: 'Смотрим, как это делают',
          content_type: 'video',
          duration_minutes: 12,
          video_url: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
        },
        {
          title: 'Пробный эфир',
          content_type: 'assignment',
          duration_minutes: 30,
          content:
            '<p>Проведите эфир на пять минут и пришлите ссылку на запись и два вывода: что получилось и что нет.</p>',
          assignment: { completion: 'graded', max_grade: 10, pass_grade: 6 },
        },
      ],
    },
  ],
}

const sound: DemoCourse = {
  title: 'Звук, который хочется слушать',
  short_description: 'Микрофоны, комната и обработка голоса: от шумной кухни до ровной дорожки.',
  description:
    '<p>Плохую картинку простят, плохой звук — нет. Разбираем микрофоны, учимся слышать комнату и собираем цепочку обработки, которая не портит голос.</p>',
  category: 'Звук',
  tags: ['звук', 'микрофоны'],
  price: '1490.00',
  difficulty: 'intermediate',
  colours: ['#5b3a8c', '#e29bd0'],
  modules: [
    {
      title: 'Микрофон и комната',
      lessons: [
        {
          title: 'Как выбрать микрофон',
          content_type: 'text',
          duration_minutes: 9,
          is_free: true,
          content: '<p>Динамический прощает комнату, конденсаторный слышит всё. Начните с того, что уже есть.</p>',
        },
        {
          title: 'Слушаем комнату',
          content_type: 'text',
          duration_minutes: 14,
          content: '<p>Хлопните в ладоши в центре комнаты и послушайте хвост. Теперь то же — среди одежды в шкафу.</p>',
        },
      ],
    },
  ],
}

/** Two courses with lessons of every kind, one free and one sold, and a learner in the free one; made as everybody's are. */
export async function makeDemoCourses(context: Context): Promise<void> {
  const em = context.orm.em.fork()
  const person = async (name: string) => em.findOneOrFail(User, { email: `${name}@ustat.local` })
  const [teacher, admin, student] = [await person('teacher'), await person('admin'), await person('student')]
  const root = await addCategory(em, categoryBody.parse({ name: 'Мастерская' }))
  const categories = new Map<string, number>()
  for (const name of ['Преподавание', 'Звук', 'Видео']) {
    categories.set(name, (await addCategory(em.fork(), categoryBody.parse({ name, parent: root.id }))).id)
  }
  for (const demo of [streaming, sound]) {
    const id = await makeCourse(context, teacher, demo, categories.get(demo.category) ?? root.id)
    const options = { comment: '', settings: context.settings }
    await changeStatus(em.fork(), teacher, id, 'submit', options)
    await changeStatus(em.fork(), admin, id, 'approve', options)
    if (demo === streaming) {
      await enroll(em.fork(), student, { course: id, promoCode: null, idempotencyKey: null }, context)
      await postReview(em.fork(), student, id, {
        rating: 5,
        title: 'Начала в тот же вечер',
        content: 'Коротко и по делу. Первый эфир провела после второго урока.',
      })
    }
  }
  await context.catalogCache.bump()
}

async function makeCourse(context: Context, teacher: User, demo: DemoCourse, category: number): Promise<number> {
  const { orm, settings, queue, store } = context
  const em = () => orm.em.fork()
  const tags: number[] = []
  for (const tag of demo.tags) tags.push((await addTag(em(), tag)).id)
  const { title, short_description, description, price, difficulty } = demo
  const fields = courseCreate.parse({ title, short_description, description, price, difficulty, category, tags })
  const course = await createCourse(em(), teacher, fields, settings)
  const key = await keepPicture(store, 'courses', await picture(demo.colours))
  await setThumbnail(em(), queue, teacher, course.id, key)
  for (const { lessons, ...fields } of demo.modules) {
    const module = await addModule(em(), teacher, course.id, moduleBody.parse(fields))
    for (const lesson of lessons) await addLesson(em(), queue, teacher, module.id, lessonBody.parse(lesson))
  }
  return course.id
}

function picture([from, to]: [string, string]): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"><defs><linearGradient id="g" x2="1" y2="1">
    <stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs>
    <rect width="1280" height="720" fill="url(#g)"/><circle cx="980" cy="200" r="260" fill="#fff" opacity=".12"/>
    <circle cx="300" cy="620" r="340" fill="#000" opacity=".1"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}
