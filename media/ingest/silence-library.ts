import logger from 'node-media-server/src/core/logger.js'

// node-media-server prints stream keys ("start push /live/KEY", unknown commands whole) at info and at error. Its lines
// tell us nothing that our own do not, so none of them is printed.
for (const level of ['log', 'trace', 'debug', 'info', 'warn', 'error'] as const) logger[level] = () => {}
