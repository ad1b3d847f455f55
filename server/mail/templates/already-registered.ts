import type { Template } from './template.ts'

/** To the owner of an address that somebody tried to sign up with; whoever tried is told nothing of it. */
export const alreadyRegistered: Template = {
  en: ({ name = '' }, { page }) => ({
    subject: 'You already have an account',
    paragraphs: [
      `Hello ${name}!`,
      'Somebody, perhaps you, tried to sign up with this address. You have an account already: sign in with your password, or set a new one if you do not remember it.',
    ],
    button: { label: 'Sign in', url: page('/sign-in') },
    note: `A new password: ${page('/account/reset')}. If it was not you, there is nothing to do: your account is as it was.`,
  }),
  ru: ({ name = '' }, { page }) => ({
    subject: 'У вас уже есть аккаунт',
    paragraphs: [
      `Здравствуйте, ${name}!`,
      'Кто-то, возможно вы, попытался зарегистрироваться с этим адресом. Аккаунт у вас уже есть: войдите со своим паролем или задайте новый, если не помните его.',
    ],
    button: { label: 'Войти', url: page('/sign-in') },
    note: `Новый пароль: ${page('/account/reset')}. Если это были не вы, ничего делать не нужно: с аккаунтом ничего не случилось.`,
  }),
}
