/**
 * Search parameters of pages: what an address may say, read leniently (a bad value is as none), so that every state has an address
 * and no address breaks a page. A route's `validateSearch` is built of these.
 */

export type Raw = Record<string, unknown>;

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((each) => each === value);
}

export function flagIn(value: unknown): true | undefined {
  return value === true || value === 'true' ? true : undefined;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function dayIn(value: unknown): string | undefined {
  return typeof value === 'string' && DAY.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** What the table (table.tsx) keeps in the address. */
export interface ListSearch<Sort extends string = string> {
  q?: string;
  sort?: Sort;
  cursor?: string;
}

export function listSearch<Sort extends string>(raw: Raw, sorts: readonly Sort[]): ListSearch<Sort> {
  return { q: textIn(raw.q), sort: oneOf(raw.sort, sorts), cursor: textIn(raw.cursor) };
}
