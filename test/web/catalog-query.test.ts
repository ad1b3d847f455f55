import { describe, expect, it } from 'vitest'
import {
  addressOf,
  countFilters,
  pageLinks,
  parseFilters,
  requestOf,
  withFilter,
  withoutFilters,
} from '../../web/courses/catalog-query.ts'

describe('the address of the catalogue', () => {
  it('holds all that is shown, and gives it back', () => {
    const address =
      '/courses?search=%D0%B7%D0%B2%D1%83%D0%BA&category=zvuk&is_free=false&price_min=100&price_max=2000.50&ordering=-price&page=3'
    const filters = parseFilters(address.slice('/courses'.length))
    expect(filters).toEqual({
      ...{ search: 'звук', category: 'zvuk', is_free: 'false', price_min: '100', price_max: '2000.50' },
      ...{ ordering: '-price', page: 3 },
    })
    expect(addressOf(filters)).toBe(address)
  })

  it('leaves out what nobody offers', () => {
    const hostile =
      '?category=%3Cscript%3E&is_free=maybe&price_min=-1&price_max=1e9&difficulty=god&type=live&language=../x&ordering=password&page=0&status=draft'
    expect(parseFilters(hostile)).toEqual({ page: 1 })
    expect(parseFilters(`?search=${'a'.repeat(201)}&page=99999999`)).toEqual({ page: 1 })
  })

  it('is short while nothing is chosen', () => {
    expect(addressOf({ page: 1 })).toBe('/courses')
  })
})

describe('filters', () => {
  it('begin at the first page when one changes, and go when they are taken away', () => {
    const filters = parseFilters('?search=a&difficulty=beginner&page=4')
    expect(withFilter(filters, { type: 'video' })).toEqual({
      search: 'a',
      difficulty: 'beginner',
      type: 'video',
      page: 1,
    })
    expect(withFilter(filters, { difficulty: undefined })).toEqual({ search: 'a', page: 1 })
  })

  it('are cleared without what was looked for, and counted without it', () => {
    const filters = parseFilters('?search=a&ordering=price&is_free=true&language=ru&page=2')
    expect(countFilters(filters)).toBe(2)
    expect(withoutFilters(filters)).toEqual({ search: 'a', ordering: 'price', page: 1 })
  })

  it('ask for the best match unless another order is wanted', () => {
    expect(requestOf(parseFilters('?search=a'))).toBe('/api/courses/search/?search=a&page=1&page_size=12')
    expect(requestOf(parseFilters('?search=a&ordering=price'))).toBe(
      '/api/courses/?search=a&ordering=price&page=1&page_size=12',
    )
  })
})

it('links the first page, the last and the neighbours, and leaves out no single one', () => {
  expect(pageLinks(1, 1)).toEqual([1])
  expect(pageLinks(1, 9)).toEqual([1, 2, null, 9])
  expect(pageLinks(5, 9)).toEqual([1, null, 4, 5, 6, null, 9])
  expect(pageLinks(4, 6)).toEqual([1, 2, 3, 4, 5, 6])
})
