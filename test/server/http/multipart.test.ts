import { describe, expect, it } from 'vitest'
import { boundaryOf, readParts } from '../../../server/http/multipart.ts'

async function* inPieces(body: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size)
}

async function read(body: Buffer | string, size = 7, boundary = 'xyz') {
  const parts: { name: string; fileName: string | null; text: string }[] = []
  for await (const { name, fileName, body: bytes } of readParts(inPieces(Buffer.from(body), size), boundary)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    parts.push({ name, fileName, text: Buffer.concat(chunks).toString('latin1') })
  }
  return parts
}

/** Full of what looks like a boundary. */
const tricky = '\r\n--xy\r\n--xyZ\r\n-\r\n\r\n--\r\r\n--x'
const form = [
  'preamble\r\n--xyz',
  'Content-Disposition: form-data; name="text"\r\n\r\nhello',
  `content-type: image/png\r\nCONTENT-DISPOSITION: form-data; name="files"; filename="a.png"\r\n\r\n${tricky}`,
  'Content-Disposition: form-data; name="empty"; filename=""\r\n\r\n',
]
  .join('\r\n--xyz\r\n')
  .replace('preamble\r\n--xyz\r\n--xyz', 'preamble\r\n--xyz')

describe('a form', () => {
  it('is read the same however it is cut into chunks', async () => {
    const whole = `${form}\r\n--xyz--\r\nepilogue`
    for (let size = 1; size <= whole.length; size += 1) {
      expect(await read(whole, size)).toEqual([
        { name: 'text', fileName: null, text: 'hello' },
        { name: 'files', fileName: 'a.png', text: tricky },
        { name: 'empty', fileName: 'file', text: '' },
      ])
    }
  })

  it('need not be read part by part: what is skipped is skipped', async () => {
    const names: string[] = []
    for await (const { name } of readParts(inPieces(Buffer.from(`${form}\r\n--xyz--`), 5), 'xyz')) names.push(name)
    expect(names).toEqual(['text', 'files', 'empty'])
  })

  it('is refused wherever it breaks off', async () => {
    const whole = `${form}\r\n--xyz--`
    for (let length = 0; length < whole.length; length += 1) {
      await expect(read(whole.slice(0, length), 11)).rejects.toMatchObject({ code: 'malformed_form' })
    }
  })

  it.each([
    ['without a name', '--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--'],
    ['of another disposition', '--xyz\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--xyz--'],
    ['with headers without end', `--xyz\r\n${'a'.repeat(10_000)}`],
    ['of too many parts', `${'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(60)}--xyz--`],
    ['with something behind its boundary', '--xyzContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--xyz--'],
  ])('is refused %s', async (_, body) => {
    await expect(read(body, 1000)).rejects.toMatchObject({ code: 'malformed_form' })
  })

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\\\Users\\\\me\\\\work.doc', 'work.doc'],
    ['say %22hi%22.txt', 'say "hi".txt'],
    ['say \\"hi\\".txt', 'say "hi".txt'],
    ['a\u0000b\u202e.txt', 'ab.txt'],
    ['..', '..'],
    ['/', 'file'],
    [`${'я'.repeat(300)}.txt`, 'я'.repeat(200)],
  ])('names a file %s without its path', async (sent, name) => {
    const body = `--xyz\r\nContent-Disposition: form-data; name="a"; filename="${sent}"\r\n\r\nx\r\n--xyz--`
    expect((await read(body))[0]?.fileName).toBe(name)
  })

  it('has a boundary, quoted or bare', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc')
    expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b;c"')).toBe('a b;c')
    expect(boundaryOf('multipart/form-data')).toBeNull()
    expect(boundaryOf(`multipart/form-data; boundary=${'a'.repeat(71)}`)).toBeNull()
  })
})
