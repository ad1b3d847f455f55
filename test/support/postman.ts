import converter from 'openapi-to-postmanv2'
import { examples } from '../../server/http/openapi-texts.ts'

/** An OpenAPI document as a Postman collection of requests: the same text for the same document. */
export async function postmanCollection(document: object): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const options = { folderStrategy: 'Tags', includeAuthInfoInExample: false }
  const data = JSON.parse(JSON.stringify({ ...document, servers: [{ url: 'http://localhost:8080' }] }, withoutChoice))
  converter.convertV2({ type: 'json', data }, options, (error, { result, reason, output }) => {
    if (error || !result) reject(error ?? new Error(reason))
    else resolve(output?.[0]?.data)
  })
  return `${JSON.stringify(await promise, withoutChance, 1)}\n`
}

/** The converter takes one of several values by chance, and makes up one that fits a pattern, and keys of a record. */
function withoutChoice(key: string, value: unknown): unknown {
  if (key === 'pattern' && typeof value === 'string') return undefined
  if (key === 'additionalProperties' || key === 'propertyNames') return undefined
  return key === 'enum' && Array.isArray(value) ? value.slice(0, 1) : value
}

/** Ids are rolled anew each time, and a collection is imported without them as well; made-up answers help nobody. */
function withoutChance(key: string, value: unknown): unknown {
  if ((key === 'id' || key === '_postman_id') && typeof value === 'string') return undefined
  if (key === 'request') return withExample(value as Request)
  return key === 'response' && Array.isArray(value) ? [] : value
}

interface Request {
  method: string
  url: { path: string[] }
  body?: { raw?: string }
}

/** The converter fills bodies with the names of types; where there is an example it is to be sent. */
function withExample(request: Request): Request {
  const example = examples[`${request.method.toLowerCase()} /${request.url.path.join('/')}`]
  return example ? { ...request, body: { ...request.body, raw: JSON.stringify(example, null, 2) } } : request
}
