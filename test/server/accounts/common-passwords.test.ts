import { expect, it } from 'vitest'
import { isCommonPassword } from '../../../server/accounts/common-passwords.ts'

it.each([
  ...[
    '1234567890',
    '0987654321',
    '1111111111',
    '1212121212',
    'abcdefghij',
    '1q2w3e4r5t',
    '1qaz2wsx3edc',
    'q1w2e3r4t5y6',
  ],
  ...['qwertyuiop', 'qwerty12345', 'asdfghjkl1', 'zxcvbnm123', 'йцукенгшщз', 'йцукен12345', 'qazwsxedc1'],
  ...['password12', 'passwordpassword', 'Password2024', 'P@ssw0rd2024!', 'pa55word123', 'my password', 'passw0rd!!'],
  ...[
    'iloveyou123',
    'administrator',
    'welcome2023',
    'letmein12345',
    'michael123456',
    'princess2010',
    'trustno1trustno1',
  ],
  ...['Пароль12345', 'наташа1985', 'любовь12345', 'спартак2020', 'бишкек2024 manas'.replace('бишкек', 'bishkek')],
])('knows that %s is guessed first', (password) => {
  expect(isCommonPassword(password)).toBe(true)
})

it.each([
  ...[
    'correct horse battery',
    'violet umbrella 9',
    'another password',
    'wrong password',
    'demo-password',
    'tK8#vQz2pL',
  ],
  ...['кобыла щавель телега', 'the lovely autumn school of my sister', 'umbrella number 7', 'x7Kp-mm2w-Qz9f'],
])('lets %s be', (password) => {
  expect(isCommonPassword(password)).toBe(false)
})

it('takes no longer for a long one', () => {
  const start = performance.now()
  for (let time = 0; time < 20; time++) isCommonPassword('a1b2'.repeat(50))
  expect(performance.now() - start).toBeLessThan(1000)
})
