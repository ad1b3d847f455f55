import { Migrator } from '@mikro-orm/migrations'
import { type EntityManager, MikroORM, type Options } from '@mikro-orm/postgresql'
import { AuthToken } from '../accounts/auth-token.ts'
import { Profile } from '../accounts/profile.ts'
import { User } from '../accounts/user.ts'
import { Channel } from '../channels/channel.ts'
import { Broadcast } from '../live/broadcast.ts'
import { MediaEvent } from '../live/media-event.ts'
import { MediaNode } from '../live/media-node.ts'
import { Recording } from '../vod/recording.ts'

export type Orm = MikroORM
export type { EntityManager }

/** @param overrides for tests and the migration command */
export function ormOptions(url: string, overrides: Partial<Options> = {}): Options {
  return {
    clientUrl: url,
    entities: [User, Profile, AuthToken, Channel, Broadcast, MediaNode, MediaEvent, Recording],
    extensions: [Migrator],
    migrations: {
      path: `${import.meta.dirname}/migrations`,
      pathTs: `${import.meta.dirname}/migrations`,
      glob: '*.ts',
      emit: 'ts',
      // A new migration is the difference to a migrated database, not to a file that two branches fight over.
      snapshot: false,
    },
    forceUtcTimezone: true,
    // A pool that waits for ever turns a database outage into requests that hang.
    pool: { min: 0, max: 20 },
    driverOptions: { connectionTimeoutMillis: 3000, keepAlive: true },
    // What goes wrong is thrown; standard output is for our own log.
    logger: () => {},
    ...overrides,
  }
}

/** Does not connect: the first query does. */
export async function openOrm(url: string, overrides: Partial<Options> = {}): Promise<Orm> {
  return MikroORM.init(ormOptions(url, overrides))
}
