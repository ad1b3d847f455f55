import { expect, it } from 'vitest'
import { isLoopback, limitKey, plainAddress } from '../../../media/ingest/addresses.ts'

it('writes IPv4 in its own form', () => {
  expect(plainAddress('::ffff:192.0.2.7')).toBe('192.0.2.7')
  expect(plainAddress('192.0.2.7')).toBe('192.0.2.7')
  expect(plainAddress('2001:db8::7')).toBe('2001:db8::7')
})

it('knows this machine', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1'].every(isLoopback)).toBe(true)
  expect(['192.0.2.7', '2001:db8::1', '::2'].some(isLoopback)).toBe(false)
})

it('counts a customer of IPv6 as one, and every IPv4 address by itself', () => {
  expect(limitKey('192.0.2.7')).toBe('192.0.2.7')
  expect(limitKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(limitKey('2001:db8:1:2::9')).toBe('2001:db8:1:2')
  expect(limitKey('2001:db8::9')).toBe('2001:db8:0:0')
  expect(limitKey('fe80::1%eth0')).toBe('fe80:0:0:0')
  expect(limitKey('::1')).toBe('0:0:0:0')
})
