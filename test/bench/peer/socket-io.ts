import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { createClient } from 'redis'
import { Server } from 'socket.io'

/** The chat that a Node project has: Socket.IO with its Redis adapter. Arguments: port, Redis. */
const [port = '0', redisUrl = ''] = process.argv.slice(2)
const options = redisUrl.startsWith('unix:')
  ? { socket: { path: redisUrl.slice(7), tls: false as const } }
  : { url: redisUrl }
const publisher = createClient(options)
const subscriber = publisher.duplicate()
await Promise.all([publisher.connect(), subscriber.connect()])
const http = createServer((_request, response) => response.end('ok'))
const io = new Server(http, {
  transports: ['websocket'],
  adapter: createAdapter(publisher, subscriber),
  pingInterval: 60_000,
})
io.on('connection', (socket) => {
  socket.on('message', (body: string) => io.emit('message', body))
})
http.listen(Number(port), '127.0.0.1')
