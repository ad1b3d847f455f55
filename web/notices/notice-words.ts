import { msg, str } from '@lit/localize'
import type { NoticeAbout } from '../../server/chat/protocol.ts'
import { moneyText } from '../courses/course-words.ts'
import type { IconName } from '../ui/icons.ts'

interface NoticeWords {
  title: string
  body: string
  icon: IconName
}

/** A notice in the page's language. */
export function noticeWords({ kind, data }: Pick<NoticeAbout, 'kind' | 'data'>): NoticeWords {
  const { channel = '', title = '', course = '', lesson = '', amount = '', currency = '' } = data
  switch (kind) {
    case 'live':
      return { title: msg(str`${channel} is live`), body: title, icon: 'broadcast' }
    case 'lesson':
      return { title: msg(str`New lesson: ${lesson}`), body: course, icon: 'book' }
    case 'graded':
      return {
        title: msg(str`Graded: ${lesson}`),
        body: msg(str`${data.grade ?? ''} of ${data.max_grade ?? ''}`),
        icon: 'circle-check',
      }
    case 'payment':
      return { title: msg(str`Paid: ${course}`), body: moneyText(amount, currency), icon: 'circle-check' }
    case 'refund':
      return { title: msg(str`Refunded: ${course}`), body: moneyText(amount, currency), icon: 'rotate' }
  }
}
