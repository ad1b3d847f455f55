import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The longest file first, and those with a browser and a published show evenly among the others: they mostly wait for real
 * time to pass, but three at once starve each other.
 */
export class Spread extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const waiting = sorted.filter(({ moduleId }) => moduleId.includes('/test/e2e/'))
    const working = sorted.filter((file) => !waiting.includes(file))
    // The last of those that wait is begun while there is still work beside it.
    const each = Math.ceil(working.length / (waiting.length + 1)) || 1
    return waiting
      .flatMap((file, index) => [file, ...working.slice(index * each, (index + 1) * each)])
      .concat(working.slice(waiting.length * each))
  }
}
