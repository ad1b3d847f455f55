import type { CaptionJson } from '../../server/captions/contract.ts'
import { ApiError, send } from '../api.ts'

export function captionsPath(film: string, language: string): string {
  return `${film}captions/${language}/`
}

/**
 * A file of captions, whatever its system calls it: the server looks into it.
 *
 * @throws {ApiError} with `line` where it is wrong
 */
export function sendCues(film: string, language: string, file: Blob): Promise<CaptionJson> {
  return send('PUT', captionsPath(film, language), new Blob([file], { type: 'text/vtt' }))
}

/** @throws {ApiError} */
export async function fetchCues(film: string, language: string): Promise<string> {
  const answer = await fetch(captionsPath(film, language)).catch(() => {
    throw new ApiError('', 0, 'network')
  })
  if (!answer.ok) throw new ApiError('', answer.status, 'unknown')
  return answer.text()
}
