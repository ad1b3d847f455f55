import { lines } from './parts.ts'
import type { Template } from './template.ts'

/** `name`, `status`: `verified`, `rejected` or `pending`; `comment` of whoever looked. */
export const teacherVerification: Template = {
  en: ({ name, status, comment }) => ({
    subject: status === 'verified' ? 'Your teacher profile is verified' : 'Your teacher profile was looked at',
    paragraphs: lines(
      name && `Hello ${name}!`,
      status === 'verified' ? 'We have checked your teacher profile: it is verified now.' : undefined,
      status === 'rejected' ? 'We could not verify your teacher profile.' : undefined,
      status === 'pending' ? 'Your teacher profile will be looked at again.' : undefined,
      comment,
    ),
  }),
  ru: ({ name, status, comment }) => ({
    subject: status === 'verified' ? 'Профиль преподавателя подтверждён' : 'Профиль преподавателя проверен',
    paragraphs: lines(
      name && `Здравствуйте, ${name}!`,
      status === 'verified' ? 'Мы проверили ваш профиль преподавателя: он подтверждён.' : undefined,
      status === 'rejected' ? 'Подтвердить ваш профиль преподавателя не удалось.' : undefined,
      status === 'pending' ? 'Ваш профиль преподавателя будет проверен ещё раз.' : undefined,
      comment,
    ),
  }),
}
