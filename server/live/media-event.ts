import { defineEntity, p } from '@mikro-orm/core'

const schema = defineEntity({
  name: 'MediaEvent',
  properties: {
    id: p.string().length(64).primary(),
    receivedAt: p
      .datetime()
      .onCreate(() => new Date())
      .index(),
  },
})

/** A report of a media process that was taken in; the same one again changes nothing. */
export class MediaEvent extends schema.class {}
schema.setClass(MediaEvent)
