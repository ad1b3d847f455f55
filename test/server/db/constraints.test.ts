import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Education } from '../../../server/accounts/education.ts'
import { Profile } from '../../../server/accounts/profile.ts'
import { WorkExperience } from '../../../server/accounts/work-experience.ts'
import { Course } from '../../../server/courses/course.ts'
import { newId } from '../../../server/db/base.ts'
import { PromoCode } from '../../../server/payments/promo-code.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCategory, aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { aBuyer, aCheckout, aPurchase, startShop } from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'

/** What no rule of ours would write, PostgreSQL refuses as well: from a forgotten check, a script or a console. */
let server: TestServer
const execute = (sql: string) => server.context.orm.em.fork().execute(sql)

beforeAll(async () => {
  server = await startShop()
  const [teacher, buyer, undecided] = [await aBuyer(server, 'teacher'), await aBuyer(server), await aBuyer(server)]
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, teacher, { price: '100.00', currency: 'RUB' })
  const lesson = await aLesson(em, await aModule(em, course))
  await aCategory(em)
  await anEnrollment(em, await em.findOneOrFail(Course, { id: course.id }), await aBuyer(server))
  await aPurchase(server, buyer, course)
  await aCheckout(server, undecided, course)
  const profile = await em.findOneOrFail(Profile, { user: teacher.id })
  profile.customUrl = 'a-teacher'
  em.create(Review, { course: course.id, user: buyer.id, rating: 5 })
  em.create(LessonProgress, { lesson: lesson.id, user: buyer.id, lastActivity: new Date() })
  em.create(PromoCode, { code: 'HALF', percent: 50, maxUses: 3 })
  em.create(Education, { profile, institution: 'A', degree: 'B', fieldOfStudy: 'C', startDate: '2020-01-01' })
  em.create(WorkExperience, { profile, company: 'A', position: 'B', startDate: '2020-01-01' })
  await em.flush()
})
afterAll(() => server[Symbol.asyncDispose]())

describe('a value', () => {
  it.each([
    ['users', 'email', `'Upper@example.org'`, 'users_email_lower_case'],
    ['users', 'role', `'root'`, 'users_role_check'],
    ['profile', 'rating', '5.01', 'profile_rating_range'],
    ['profile', 'reviews_count', '-1', 'profile_counts_positive'],
    ['profile', 'verification_status', `'maybe'`, 'profile_verification_status_check'],
    ['education', 'end_date', 'start_date - 1', 'education_ends_after_start'],
    ['work_experience', 'end_date', 'start_date - 1', 'work_experience_ends_after_start'],
    ['category', 'parent_id', 'id', 'category_is_not_its_own_parent'],
    ['course', 'price', '-0.01', 'course_price_positive'],
    ['course', 'status', `'gone'`, 'course_status_check'],
    ['course', 'type', `'audio'`, 'course_type_check'],
    ['course', 'difficulty', `'none'`, 'course_difficulty_check'],
    ['course', 'average_rating', '5.01', 'course_rating_range'],
    ['course', 'students_count', '-1', 'course_counts_positive'],
    ['module', '"order"', '-1', 'module_order_positive'],
    ['lesson', 'duration_minutes', '-1', 'lesson_numbers_positive'],
    ['lesson', 'content_type', `'game'`, 'lesson_content_type_check'],
    ['course_user_role', 'role', `'owner'`, 'course_user_role_role_check'],
    ['enrollment', 'progress_percent', '101', 'enrollment_progress_range'],
    ['enrollment', 'status', `'paused'`, 'enrollment_status_check'],
    ['enrollment', 'source', `'gift'`, 'enrollment_source_check'],
    ['lesson_progress', 'progress', '101', 'lesson_progress_range'],
    ['lesson_progress', 'attempts', '-1', 'lesson_progress_attempts_positive'],
    ['lesson_progress', 'status', `'seen'`, 'lesson_progress_status_check'],
    ['review', 'rating', '0', 'review_rating_range'],
    ['review', 'rating', '6', 'review_rating_range'],
    ['payment', 'amount', '-1', 'payment_amounts'],
    ['payment', 'refunded_amount', 'amount + 0.01', 'payment_amounts'],
    ['payment', 'status', `'lost'`, 'payment_status_check'],
    ['revenue', 'transaction_type', `'gift'`, 'revenue_transaction_type_check'],
    ['promo_code', 'code', `'half'`, 'promo_code_upper_case'],
    ['promo_code', 'percent', '101', 'promo_code_percent_range'],
    ['promo_code', 'amount', '1', 'promo_code_percent_or_amount'],
    ['promo_code', 'used', 'max_uses + 1', 'promo_code_uses'],
  ])('of %s.%s cannot be %s', async (table, column, value, constraint) => {
    await expect(execute(`update ${table} set ${column} = ${value}`)).rejects.toThrow(constraint)
  })
})

