/** A metric as an expression asks for it. */
export interface Selector {
  name: string
  /** All that are named: to match, to group by, to join on. */
  labels: string[]
  matches: { label: string; value: string; isExact: boolean }[]
}

/** Of each series' name its labels, of each label the values seen. */
export function readMetrics(texts: string[]): Map<string, Map<string, Set<string>>> {
  const metrics = new Map<string, Map<string, Set<string>>>()
  const of = (name: string) => {
    const labels = metrics.get(name) ?? new Map<string, Set<string>>()
    metrics.set(name, labels)
    return labels
  }
  for (const line of texts.join('\n').split('\n')) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? []
    if (declared) {
      const suffixes =
        type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'summary' ? ['_sum', '_count'] : ['']
      for (const suffix of suffixes) of(declared + suffix)
    }
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    if (!name) continue
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      of(name).set(label, (of(name).get(label) ?? new Set()).add(value))
    }
  }
  return metrics
}

const WORDS = /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][\w:]*|\d[\w.]*|[=!]~|!=|\S/g
const GROUPINGS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const OPERATORS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan'])

/**
 * The series that a PromQL expression names. A name before a parenthesis is a function; labels to group by belong to every
 * series of the expression, which is stricter than PromQL.
 */
export function readExpression(expression: string): Selector[] {
  const words = expression.match(WORDS) ?? []
  const selectors: Selector[] = []
  const grouped: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (GROUPINGS.has(word) && words[at + 1] === '(') {
      for (at += 2; words[at] !== ')'; at += 1) if (words[at] !== ',') grouped.push(words[at] ?? '')
    } else if (word === '{') {
      at = readMatches(words, at, selectors.at(-1))
    } else if (/^[a-zA-Z_:]/.test(word) && words[at + 1] !== '(' && !isKeyword(word, words[at + 1])) {
      selectors.push({ name: word, labels: [], matches: [] })
    }
  }
  return selectors.map((selector) => ({ ...selector, labels: [...selector.labels, ...grouped] }))
}

/** `sum by (route) (…)`: an aggregation may stand before its grouping. */
function isKeyword(word: string, next: string | undefined): boolean {
  return OPERATORS.has(word) || (next !== undefined && GROUPINGS.has(next) && next !== 'on' && next !== 'ignoring')
}

function readMatches(words: string[], from: number, selector: Selector | undefined): number {
  let at = from + 1
  while (words[at] !== '}') {
    const [label = '', operator = '', value = ''] = words.slice(at, at + 3)
    selector?.labels.push(label)
    selector?.matches.push({ label, value: value.slice(1, -1), isExact: operator === '=' })
    at += words[at + 3] === ',' ? 4 : 3
  }
  return at
}
