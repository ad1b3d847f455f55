import { expect, it } from 'vitest'
import { readCaptions } from '../../server/captions/read-captions.ts'
import { writeVtt as writeServed } from '../../server/captions/write-vtt.ts'
import { firstProblem, parseVtt, secondsOf, timeText, withCueAt, writeVtt } from '../../web/captions/cues.ts'
import { firstChapterProblem, fromJson, toJson } from '../../web/captions/edited-chapters.ts'
import { languageTag } from '../../web/captions/languages.ts'
import { chapterAt } from '../../web/player/chapters.ts'
import { chooseCaptions } from '../../web/player/chosen-captions.ts'

it('a time is read as people write it, and nothing else is a time', () => {
  const times: [text: string, seconds: number | null][] = [
    ['1:02:03.5', 3723.5],
    ['00:00:01,250', 1.25],
    ['2:03', 123],
    [' 75 ', 75],
    ['3,5', 3.5],
    ['', null],
    ['1:60', null],
    ['60:00', null],
    ['-1', null],
    ['1:2:3:4', null],
    ['1.2345', null],
    ['soon', null],
  ]
  for (const [text, seconds] of times) expect(secondsOf(text), text).toBe(seconds)
  for (const seconds of [0, 0.001, 59.9994, 59.9996, 3599.999, 3600, 86_399.5]) {
    expect(secondsOf(timeText(seconds)), timeText(seconds)).toBeCloseTo(seconds, 3)
  }
})

it('what the server wrote is edited and sent back without a loss', () => {
  const source = `WEBVTT

00:00:01.000 --> 00:00:02.000
Tom & Jerry &lt;3 &amp;lt;

01:00:04.000 --> 01:00:06.500 line:0 align:start
<v Айгуль>Привет!</v>
- Да
`
  const served = writeServed(readCaptions(Buffer.from(source)))
  const cues = parseVtt(served)
  expect(cues).toEqual([
    { start: '00:01.000', end: '00:02.000', settings: '', text: 'Tom & Jerry &lt;3 &amp;lt;' },
    { start: '01:00:04.000', end: '01:00:06.500', settings: 'line:0 align:start', text: '<v Айгуль>Привет!</v>\n- Да' },
  ])
  expect(writeServed(readCaptions(Buffer.from(writeVtt(cues))))).toBe(served)
  const odd = [{ start: '1', end: '2,5', settings: '', text: 'first\n\n  \n00:05 --> 00:06\nlast' }]
  expect(readCaptions(Buffer.from(writeVtt(odd)))).toEqual([
    { start: 1, end: 2.5, settings: '', text: 'first\n00:05 --&gt; 00:06\nlast' },
  ])
})

it('a new caption stands in its place and ends before the next one; the first wrong row is named', () => {
  const cue = (start: string, end: string, text = 'x') => ({ start, end, text, settings: '' })
  const there = [cue('1', '2'), cue('10', '12')]
  expect(withCueAt(there, 8)).toEqual({ row: 1, cues: [there[0], cue('00:08.000', '00:10.000', ''), there[1]] })
  expect(withCueAt(there, 20)).toMatchObject({ row: 2, cues: [{}, {}, { start: '00:20.000', end: '00:23.000' }] })
  expect(withCueAt([], 0).cues).toHaveLength(1)
  expect(firstProblem(there)).toBeNull()
  expect(firstProblem([...there, cue('soon', '2')])).toEqual({ row: 2, kind: 'start' })
  expect(firstProblem([cue('1', 'later'), ...there])).toEqual({ row: 0, kind: 'end' })
  expect(firstProblem([cue('2', '2')])).toEqual({ row: 0, kind: 'order' })
  expect(firstProblem([cue('1', '2', ' \n')])).toEqual({ row: 0, kind: 'text' })
})

it('chapters are sorted before they are sent, each with a name', () => {
  const rows = [
    { start: '1:00', title: ' Later ' },
    { start: '0', title: 'First' },
  ]
  expect(toJson(rows)).toEqual([
    { start: 0, title: 'First' },
    { start: 60, title: 'Later' },
  ])
  expect(toJson(fromJson(toJson(rows)))).toEqual(toJson(rows))
  expect(firstChapterProblem(rows)).toBeNull()
  expect(firstChapterProblem([...rows, { start: '2:00', title: ' ' }])).toEqual({ row: 2, kind: 'title' })
  expect(firstChapterProblem([{ start: 'x', title: '' }, ...rows])).toEqual({ row: 0, kind: 'start' })
})

it('the chapter that plays is the last that has begun', () => {
  const chapters = toJson([
    { start: '0', title: 'a' },
    { start: '10', title: 'b' },
  ])
  expect([0, 9.9, 9.96, 10, 99].map((seconds) => chapterAt(chapters, seconds))).toEqual([0, 0, 1, 1, 1])
  expect(chapterAt([], 5)).toBe(-1)
})

it('captions are shown in the language that was on, or its nearest relative', () => {
  expect(chooseCaptions('ru', ['en', 'ru'])).toBe('ru')
  expect(chooseCaptions('pt-BR', ['en', 'pt'])).toBe('pt')
  expect(chooseCaptions('en', ['en-GB', 'en'])).toBe('en')
  expect(chooseCaptions('en', ['eng', 'fr'])).toBeNull()
  expect(chooseCaptions('', ['en'])).toBeNull()
  expect([languageTag(' EN-us '), languageTag('pt_BR'), languageTag('')]).toEqual(['en-US', null, null])
})
