import type { Language } from './queue-mail.ts'

/** What a template says; how it looks is decided here. */
export interface MailText {
  subject: string
  paragraphs: readonly string[]
  /** The one thing to do. */
  button?: { label: string; url: string } | undefined
  /** Under the button, smaller. */
  note?: string
}

const ending: Record<Language, string> = {
  en: 'You receive this message because of your account at Ustat.',
  ru: 'Вы получили это письмо, потому что у вас есть аккаунт на Ustat.',
}

/** Plain text and HTML of the same words; what people wrote is text in both, never markup. */
export function render(mail: MailText, language: Language, publicUrl: string): { text: string; html: string } {
  const { paragraphs, button, note } = mail
  const text = [
    ...paragraphs,
    ...(button ? [`${button.label}:\n${button.url}`] : []),
    ...(note ? [note] : []),
    `--\n${ending[language]}\n${publicUrl}`,
  ].join('\n\n')
  const html = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(mail.subject)}</title></head>
<body style="margin:0;padding:24px;background:#f4f4f1;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1d1d1b">
<div style="max-width:520px;margin:0 auto;padding:32px;background:#fff;border-radius:16px">
${paragraphs.map((line) => `<p style="margin:0 0 16px;overflow-wrap:anywhere">${escapeHtml(line)}</p>`).join('\n')}
${button ? `<p style="margin:24px 0"><a href="${escapeHtml(button.url)}" style="display:inline-block;padding:12px 22px;border-radius:10px;background:#1d1d1b;color:#fff;text-decoration:none">${escapeHtml(button.label)}</a></p>` : ''}
${note ? `<p style="margin:0;color:#6b6b66;font-size:14px">${escapeHtml(note)}</p>` : ''}
</div>
<p style="max-width:520px;margin:16px auto;color:#6b6b66;font-size:13px">${ending[language]}<br><a href="${escapeHtml(publicUrl)}" style="color:inherit">${escapeHtml(publicUrl)}</a></p>
</body></html>
`
  return { text: `${text}\n`, html }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)
}
