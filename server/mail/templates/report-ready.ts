import { courseLink, lines } from './parts.ts'
import type { Template } from './template.ts'

/** `report`: its name, `path` of the page that has it. */
export const reportReady: Template = {
  en: (data, links) => ({
    subject: 'Your report is ready',
    paragraphs: lines('The report that you asked for is ready.', data.report && `Report: ${data.report}`),
    button: courseLink('Open the report', data, links),
  }),
  ru: (data, links) => ({
    subject: 'Ваш отчёт готов',
    paragraphs: lines('Отчёт, который вы запросили, готов.', data.report && `Отчёт: ${data.report}`),
    button: courseLink('Открыть отчёт', data, links),
  }),
}
