import type { TemplateResult } from 'lit'
import { expect, it } from 'vitest'
import { isJumbo, plainText, richText } from '../../../web/chat/rich-text.ts'

const emotes = new Map([['ustat', '/media/ustat.webp']])
const names = new Set(['anna', 'dr. emmett l. brown', 'марат сафин'])

/** Each node as its element's name and what is in it; text as it is. */
function nodes(text: string, me = ''): (string | [string, ...unknown[]])[] {
  return richText(text, { me, names, emotes }).map((part) => {
    if (typeof part === 'string') return part
    const { strings, values } = part as TemplateResult
    return [/<(\w+)/.exec(strings[0] ?? '')?.[1] ?? '', ...values]
  })
}

it('makes nodes of bold, italic, code, links, emotes and mentions', () => {
  expect(nodes('a **b** *c* `d` https://e.org/f?g=1 :ustat: @Anna!')).toEqual([
    'a ',
    ['strong', 'b'],
    ' ',
    ['em', 'c'],
    ' ',
    ['code', 'd'],
    ' ',
    ['a', 'https://e.org/f?g=1', 'https://e.org/f?g=1'],
    ' ',
    ['img', '/media/ustat.webp', ':ustat:', ':ustat:'],
    ' ',
    ['span', 'mention', 'Anna'],
    '!',
  ])
})

it('leaves what looks like HTML, and every address that is not the web’s, as the text that it is', () => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    'javascript:alert(1)',
    'data:text/html,<b>x</b>',
    'JaVaScRiPt://%0aalert(1)',
    'vbscript:x file:///etc/passwd',
  ]
  for (const text of hostile) expect(nodes(text)).toEqual([text])
})

it('ends a link before what would break out of it, and before the sentence’s own stop', () => {
  expect(nodes('https://e.org/"onmouseover="x')).toEqual([['a', 'https://e.org/', 'https://e.org/'], '"onmouseover="x'])
  expect(nodes('(see https://e.org/a).')).toEqual(['(see ', ['a', 'https://e.org/a', 'https://e.org/a'], ').'])
  expect(nodes('**https://e.org/a**')).toEqual([['strong', 'https://e.org/a']])
})

it('takes no star or backtick for formatting that is none', () => {
  for (const text of ['2*3*4', 'a * b * c *', '**', '****', '`', '``', 'f(*args, **kw', 'snake_case_name']) {
    expect(nodes(text)).toEqual([text])
  }
})

it('looks for a mention as long as a name that is known, and stands out for the one who is meant', () => {
  expect(nodes('@Dr. Emmett L. Brown yes')).toEqual([['span', 'mention', 'Dr. Emmett L. Brown'], ' yes'])
  expect(nodes('@марат сафин, да', 'Марат Сафин')).toEqual([['span', 'mention me', 'марат сафин'], ', да'])
  expect(nodes('@Марат, да', 'Марат Сафин')).toEqual([['span', 'mention me', 'Марат'], ', да'])
  expect(nodes('@Annabel', 'Anna')).toEqual([['span', 'mention', 'Annabel']])
  expect(nodes('mail anna@anna.org')).toEqual(['mail anna@anna.org'])
  expect(nodes('@ @@ @')).toEqual(['@ @@ @'])
})

it('shows emotes of the room alone as pictures', () => {
  expect(nodes(':unknown: 10:30:45')).toEqual([':unknown: 10:30:45'])
})

it('is done with the longest message of the worst kind at once', () => {
  const began = performance.now()
  for (const piece of ['*', '**a', '`', ':', '@', 'https://', '@a ', ':a', '<', '*a*'])
    richText(piece.repeat(2000 / piece.length), { me: 'x', names, emotes })
  expect(performance.now() - began).toBeLessThan(500)
})

it('draws a few emoji without words large', () => {
  expect(['👍', '🎉🎉', '👨‍👩‍👧‍👦 🇰🇿', ':ustat:', '❤️'].map((text) => isJumbo(text, emotes))).toEqual(
    Array(5).fill(true),
  )
  expect(['👍 yes', '123', '🎉🎉🎉🎉', ':unknown:', '#', ''].map((text) => isJumbo(text, emotes))).toEqual(
    Array(6).fill(false),
  )
})

it('names a message without its marks', () => {
  expect(plainText('Why is **minus** in `f(x)` *so*? https://e.org/a @Anna :ustat: 2*3*4')).toBe(
    'Why is minus in f(x) so? https://e.org/a @Anna :ustat: 2*3*4',
  )
})
