import type { Agent } from 'supertest'

export const tus = { 'Tus-Resumable': '1.0.0' }
export const offset = { ...tus, 'Content-Type': 'application/offset+octet-stream' }
export const metadata = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')

/** A video with an upload that waits for its first byte. */
export async function announce(agent: Agent, size: number, file_name = 'clip.mp4') {
  const { body } = await agent.post('/api/videos/').send({ file_name, size }).expect(201)
  await agent
    .post('/api/uploads')
    .set({ ...tus, 'Upload-Length': String(size), 'Upload-Metadata': metadata({ video: body.id }) })
    .expect(201)
    .expect('Location', `/api/uploads/${body.id}`)
  return body as { id: string; upload_url: string }
}

/** @returns the id of a video whose file has arrived whole */
export async function upload(agent: Agent, bytes: Buffer, file_name?: string) {
  const { id, upload_url } = await announce(agent, bytes.length, file_name)
  await agent
    .patch(upload_url)
    .set({ ...offset, 'Upload-Offset': '0' })
    .send(bytes)
    .expect(204)
  return id
}
