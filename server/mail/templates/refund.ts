import { lines } from './parts.ts'
import type { Template } from './template.ts'

/** `course`, `amount`, `currency`, `transaction_id`. */
export const refund: Template = {
  en: (data) => ({
    subject: `Refund: ${data.course ?? 'your course'}`,
    paragraphs: lines(
      'Your money is on its way back; a bank may take some days for it.',
      data.course && `Course: ${data.course}`,
      data.amount && `Refunded: ${data.amount} ${data.currency ?? ''}`,
      data.transaction_id && `Number: ${data.transaction_id}`,
    ),
  }),
  ru: (data) => ({
    subject: `Возврат: ${data.course ?? 'ваш курс'}`,
    paragraphs: lines(
      'Мы отправили деньги обратно; банку может понадобиться несколько дней.',
      data.course && `Курс: ${data.course}`,
      data.amount && `Возвращено: ${data.amount} ${data.currency ?? ''}`,
      data.transaction_id && `Номер: ${data.transaction_id}`,
    ),
  }),
}
