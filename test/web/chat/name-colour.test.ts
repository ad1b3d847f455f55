import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nameColours } from '../../../web/chat/name-colour.ts'

const tokens = readFileSync(new URL('../../../web/tokens.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = tokens.split(':root.wa-dark')
const token = (theme: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(theme)?.[1] ?? ''

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

const people = Array.from({ length: 5000 }, (_, id) => nameColours(`u:${id}`))

it('gives every name a contrast of at least 4.5 on every ground of both themes', () => {
  const worst = (theme: string, colour: 'light' | 'dark') =>
    Math.min(
      ...['surface', 'sunken', 'paper', 'accent-tint', 'warn-tint'].flatMap((ground) =>
        people.map((colours) => contrast(colours[colour], token(theme, ground))),
      ),
    )
  expect(worst(light, 'light')).toBeGreaterThanOrEqual(4.5)
  expect(worst(dark, 'dark')).toBeGreaterThanOrEqual(4.5)
})

it('lets the first letter of a name be read in white on its colour', () => {
  expect(Math.min(...people.map(({ light: ground }) => contrast('#ffffff', ground)))).toBeGreaterThanOrEqual(4.5)
})

it('tells people apart, neighbours in number too, and gives one person always the same', () => {
  expect(new Set(people.slice(0, 100).map((colours) => colours.light)).size).toBeGreaterThan(60)
  expect(nameColours('u:1').light).not.toBe(nameColours('u:2').light)
  expect(nameColours('u:1')).toEqual(nameColours('u:1'))
})
