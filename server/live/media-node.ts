import { defineEntity, p } from '@mikro-orm/core'

const schema = defineEntity({
  name: 'MediaNode',
  properties: {
    name: p.string().length(32).primary(),
    /** Where its HTTP is reached by us: `http://host:port` or `unix:/path`. */
    url: p.string().length(255),
    /** What publishers type into their encoder. */
    rtmpUrl: p.string().length(255),
    lastBeatAt: p.datetime(),
  },
})

/** A media process, as it last told of itself. */
export class MediaNode extends schema.class {}
schema.setClass(MediaNode)
