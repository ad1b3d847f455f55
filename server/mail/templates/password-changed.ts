import type { Template } from './template.ts'

export const passwordChanged: Template = {
  en: ({ name = '' }, { page }) => ({
    subject: 'Your password was changed',
    paragraphs: [`Hello ${name}!`, 'Your password was changed just now, and every other device was signed out.'],
    button: { label: 'It was not me', url: page('/account/reset') },
    note: 'It was you? Then there is nothing to do.',
  }),
  ru: ({ name = '' }, { page }) => ({
    subject: 'Ваш пароль изменён',
    paragraphs: [`Здравствуйте, ${name}!`, 'Ваш пароль только что изменён, на остальных устройствах выполнен выход.'],
    button: { label: 'Это не я', url: page('/account/reset') },
    note: 'Это были вы? Тогда ничего делать не нужно.',
  }),
}
