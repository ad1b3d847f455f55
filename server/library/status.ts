import { categoryOf } from './library-path.ts'
import type { ManifestRow } from './manifest.ts'

export interface Category {
  name: string
  files: number
  bytes: number
  stored: number
  storedBytes: number
}

export interface Status {
  categories: Category[]
  total: Category
  /** What the store really holds: files of equal content share an object. */
  objects: number
  objectBytes: number
}

/** The manifest by the folders of its paths, in their order. */
export function statusOf(rows: readonly ManifestRow[], depth?: number): Status {
  const categories = new Map<string, Category>()
  const total = newCategory('')
  const objects = new Map<string, number>()
  for (const { path, sizeBytes, key } of rows) {
    const name = categoryOf(path, depth)
    const category = categories.get(name) ?? newCategory(name)
    categories.set(name, category)
    for (const each of [category, total]) {
      each.files++
      each.bytes += sizeBytes
      if (key !== null) {
        each.stored++
        each.storedBytes += sizeBytes
      }
    }
    if (key !== null) objects.set(key, sizeBytes)
  }
  return {
    categories: [...categories.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    total,
    objects: objects.size,
    objectBytes: [...objects.values()].reduce((sum, size) => sum + size, 0),
  }
}

function newCategory(name: string): Category {
  return { name, files: 0, bytes: 0, stored: 0, storedBytes: 0 }
}