describe('a second row', () => {
  /** The same again under another id, but for what is given. */
  async function again(table: string, where: string, given: Record<string, string>): Promise<unknown> {
    const rows = await execute(
      `select column_name as name, data_type as type, is_identity = 'YES' as is_counted from information_schema.columns
        where table_schema = 'public' and table_name = '${table}' and is_generated = 'NEVER'`,
    )
    const columns = (rows as { name: string; type: string; is_counted: boolean }[]).filter(
      ({ name, type }) => name !== 'id' || !/int/.test(type),
    )
    const values: Record<string, string> = columns.some(({ name }) => name === 'id') ? { id: `'${newId()}'` } : {}
    Object.assign(values, given)
    const names = columns.map(({ name }) => `"${name}"`)
    const made = columns.map(({ name }) => values[name] ?? `"${name}"`)
    return execute(`insert into ${table} (${names}) select ${made} from ${table} where ${where} limit 1`)
  }

  it.each([
    ['users', 'true', {}, 'users_email_unique'],
    ['profile', `custom_url = 'a-teacher'`, {}, 'profile_user_id_unique'],
    [
      'profile',
      `custom_url = 'a-teacher'`,
      { user_id: '(select max(id) + 1 from users)' },
      'profile_custom_url_unique',
    ],
    ['category', 'true', {}, 'category_slug_unique'],
    ['course', 'true', {}, 'course_slug_unique'],
    ['module', 'true', {}, 'module_course_order_unique'],
    ['lesson', 'true', {}, 'lesson_module_order_unique'],
    ['course_user_role', 'true', {}, 'course_user_role_course_id_user_id_role_unique'],
    ['course_user_role', 'is_primary', { user_id: '(select max(id) from users)' }, 'course_user_role_one_primary'],
    ['enrollment', 'true', {}, 'enrollment_course_id_user_id_unique'],
    ['lesson_progress', 'true', {}, 'lesson_progress_lesson_id_user_id_unique'],
    ['review', 'true', {}, 'review_course_id_user_id_unique'],
    ['payment', `status = 'completed'`, {}, 'payment_transaction_id_unique'],
    [
      'payment',
      `status = 'pending'`,
      { transaction_id: `'pay_other'`, provider_session_id: 'null', provider_payment_id: 'null' },
      'payment_one_pending',
    ],
    ['revenue', 'true', {}, 'revenue_payment_id_transaction_type_provider_ref_unique'],
    ['webhook_event', 'true', {}, 'webhook_event_provider_event_id_unique'],
    ['promo_code', 'true', {}, 'promo_code_code_unique'],
  ])('of %s (where %s) with %o is refused by %s', async (table, where, given, constraint) => {
    await expect(again(table, where, given as Record<string, string>)).rejects.toThrow(constraint)
  })
})

describe('what money or a course hangs on', () => {
  it.each([
    ['users', 'id in (select user_id from payment)'],
    ['course', 'id in (select course_id from payment)'],
    ['course', 'id in (select course_id from enrollment)'],
    ['payment', 'id in (select payment_id from revenue)'],
    ['category', 'id in (select category_id from course)'],
  ])('in %s is not deleted: %s', async (table, where) => {
    await expect(execute(`delete from ${table} where ${where}`)).rejects.toThrow('violates')
  })
})
