import type { Template } from './template.ts'

/** `link`: the family of the token. */
export const verifyEmail: Template = {
  en: ({ name = '' }, { link }) => ({
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `Hello ${name}!`,
      'Confirm that this address is yours, and you can enrol in courses and go live. The link is good for three days.',
    ],
    button: { label: 'Confirm the address', url: link('/account/verify') },
    note: 'You did not sign up? Then there is nothing to do.',
  }),
  ru: ({ name = '' }, { link }) => ({
    subject: 'Подтвердите адрес почты',
    paragraphs: [
      `Здравствуйте, ${name}!`,
      'Подтвердите, что это ваш адрес, — и можно записываться на курсы и выходить в эфир. Ссылка действует три дня.',
    ],
    button: { label: 'Подтвердить адрес', url: link('/account/verify') },
    note: 'Вы не регистрировались? Тогда ничего делать не нужно.',
  }),
}
