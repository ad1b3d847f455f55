import { expect, it } from 'vitest'
import { closedShortcode, completionAt, matchingNames, mentions } from '../../../web/chat/mentions.ts'

it('knows when a message calls its reader, by their whole name or the first part of it', () => {
  expect(mentions('Hi @Anna, look', 'Anna Karenina')).toBe(true)
  expect(mentions('hi @anna karenina!', 'Anna Karenina')).toBe(true)
  expect(mentions('(@Anna)', 'Anna')).toBe(true)
  expect(mentions('@Annabel and ann@anna.org', 'Anna')).toBe(false)
  expect(mentions('@Karenina', 'Anna Karenina')).toBe(false)
  expect(mentions('@ anna', '')).toBe(false)
})

it('completes the name or the emoji right before the caret, and nothing else', () => {
  const at = (text: string) => completionAt(text, text.length)
  expect(at('@')).toEqual({ kind: 'name', query: '', start: 0 })
  expect(at('so @Ма')).toEqual({ kind: 'name', query: 'Ма', start: 3 })
  expect(at('@Марат Са')).toEqual({ kind: 'name', query: 'Марат Са', start: 0 })
  expect(at('nice :smi')).toEqual({ kind: 'emoji', query: 'smi', start: 5 })
  expect([at('at 10:30'), at(':s'), at('a@b'), at('@Anna '), at('https://x')]).toEqual([null, null, null, null, null])
  expect(completionAt('@An and more', 3)).toEqual({ kind: 'name', query: 'An', start: 0 })
})

it('sees the shortcode that a second colon has ended', () => {
  expect(closedShortcode('ok :smile:', 10)).toEqual({ name: 'smile', start: 3 })
  expect(closedShortcode(':+1:', 4)).toEqual({ name: '+1', start: 0 })
  expect(closedShortcode('10:30:', 6)).toBeNull()
  expect(closedShortcode(':smile: ', 8)).toBeNull()
})

it('offers names that begin so before those of which a later part does', () => {
  const names = ['Zoe Anderson', 'Hanna', 'Andrei', 'Anna', 'Anna']
  expect(matchingNames(names, 'an')).toEqual(['Andrei', 'Anna', 'Zoe Anderson'])
  expect(
    matchingNames(
      Array.from({ length: 50 }, (_, i) => `Anna ${i}`),
      'anna',
    ),
  ).toHaveLength(8)
})
