/** One page of a list, as Django REST Framework answers it; the links are absolute. */
export interface PageJson<Item> {
  count: number
  next: string | null
  previous: string | null
  results: Item[]
}
