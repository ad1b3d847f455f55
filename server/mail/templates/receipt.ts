import { courseLink, lines } from './parts.ts'
import type { Template } from './template.ts'

/** `course`, `amount`, `currency`, `transaction_id`, `path` of the course. */
export const receipt: Template = {
  en: (data, links) => ({
    subject: `Receipt: ${data.course ?? 'your course'}`,
    paragraphs: lines(
      'Thank you! Your payment has arrived and the course is open.',
      data.course && `Course: ${data.course}`,
      data.amount && `Paid: ${data.amount} ${data.currency ?? ''}`,
      data.transaction_id && `Number: ${data.transaction_id}`,
    ),
    button: courseLink('Go to the course', data, links),
  }),
  ru: (data, links) => ({
    subject: `Чек: ${data.course ?? 'ваш курс'}`,
    paragraphs: lines(
      'Спасибо! Оплата получена, курс открыт.',
      data.course && `Курс: ${data.course}`,
      data.amount && `Оплачено: ${data.amount} ${data.currency ?? ''}`,
      data.transaction_id && `Номер: ${data.transaction_id}`,
    ),
    button: courseLink('Перейти к курсу', data, links),
  }),
}
