import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import S3rver from 's3rver'
import { type Fault, Faults } from './s3-faults.ts'
import { answerMissing } from './s3-missing.ts'
import { isSigned } from './s3-signature.ts'

/** Child process of s3.ts: `s3-server.ts <directory> <port> <bucket>`. Says its port, then every request. */
const [directory = '', port = '0', bucket = ''] = process.argv.slice(2)

/** What s3rver calls its one account, and its secret. */
const ACCOUNT = 'S3RVER'
/** What an operator sets for the bucket, so that pages may follow a redirect to it. */
const CORS = `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
<AllowedMethod>HEAD</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule></CORSConfiguration>`

const s3 = new S3rver({
  silent: true,
  directory,
  configureBuckets: [{ name: bucket, configs: [CORS] }],
  vhostBuckets: false,
})
await s3.configureBuckets()
const answer = s3.callback()
const faults = new Faults()
process.on('message', (fault: Fault) => {
  faults.plan(fault)
  process.send?.({ planned: true })
})
/** Objects that are being written: S3 shows one once it is whole, s3rver its beginning. */
const writing = new Map<string, Promise<unknown>>()
const server = createServer(async (request, response) => {
  const [path = '', query = ''] = request.url?.split('?') ?? []
  process.send?.({ request: `${request.method} ${request.url}` })
  await writing.get(path)
  if (request.method === 'PUT' && !query.includes('partNumber')) writing.set(path, once(response, 'close'))
  if (await faults.meet(request, response)) return
  // A browser asks without a signature whether it may.
  if (request.method !== 'OPTIONS' && !isSigned(request, ACCOUNT)) {
    response.writeHead(403, { 'content-type': 'application/xml' })
    response.end('<Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not match.</Message></Error>')
  } else if (!(await answerMissing(request, response, directory))) answer(request, response)
})
server.listen(Number(port), '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
