export const sourceLocale = 'en'
export const targetLocales = ['ru'] as const
export const allLocales = ['en', 'ru'] as const
