import type { QuizDefinition } from '../courses/lesson-definition.ts'

/** What a quiz is worth. Pure. */

type Question = QuizDefinition['questions'][number]

export interface QuestionResult {
  question: Question
  isRight: boolean
}

export interface QuizResult {
  /** Percent of the points, rounded down: who has not reached the pass score has not. */
  score: number
  isPassed: boolean
  questions: QuestionResult[]
}

/** @param answers by question id, as they were sent; what is missing or of another form is wrong */
export function gradeQuiz(quiz: QuizDefinition, answers: Readonly<Record<string, unknown>>): QuizResult {
  const questions = quiz.questions.map((question) => ({
    question,
    isRight: Object.hasOwn(answers, question.id) && isRight(question, answers[question.id]),
  }))
  const total = questions.reduce((sum, { question }) => sum + question.points, 0)
  const earned = questions.reduce((sum, { question, isRight }) => sum + (isRight ? question.points : 0), 0)
  const score = total === 0 ? 0 : Math.floor((earned * 100) / total)
  return { score, isPassed: score >= quiz.pass_score, questions }
}

function isRight(question: Question, answer: unknown): boolean {
  switch (question.type) {
    case 'single':
      return answer === question.answer
    case 'multiple':
      return Array.isArray(answer) && isSameSet(answer, question.answer)
    case 'text':
      return typeof answer === 'string' && question.answer.some((right) => folded(right) === folded(answer))
    case 'number': {
      const value = typeof answer === 'string' ? numberOf(answer) : answer
      // 0.1 + 0.2 is within a tolerance of 0 of 0.3.
      const noise = Math.abs(question.answer) * 1e-9
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        Math.abs(value - question.answer) <= question.tolerance + noise
      )
    }
  }
}

/** All of them and no other, in any order. */
function isSameSet(answer: readonly unknown[], right: string[]): boolean {
  const [given, wanted] = [new Set(answer), new Set(right)]
  return given.size === wanted.size && right.every((id) => given.has(id))
}

/** One spelling of what people type: compatibility forms, case and spaces make no difference. */
function folded(text: string): string {
  return text.normalize('NFKC').toLocaleLowerCase('ru').replace(/\s+/gu, ' ').trim()
}

/** `1 234,5` as in Russian, and `1234.5`. */
function numberOf(text: string): number {
  const plain = text.normalize('NFKC').replace(/\s/gu, '').replace(',', '.')
  return plain === '' ? Number.NaN : Number(plain)
}
