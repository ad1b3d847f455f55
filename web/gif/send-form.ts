import { ApiError, csrfHeaders } from '../api.ts'

/**
 * Sends a form whose files take their time: `fetch` tells nothing of what has gone out.
 *
 * @param onProgress a share, 0–1
 * @throws {ApiError}; what `signal` says when it is given up
 */
export async function sendForm<T>(
  path: string,
  form: FormData,
  { signal, onProgress }: { signal: AbortSignal; onProgress(share: number): void },
): Promise<T> {
  try {
    return await sendOnce<T>(path, form, await csrfHeaders(), signal, onProgress)
  } catch (error) {
    if (!(error instanceof ApiError) || !error.code.startsWith('csrf')) throw error
    return sendOnce<T>(path, form, await csrfHeaders({ isStale: true }), signal, onProgress)
  }
}

function sendOnce<T>(
  path: string,
  form: FormData,
  headers: Record<string, string>,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<T> {
  signal.throwIfAborted()
  const request = new XMLHttpRequest()
  const stop = () => request.abort()
  return new Promise<T>((resolve, reject) => {
    request.open('POST', path)
    request.responseType = 'json'
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Accept-Language', document.documentElement.lang || 'en')
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
    request.onload = () => {
      if (request.status < 300) resolve(request.response as T)
      else reject(refusalOf(request.status, request.response))
    }
    request.onerror = () => reject(new ApiError('', 0, 'network'))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
    request.send(form)
  }).finally(() => signal.removeEventListener('abort', stop))
}

function refusalOf(status: number, said: unknown): ApiError {
  const { detail, code, ...fields } = (said ?? {}) as Record<string, unknown>
  const [first] = Object.values(fields).flat()
  const sentence = typeof detail === 'string' ? detail : typeof first === 'string' ? first : ''
  return new ApiError(sentence, status, typeof code === 'string' ? code : 'unknown')
}
