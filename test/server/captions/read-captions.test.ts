import { expect, it } from 'vitest'
import { arrangeChapters } from '../../../server/captions/chapter.ts'
import { cleanCueText } from '../../../server/captions/cue-text.ts'
import { readCaptions } from '../../../server/captions/read-captions.ts'
import { writeChapters, writeVtt } from '../../../server/captions/write-vtt.ts'

const read = (text: string) => readCaptions(Buffer.from(text))
const rewritten = (text: string) => writeVtt(read(text))
const one = (text: string) => `WEBVTT\n\n00:01.000 --> 00:02.000\n${text}\n`

it('WebVTT is read and written anew: sorted, with what places its cues, without notes and styles', () => {
  const vtt = `WEBVTT - of a lecture
Kind: captions

NOTE
nobody sees this

STYLE
::cue { background: url(https://evil.test/) }

2
00:00:04.000 --> 00:00:06.500 line:0 align:start onload:alert(1)
<v Айгуль>Привет!</v>

00:01.000 --> 00:02.000
Hello
there
`
  expect(rewritten(vtt)).toBe(`WEBVTT

00:00:01.000 --> 00:00:02.000
Hello
there

00:00:04.000 --> 00:00:06.500 line:0 align:start
<v Айгуль>Привет!</v>
`)
})

it('SubRip is, whatever its line ends, its mark and its type of comma', () => {
  const srt =
    '1\n00:00:01,5 --> 0:00:02,000\n{\\an8}<font color="red">Tom & Jerry</font>\n\n2\n01:00:00,000 --> 01:00:01,000\n- Да?\n- Нет.\n\n'
  const expected =
    'WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nTom &amp; Jerry\n\n01:00:00.000 --> 01:00:01.000\n- Да?\n- Нет.\n'
  for (const ends of ['\n', '\r\n', '\r']) {
    expect(rewritten(srt.replaceAll('\n', ends))).toBe(expected)
    expect(rewritten(`\uFEFF${srt.replaceAll('\n', ends)}`)).toBe(expected)
  }
  // What was written is read the same.
  expect(rewritten(expected)).toBe(expected)
})

it('the first line that is wrong is named', () => {
  const refusals: [text: string, code: string, line: number][] = [
    ['just a text\nof two lines', 'captions_unknown', 2],
    ['<html><body>WEBVTT</body></html>', 'captions_unknown', 1],
    [`${one('Hello')}\nno time here\nat all`, 'captions_line', 7],
    ['1\n00:00:01,000 -> 00:00:02,000\nHello', 'captions_unknown', 2],
    ['1\n00:00:01,000 --> 00:00:62,000\nHello', 'captions_line', 2],
    ['WEBVTT\n\n00:05.000 --> 00:04.000\nHello', 'captions_end', 3],
    ['WEBVTT\n00:01.000 --> 00:02.000\nHello\n00:02.000 --> 00:03.000\nWorld', 'captions_line', 4],
    ['WEBVTT\n\nNOTE a cue in it\n00:02.000 --> 00:03.000\nWorld', 'captions_line', 4],
    [one('a'.repeat(2001)), 'captions_too_long', 3],
  ]
  for (const [text, code, line] of refusals) {
    expect(() => read(text), text.slice(0, 40)).toThrow(expect.objectContaining({ code, details: { line } }))
  }
  for (const text of ['', 'WEBVTT', one(''), 'WEBVTT\n\nNOTE nothing']) {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'captions_empty' }))
  }
})

it('another encoding is said, with the line where it shows', () => {
  const cp1251 = Buffer.concat([
    Buffer.from('1\n00:00:01,000 --> 00:00:02,000\n'),
    Buffer.from([0xcf, 0xf0, 0xe8]),
    Buffer.from('\n'),
  ])
  expect(() => readCaptions(cp1251)).toThrow(
    expect.objectContaining({ code: 'captions_encoding', details: { line: 3 } }),
  )
  const utf16 = Buffer.from(`\uFEFF${one('Hello')}`, 'utf16le')
  expect(() => readCaptions(utf16)).toThrow(
    expect.objectContaining({ code: 'captions_encoding', details: { line: 1 } }),
  )
})

it('nothing but the tags of WebVTT is left, each of them closed', () => {
  const texts: [given: string, kept: string][] = [
    ['<script>alert(1)</script>', 'alert(1)'],
    ['<img src=x onerror=alert(1)>seen', 'seen'],
    ['<b onclick="x">bold', '<b>bold</b>'],
    ['<i>a <b>b</i> c</b>', '<i>a <b>b</b></i> c'],
    ['<c.yellow.bg_blue>loud</c>', '<c.yellow.bg_blue>loud</c>'],
    ['<v.first  Tom & Jerry >hi', '<v.first Tom &amp; Jerry>hi</v>'],
    ['<v>nobody</v>', 'nobody'],
    ['<ruby>漢<rt>kan</rt></ruby>', '<ruby>漢<rt>kan</rt></ruby>'],
    ['sing <00:00:01.500>along', 'sing <00:00:01.500>along'],
    ['1 < 2 && 3 > 2', '1 &lt; 2 &amp;&amp; 3 &gt; 2'],
    ['&lt;script&gt; &nbsp; &copy; &#60;', '&lt;script&gt; &nbsp; &amp;copy; &#60;'],
    ['a --> b', 'a --&gt; b'],
    ['zero\u0000 bell\u0007', 'zero bell'],
    ['<<b>b>', '&lt;<b>b&gt;</b>'],
  ]
  for (const [given, kept] of texts) expect(cleanCueText(given)).toBe(kept)
})

it('a file that means to be slow is not', () => {
  const started = performance.now()
  for (const text of [
    '<'.repeat(1900),
    '<b>'.repeat(600),
    '</b>'.repeat(450),
    `<${'a.'.repeat(900)}`,
    '{\\'.repeat(900),
  ]) {
    expect(read(one(`${text} words`))).toHaveLength(1)
  }
  const long = Array.from({ length: 20_000 }, (_, n) => `${n}\n00:00:01,000 --> 00:00:02,000\n<i>${n}\n`).join('\n')
  expect(read(long)).toHaveLength(20_000)
  expect(() => read(`${long}\n1\n00:00:01,000 --> 00:00:02,000\none too many`)).toThrow(
    expect.objectContaining({ code: 'captions_too_long' }),
  )
  expect(() => read(' '.repeat(900_000))).toThrow(expect.objectContaining({ code: 'captions_empty' }))
  expect(() => read(`${' '.repeat(900_000)}-->`)).toThrow(expect.objectContaining({ code: 'captions_line' }))
  expect(performance.now() - started).toBeLessThan(10_000)
})

it('chapters are put in order, the first at the beginning', () => {
  const given = [
    { start: 61.23456, title: 'Second' },
    { start: 5, title: 'First <1>' },
  ]
  const arranged = arrangeChapters(given, 120)
  expect(arranged).toEqual([
    { start: 0, title: 'First <1>' },
    { start: 61.235, title: 'Second' },
  ])
  expect(arrangeChapters([], 120)).toEqual([])
  expect(() => arrangeChapters([...given, { start: 120, title: 'Late' }], 120)).toThrow(
    expect.objectContaining({ code: 'chapter_past_end' }),
  )
  expect(() => arrangeChapters([...given, { start: 61.2346, title: 'Twin' }], 120)).toThrow(
    expect.objectContaining({ code: 'chapters_together' }),
  )
  expect(writeChapters(arranged, 120)).toBe(`WEBVTT

00:00:00.000 --> 00:01:01.235
First &lt;1&gt;

00:01:01.235 --> 00:02:10.000
Second
`)
})
