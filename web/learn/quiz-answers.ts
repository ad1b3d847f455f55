import type { GradedAttemptJson, QuizJson } from '../../server/progress/quiz-contract.ts'

/** An option's id, several of them, a text or a number; null for a field that was emptied. */
export type Answer = string | number | string[] | null
type RightAnswer = GradedAttemptJson['results'][number]['right_answer']

/** How many questions have something in them. Pure. */
export function countAnswered(answers: Record<string, Answer>): number {
  return Object.values(answers).filter((answer) => {
    if (answer === null) return false
    return typeof answer === 'number' || answer.length > 0
  }).length
}

/** In the words of the question; empty while it is kept back. */
export function rightAnswerText(question: QuizJson['questions'][number], answer: RightAnswer): string {
  if (answer === null) return ''
  const ids = [answer].flat().map(String)
  if (!question.options) return ids[0] ?? ''
  const text = (id: string) => question.options?.find((option) => option.id === id)?.text ?? id
  return ids.map(text).join(', ')
}
