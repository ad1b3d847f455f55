import type { Template } from './template.ts'

/** `link`: the family of the token. */
export const resetPassword: Template = {
  en: ({ name = '' }, { link }) => ({
    subject: 'Set a new password',
    paragraphs: [
      `Hello ${name}!`,
      'Here you can set a new password. The link is good for one hour and once; you will be signed out everywhere else.',
    ],
    button: { label: 'Set a new password', url: link('/account/reset') },
    note: 'You did not ask for this? Then there is nothing to do: your password stays as it is.',
  }),
  ru: ({ name = '' }, { link }) => ({
    subject: 'Новый пароль',
    paragraphs: [
      `Здравствуйте, ${name}!`,
      'Здесь можно задать новый пароль. Ссылка действует один час и один раз; на всех устройствах нужно будет войти заново.',
    ],
    button: { label: 'Задать новый пароль', url: link('/account/reset') },
    note: 'Вы этого не просили? Тогда ничего делать не нужно: пароль остаётся прежним.',
  }),
}
