import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { until } from './clock.ts'
import { freePort } from './ports.ts'
import { descendants, readProcess } from './processes.ts'

/** What S3 answers to those that read its answers. No ETag looks like an MD5, so nobody compares one. */
const ETAG = '"00000000000000000000000000000000-1"'
const listing =
  '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>media</Name><Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>'
const begun =
  '<?xml version="1.0"?><InitiateMultipartUploadResult><Bucket>media</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>'
const completed = `<?xml version="1.0"?><CompleteMultipartUploadResult><Bucket>media</Bucket><Key>k</Key><ETag>${ETAG}</ETag></CompleteMultipartUploadResult>`

/**
 * The least that still takes an S3 upload: nginx, which writes what comes into memory files and answers as S3 would. It
 * checks no signature and computes nothing, so that what is measured is who sends.
 */
export interface Sink extends AsyncDisposable {
  endpoint: string
  /** Files that came whole, parts too, and their bytes. */
  taken(): { files: number; bytes: number }
  clear(): void
  /** CPU seconds of the server since it was asked last. */
  cpuSeconds(): number
}

/** @param directory in memory, such as below /dev/shm */
export async function startSink(directory: string): Promise<Sink> {
  const root = join(directory, 'root')
  mkdirSync(root, { recursive: true })
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = join(directory, 'nginx.conf')
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off; worker_processes 2; pid ${directory}/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off; client_max_body_size 0; client_body_buffer_size 256k; keepalive_requests 10000000;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  map $arg_uploadId $answer { '' '${begun}'; default '${completed}'; }
  server {
    listen 127.0.0.1:${port};
    default_type application/xml;
    location = /media { return 200 '${listing}'; }
    location = /media/ { return 200 '${listing}'; }
    location / {
      if ($request_method = POST) { return 200 $answer; }
      if ($arg_partNumber) { rewrite ^ $uri.part-$arg_partNumber break; }
      root ${root}; dav_methods PUT DELETE; create_full_put_path on;
      add_header ETag '${ETAG}';
    }
  }
}
`,
  )
  const server = spawn('nginx', ['-c', config, '-e', 'stderr'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  const gone = once(server, 'exit')
  const endpoint = `http://127.0.0.1:${port}`
  await until('the sink', () =>
    fetch(`${endpoint}/media`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const cpu = () => {
    const own = server.pid ? readProcess(server.pid) : null
    const all = [...(own ? [own] : []), ...(server.pid ? descendants(server.pid) : [])]
    return all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  }
  let before = cpu()
  return {
    endpoint,
    taken: () => contents(root),
    clear: () => rmSync(join(root, 'media'), { recursive: true, force: true }),
    cpuSeconds() {
      const now = cpu()
      const used = now - before
      before = now
      return used
    },
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM')
      await gone
    },
  }
}

/** Puts the same bytes again and again, unsigned and unread from any disk: what the sink takes when nobody else works. */
export async function drive(endpoint: string, bytes: number, times: number, atOnce = 10): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const body = Buffer.alloc(bytes, 'x')
  const startedAt = performance.now()
  let next = 0
  const lane = async () => {
    while (next < times) {
      const path = `/media/drive/${next++}`
      const call = request(`${endpoint}${path}`, { agent, method: 'PUT', headers: { 'content-length': bytes } })
      call.end(body)
      const [answer] = await once(call, 'response')
      answer.resume()
      await once(answer, 'end')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  agent.destroy()
  return (performance.now() - startedAt) / 1000
}

function contents(root: string): { files: number; bytes: number } {
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    files++
    bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return { files, bytes }
}
