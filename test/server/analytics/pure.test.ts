import { describe, expect, it } from 'vitest'
import { harmless, toCsv } from '../../../server/analytics/csv.ts'
import { addDays, beginOf, dayIn, stepsOf } from '../../../server/analytics/period.ts'
import { networkOf } from '../../../server/analytics/record-view.ts'

describe('periods', () => {
  it('have every day in them, also those when clocks change', () => {
    expect(stepsOf('2026-03-28', '2026-03-30', 'day')).toEqual(['2026-03-28', '2026-03-29', '2026-03-30'])
    expect(stepsOf('2028-02-28', '2028-03-01', 'day')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01'])
  })

  it('have weeks that begin on Monday, the first perhaps before the period', () => {
    expect(stepsOf('2026-01-01', '2026-01-12', 'week')).toEqual(['2025-12-29', '2026-01-05', '2026-01-12'])
    expect(beginOf('2026-01-04', 'week')).toBe('2025-12-29')
    expect(beginOf('2026-01-05', 'week')).toBe('2026-01-05')
  })

  it('have months of any length, over the end of a year', () => {
    expect(stepsOf('2026-12-31', '2027-03-01', 'month')).toEqual([
      '2026-12-01',
      '2027-01-01',
      '2027-02-01',
      '2027-03-01',
    ])
  })

  it('do not end before they begin, and are not endless', () => {
    expect(() => stepsOf('2026-02-02', '2026-02-01', 'day')).toThrow('period_reversed')
    expect(() => stepsOf('1970-01-01', '2026-01-01', 'day')).toThrow('period_too_long')
    expect(stepsOf('1990-01-01', '2026-01-01', 'month')).toHaveLength(433)
  })

  it('are counted in the days of their time zone', () => {
    const moment = new Date('2026-03-31T22:30:00Z')
    expect(dayIn('UTC', moment)).toBe('2026-03-31')
    expect(dayIn('Europe/Moscow', moment)).toBe('2026-04-01')
    expect(dayIn('America/New_York', moment)).toBe('2026-03-31')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })
})

describe('tables', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+7 999', "'+7 999"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    [' =1', "' =1"],
    ['\u200b=1', "'\u200b=1"],
    ['＝1', "'＝1"],
    ['|cmd', "'|cmd"],
    ['-12.50', '-12.50'],
    ['-', "'-"],
    [-5, '-5'],
    ['Course = fun', 'Course = fun'],
    ['', ''],
  ])('make of the cell %j the text %j', (cell, text) => {
    expect(harmless(cell)).toBe(text)
  })

  it('begin with a mark of UTF-8 and quote what needs it', () => {
    expect(toCsv(['a', 'b'], [['Курс; "x"', 'line\nbreak']])).toBe('\uFEFFa,b\r\n"Курс; ""x""","line\nbreak"\r\n')
  })
})

describe('addresses', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1234:5678:9abc:def0:1:2', '2001:db8:1234::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['local', null],
  ])('%s is kept as %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
