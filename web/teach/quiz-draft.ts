import type { LessonJson } from '../../server/courses/lesson-contract.ts'

/** A quiz while it is written: every question has all fields, whatever its kind uses of them. Pure. */
type QuizJson = NonNullable<LessonJson['quiz']>
type QuestionJson = QuizJson['questions'][number]

export interface OptionDraft {
  id: string
  text: string
  isRight: boolean
}
export interface QuestionDraft {
  id: string
  type: QuestionJson['type']
  text: string
  points: number
  explanation: string
  options: OptionDraft[]
  /** A right text a line. */
  texts: string
  /** As it was typed. */
  number: string
  tolerance: string
}
export interface QuizDraft {
  passScore: number
  maxAttempts: number | null
  timeLimit: number | null
  questions: QuestionDraft[]
}

export function emptyQuestion(taken: readonly { id: string }[]): QuestionDraft {
  return {
    id: freeId('q', taken),
    type: 'single',
    text: '',
    points: 1,
    explanation: '',
    options: [
      { id: 'a', text: '', isRight: true },
      { id: 'b', text: '', isRight: false },
    ],
    texts: '',
    number: '',
    tolerance: '0',
  }
}

export function emptyQuiz(): QuizDraft {
  return { passScore: 70, maxAttempts: null, timeLimit: null, questions: [emptyQuestion([])] }
}

/** An id that none of the others has: those of a quiz outlive its questions in the attempts of its learners. */
export function freeId(prefix: string, taken: readonly { id: string }[]): string {
  const ids = new Set(taken.map(({ id }) => id))
  for (let number = taken.length + 1; ; number += 1) if (!ids.has(`${prefix}${number}`)) return `${prefix}${number}`
}

export function draftOf(quiz: QuizJson): QuizDraft {
  return {
    passScore: quiz.pass_score,
    maxAttempts: quiz.max_attempts,
    timeLimit: quiz.time_limit_minutes,
    questions: quiz.questions.map((question) => {
      const { id, type, text, points, explanation } = question
      const draft = { ...emptyQuestion([]), id, type, text, points, explanation }
      if (question.type === 'text') return { ...draft, texts: question.answer.join('\n') }
      if (question.type === 'number')
        return { ...draft, number: String(question.answer), tolerance: String(question.tolerance) }
      const right = [question.answer].flat()
      return {
        ...draft,
        options: question.options.map((option) => ({ ...option, isRight: right.includes(option.id) })),
      }
    }),
  }
}

/** As the API takes it; it says what is missing. */
export function quizOf(draft: QuizDraft): QuizJson {
  return {
    pass_score: draft.passScore,
    max_attempts: draft.maxAttempts,
    time_limit_minutes: draft.timeLimit,
    questions: draft.questions.map(questionOf),
  }
}

function questionOf(question: QuestionDraft): QuestionJson {
  const { id, type, text, points, explanation } = question
  const common = { id, text, points, explanation }
  const options = question.options.map((option) => ({ id: option.id, text: option.text }))
  const right = question.options.filter(({ isRight }) => isRight).map((option) => option.id)
  const lines = question.texts.split('\n').map((line) => line.trim())
  switch (type) {
    case 'single':
      return { ...common, type, options, answer: right[0] ?? '' }
    case 'multiple':
      return { ...common, type, options, answer: right }
    case 'text':
      return { ...common, type, answer: lines.filter(Boolean) }
    case 'number':
      return { ...common, type, answer: numberIn(question.number), tolerance: numberIn(question.tolerance) || 0 }
  }
}

/** What a question still lacks before it can be asked. */
export function lacks(question: QuestionDraft): 'text' | 'options' | 'right' | null {
  if (!question.text.trim()) return 'text'
  if (question.type === 'text') return question.texts.trim() ? null : 'right'
  if (question.type === 'number') return Number.isFinite(numberIn(question.number)) ? null : 'right'
  if (question.options.some(({ text }) => !text.trim())) return 'options'
  return question.options.some(({ isRight }) => isRight) ? null : 'right'
}

function numberIn(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.replace(',', '.'))
}
