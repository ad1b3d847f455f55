import type { Figure } from './scenario.ts'

export interface Result {
  scenario: string
  about: string
  figures: Figure[]
  /** Why there are no figures. */
  failure?: string
}

export interface Machine {
  cpu: string
  cores: number
  date: string
  command: string
}

export function toText(results: readonly Result[]): string {
  const rows = results.flatMap(({ scenario, figures, failure }) =>
    failure
      ? [[scenario, '', `failed: ${failure}`, '', '', '']]
      : figures.map((figure) => [
          scenario,
          figure.system,
          figure.what,
          amount(figure),
          goal(figure),
          figure.note ?? '',
        ]),
  )
  const table = [['scenario', 'system', 'measured', 'value', 'goal', ''], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A piece for the README. */
export function toMarkdown(results: readonly Result[], { cpu, cores, date, command }: Machine): string {
  const rows = results.flatMap(({ scenario, figures }) =>
    figures.map(
      (figure) =>
        `| ${scenario} | ${figure.what} | ${figure.system} | ${amount(figure)} | ${goal(figure)} | ${figure.note ?? ''} |`,
    ),
  )
  return [
    `\`${command}\`, ${date.slice(0, 10)}, ${cores} × ${cpu}`,
    '',
    '| scenario | measured | system | value | goal | |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function amount({ value, unit }: Figure): string {
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0
  return `${value.toFixed(digits)} ${unit}`.trim()
}

function goal({ goal }: Figure): string {
  return goal ? `${goal.isMet ? 'met' : 'MISSED'}: ${goal.text}` : ''
}
