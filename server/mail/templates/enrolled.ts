import { courseLink, lines } from './parts.ts'
import type { Template } from './template.ts'

/** `course`, `path` of the course. */
export const enrolled: Template = {
  en: (data, links) => ({
    subject: `You are enrolled: ${data.course ?? 'a course'}`,
    paragraphs: lines('The course is open: begin whenever you like.', data.course && `Course: ${data.course}`),
    button: courseLink('Go to the course', data, links),
  }),
  ru: (data, links) => ({
    subject: `Вы записаны: ${data.course ?? 'курс'}`,
    paragraphs: lines('Курс открыт: начинайте, когда удобно.', data.course && `Курс: ${data.course}`),
    button: courseLink('Перейти к курсу', data, links),
  }),
}
