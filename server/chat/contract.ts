import { z } from 'zod'

/** What opens a connection to the chat, once and within a minute. */
export const ticketJson = z.object({
  ticket: z.string(),
  /** Path of the socket on this origin; the ticket goes in as a subprotocol, `t.<ticket>`, behind `chat.v1`. */
  url: z.string(),
})
export type TicketJson = z.infer<typeof ticketJson>
