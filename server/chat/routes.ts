import { Profile } from '../accounts/profile.ts'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { publicUrl } from '../http/public-files.ts'
import { type TicketJson, ticketJson } from './contract.ts'
import { emoteRoutes } from './emote-routes.ts'
import { messageRoutes } from './message-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { RoomDesk } from './room-desk.ts'
import { roomRoutes } from './room-routes.ts'
import { type ChatPerson, signChatTicket } from './ticket.ts'

/** A guest's connection lasts as long as uWebSockets lets one, and is opened anew without being asked. */
const GUEST_SECONDS = 12 * 3600

/** Tickets for the hubs, and the rooms as the platform keeps them. */
export function chatRoutes(context: Context): Api[] {
  const desk = new RoomDesk(context)
  return [
    ticketRoutes(context),
    roomRoutes(context, desk),
    peopleRoutes(context, desk),
    messageRoutes(context, desk),
    emoteRoutes(context, desk),
  ]
}

function ticketRoutes({ config, cookies }: Context): Api {
  const api = new Api('/api/chat', 'Chat')

  api.post(
    '/ticket',
    {
      summary: 'A ticket to open one chat connection with; guests get one, too, and read.',
      access: 'anyone',
      answers: { 200: ticketJson },
    },
    async (ctx) => {
      const { em, viewer } = ctx.state
      const profile = viewer && (await em.findOneOrFail(Profile, { user: viewer.id }))
      const person: ChatPerson =
        viewer && profile
          ? {
              uid: `u:${viewer.id}`,
              name: profile.displayName,
              ...(profile.avatar ? { avatar: publicUrl(config.store, profile.avatar) } : {}),
              family: viewer.family,
              sessionEndsAt: Math.floor(viewer.expiresAtMs / 1000),
            }
          : {
              uid: `g:${cookies.guest(ctx)}`,
              name: '',
              family: null,
              sessionEndsAt: Math.floor(Date.now() / 1000) + GUEST_SECONDS,
            }
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { ticket: signChatTicket(person, 'ticket', config.secrets.jwt), url: '/ws' } satisfies TicketJson
    },
  )

  return api
}
