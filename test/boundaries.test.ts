import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

/** What each top-level folder may take from the others: `values` at run time, `types` by `import type`. */
const mayImport: Record<string, { values?: RegExp; types?: RegExp }> = {
  config: {},
  media: { values: /^config\// },
  server: {
    values: /^(config|media\/storage|media\/files|media\/packager\/(media|multivariant)-playlist)/,
    types: /^media\/host\.ts$/,
  },
  web: { types: /^server\/([a-z]+\/([a-z]+-)?contract|chat\/protocol)\.ts$/ },
}

const relativeImport = /^(import type|import|export)\b[^']*?from '(\.[^']*)'/gm

for (const [folder, { values, types }] of Object.entries(mayImport)) {
  test(`${folder} stays within its imports`, () => {
    for (const file of globSync(`${folder}/**/*.ts`)) {
      for (const [, kind, path = ''] of readFileSync(file, 'utf8').matchAll(relativeImport)) {
        const target = join(dirname(file), path)
        const isAllowed =
          target.startsWith(`${folder}/`) || values?.test(target) || (kind === 'import type' && types?.test(target))
        expect(isAllowed, `${file} may not import ${path}`).toBe(true)
      }
    }
  })
}

test('only the two servers import uWebSockets.js', () => {
  const files = globSync('{config,media,server}/**/*.ts').filter((file) =>
    /^import (?!type).*from 'uWebSockets\.js'/m.test(readFileSync(file, 'utf8')),
  )
  expect(files.filter((file) => !['media/packager/hls-server.ts', 'server/chat/hub.ts'].includes(file))).toEqual([])
})

test('only config reads the environment', () => {
  const files = globSync('{media,server,web}/**/*.ts').filter((file) =>
    readFileSync(file, 'utf8').includes('process.env'),
  )
  expect(files).toEqual([])
})
