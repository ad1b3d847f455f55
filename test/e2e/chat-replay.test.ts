import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MessagesJson } from '../../server/chat/contract.ts'
import type { ChatPieceJson } from '../../server/vod/contract.ts'
import type { LivePlayer } from '../../web/player/live-player.ts'
import type { VodPlayer } from '../../web/player/vod-player.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { framesOf, openBrowser, positionOf, seek, type Visitor } from './browser.ts'
import { guestOf, slug, untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** What a class said in a show, with a hole in it, stands beside its recording at the picture that they saw. */
let platform: Platform
let visitor: Visitor

beforeAll(async () => {
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
})

/** When the frame was taken that is on the screen, by the server's clock. */
const pictureOf = (player: 'live-player' | 'vod-player') =>
  visitor.page
    .locator(player)
    .evaluate((element) => (element as LivePlayer | VodPlayer).playback.playingDateMs ?? Number.NaN)

async function seesMore(frames: number): Promise<void> {
  const before = await framesOf(visitor.page, 'live-player')
  await expect.poll(() => framesOf(visitor.page, 'live-player'), { timeout: 30_000 }).toBeGreaterThan(before + frames)
}

/** @returns the picture that its author had before them */
async function write(text: string): Promise<number> {
  const { page } = visitor
  await page.locator('chat-panel textarea').fill(text)
  const picture = await pictureOf('live-player')
  await page.keyboard.press('Enter')
  await expect
    .poll(() => page.locator('chat-panel li[data-id] .text').allInnerTexts(), { timeout: 10_000 })
    .toContain(text)
  return picture
}

const shown = () => visitor.page.locator('chat-replay li[data-id] .text').allInnerTexts()

it('a show’s chat is replayed beside its recording, at the picture that its authors saw', async () => {
  const { page } = visitor
  const url = await platform.publishUrl()
  const publisher = await publish(url)
  const { recording } = await untilLive(platform)
  await page.goto(`${platform.url}/sign-in?next=/c/${slug}`)
  await page.locator('wa-input[name="email"] input').fill('student@ustat.local')
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await page.locator('chat-panel textarea').waitFor({ timeout: 20_000 })
  await seesMore(60)
  const pictures = new Map<string, number>()
  pictures.set('before the hole', await write('before the hole'))
  await publisher.crash()
  await expect.poll(() => pictureOf('live-player')).toBeGreaterThan(0)
  await using again = await publish(url)
  await seesMore(120)
  pictures.set('after the hole', await write('after the hole'))
  pictures.set('a slip', await write('a slip'))
  await seesMore(60)
  await again.stop()
  await untilRecorded(platform, recording)

  const piece = async (): Promise<ChatPieceJson> => {
    const { chat_url } = await untilRecorded(platform, recording)
    const answer = await fetch(platform.url + (chat_url ?? '/nowhere').replace('{piece}', '0'))
    if (answer.status !== 200) throw new Error(`the chat answers ${answer.status}`)
    return answer.json()
  }
  await expect.poll(() => piece().catch(String), { timeout: 30_000 }).toHaveProperty('messages')
  const { messages } = await piece()
  expect(messages.map(({ text }) => text)).toEqual([...pictures.keys()])

  await page.goto(`${platform.url}/recordings/${recording}`)
  await expect.poll(() => framesOf(page, 'vod-player'), { timeout: 20_000 }).toBeGreaterThan(5)
  await page.locator('vod-player video').evaluate((video) => (video as HTMLVideoElement).pause())
  for (const { text, at } of messages) {
    await seek(page, 'vod-player', at - 1)
    await expect.poll(shown, { timeout: 10_000 }).not.toContain(text)
    await seek(page, 'vod-player', at)
    await expect.poll(shown, { timeout: 10_000 }).toContain(text)
    await expect
      .poll(() => pictureOf('vod-player'), { timeout: 10_000 })
      .toBeGreaterThan((pictures.get(text) ?? 0) - 1000)
    expect(await pictureOf('vod-player')).toBeLessThan((pictures.get(text) ?? 0) + 1000)
  }

  // Its time leads to its picture.
  const [first, , slip] = messages
  await page.locator('chat-replay li[data-id]', { hasText: 'before the hole' }).getByRole('button').click()
  await expect
    .poll(() => positionOf(page, 'vod-player'), { timeout: 10_000 })
    .toBeGreaterThanOrEqual((first?.at ?? 0) - 0.1)
  await expect.poll(shown, { timeout: 10_000 }).not.toContain('a slip')

  const teacher = await platform.signIn('teacher@ustat.local')
  const { chat_room: room } = await untilRecorded(platform, recording)
  const { results } = (await (await teacher(`/api/rooms/${room}/messages/`)).json()) as MessagesJson
  const found = results.find(({ text }) => text === 'a slip')
  expect(found?.id).toBe(slip?.id)
  expect((await teacher(`/api/rooms/${room}/messages/${found?.id}/`, { method: 'DELETE' })).status).toBe(204)
  await expect.poll(() => piece().then(({ messages: left }) => left.length, String), { timeout: 20_000 }).toBe(2)
  expect((await guestOf(platform)(`/api/rooms/${room}/messages/`)).status).toBe(200)
  await page.reload()
  await expect.poll(() => framesOf(page, 'vod-player'), { timeout: 20_000 }).toBeGreaterThan(5)
  await seek(page, 'vod-player', (slip?.at ?? 0) + 1)
  await expect.poll(shown, { timeout: 10_000 }).toEqual(['before the hole', 'after the hole'])
  expect(visitor.problems).toEqual([])
}, 150_000)
