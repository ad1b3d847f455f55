import type { AddressInfo } from 'node:net'
import type { User } from '../../../server/accounts/user.ts'
import { HttpChatHost } from '../../../server/chat/host-client.ts'
import { ChatKeeper } from '../../../server/chat/persist-messages.ts'
import { INTERNAL_SECRET, startServer, type TestServer } from '../../support/server.ts'
import { aHub, Client, type TestHub } from './hub.ts'

type Agent = ReturnType<TestServer['visitor']>

/** The platform, a hub that asks it, and the worker that writes messages down. */
export interface TestChat extends AsyncDisposable {
  server: TestServer
  hub: TestHub
  /** Another one beside it. */
  other: TestHub
  keeper: ChatKeeper
  /** A page with the chat; of a guest without a user. */
  connect(user: User | null, to?: TestHub): Promise<Client>
  /** Of each person one browser, signed in once. */
  as(user: User | null): Promise<Agent>
}

export async function startChat(): Promise<TestChat> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer())
  const { port } = server.server.address() as AddressInfo
  const aNode = () =>
    aHub(new HttpChatHost(`http://127.0.0.1:${port}`, INTERNAL_SECRET), {
      ticketSecret: server.config.secrets.jwt,
      revocations: server.context.revocations,
    })
  const hub = stack.use(await aNode())
  const other = stack.use(await aNode())
  const { orm, redis, log } = server.context
  const keeper = stack.use(new ChatKeeper(orm, redis, log))
  const agents = new Map<User | null, Promise<Agent>>()
  const as = (user: User | null) => {
    const agent = agents.get(user) ?? (user ? server.signIn(user) : Promise.resolve(server.visitor()))
    agents.set(user, agent)
    return agent
  }
  const owned = stack.move()
  return {
    server,
    hub,
    other,
    keeper,
    as,
    async connect(user, to = hub) {
      const { body } = await (await as(user)).post('/api/chat/ticket/').expect(200)
      return Client.open(to.url, {}, `t.${body.ticket}`)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
