import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { templates } from '../../web/locales/generated/ru.ts'

it('says everything in Russian that it says in English', () => {
  const xliff = readFileSync(new URL('../../web/locales/ru.xlf', import.meta.url), 'utf8')
  const units = [...xliff.matchAll(/<trans-unit id="([^"]+)">(.*?)<\/trans-unit>/gs)]
  const untranslated = units.filter(([, , unit]) => !unit?.includes('<target>')).map(([, id]) => id)
  const notBuilt = units.filter(([, id = '']) => !(id in templates)).map(([, id]) => id)
  expect(units.length).toBeGreaterThan(100)
  expect({ untranslated, notBuilt }).toEqual({ untranslated: [], notBuilt: [] })
})
