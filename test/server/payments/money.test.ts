import { describe, expect, it } from 'vitest'
import { discounted, fromMinor, minimumAbove, rounded, toMinor } from '../../../server/payments/money.ts'

describe('amounts in smallest units', () => {
  it('are exact where floats are not', () => {
    expect(toMinor('19.99', 'RUB')).toBe(1999)
    expect(toMinor('99999999.99', 'USD')).toBe(9_999_999_999)
    expect(toMinor('0.29', 'EUR')).toBe(29)
    expect(fromMinor(1999, 'RUB')).toBe('19.99')
  })

  it('know currencies without a fraction, with three digits, and those that are only told in hundredths', () => {
    expect(toMinor('500.00', 'JPY')).toBe(500)
    expect(fromMinor(500, 'JPY')).toBe('500.00')
    expect(toMinor('5.12', 'KWD')).toBe(5120)
    expect(fromMinor(5120, 'KWD')).toBe('5.12')
    expect(toMinor('500.00', 'ISK')).toBe(50_000)
  })

  it('round half up to what can be paid', () => {
    expect(rounded('100.50', 'JPY')).toBe('101.00')
    expect(rounded('100.49', 'UGX')).toBe('100.00')
    expect(rounded('0.005', 'RUB')).toBe('0.01')
  })
})

describe('a discount', () => {
  it('of a percentage is rounded half up in the smallest unit', () => {
    expect(discounted('10.10', 'RUB', { percent: 5 })).toBe('9.59')
    expect(discounted('19.99', 'RUB', { percent: 50 })).toBe('9.99')
    expect(discounted('0.30', 'USD', { percent: 33 })).toBe('0.20')
    expect(discounted('1005.00', 'JPY', { percent: 10 })).toBe('904.00')
    expect(discounted('19.99', 'RUB', { percent: 100 })).toBe('0.00')
  })

  it('of an amount never goes below nothing', () => {
    expect(discounted('19.99', 'RUB', { amount: '5.00' })).toBe('14.99')
    expect(discounted('3.00', 'RUB', { amount: '5.00' })).toBe('0.00')
  })
})

it('what is less than can be charged is told, by currency', () => {
  expect(minimumAbove('0.30', 'USD')).toBe('0.50')
  expect(minimumAbove('0.30', 'GBP')).toBeNull()
  expect(minimumAbove('49.00', 'JPY')).toBe('50.00')
  expect(minimumAbove('0.30', 'RUB')).toBeNull()
})
