import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../config/config.ts'
import { createApp } from '../../server/app.ts'
import { createContext } from '../../server/context.ts'
import { listen } from '../../server/listen.ts'
import { createLogger } from '../../server/logger.ts'

/** The api as it runs in production, but for its allowances: one visitor asks for thousands. */
const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '' },
    redis: { type: 'string', default: '' },
    listen: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
  },
})
const secret = () => randomBytes(32).toString('base64')
const config = loadConfig({
  NODE_ENV: 'production',
  PUBLIC_URL: `http://${values.listen}`,
  LISTEN: values.listen,
  DATA_DIR: values.data,
  DATABASE_URL: values.database,
  REDIS_URL: values.redis,
  JWT_SECRET: secret(),
  TOKEN_SECRET: secret(),
  STREAM_KEY_SECRET: secret(),
  INTERNAL_SECRET: secret(),
})
const log = createLogger('api', 'warn')
const context = await createContext(config, { role: 'api', log, limitFactor: 1e6 })
await listen(config.listen, createApp(context, { limitFactor: 1e6 }).callback())
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
