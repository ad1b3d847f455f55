import { App } from 'uWebSockets.js'

/** Nothing but fan-out in one process: what the library alone can do. Arguments: port. */
const app = App()
app.ws('/*', {
  maxBackpressure: 1024 * 1024,
  open: (ws) => void ws.subscribe('room'),
  message: (_ws, message) => void app.publish('room', message),
})
app.get('/*', (response) => void response.end('ok'))
app.listen('127.0.0.1', Number(process.argv[2]), () => {})
