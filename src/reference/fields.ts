/** The fields that answers are made of, each with what it means and an example: an answer's own example is put together from these. */
import { z } from '@hono/zod-openapi';
import type { IdKind } from '../ids.ts';

/** The path parameter of everything that belongs to an organization. */
export const ORG_ID = idOf('org');

export function idOf(kind: IdKind) {
  return z.string().openapi({ example: `${kind}_0123456789abcdef` });
}

/** Text, as in this example. */
export function like(example: string, description?: string) {
  return z.string().openapi({ example, ...(description !== undefined && { description }) });
}

/** An amount of money. */
export function usd(example: string, description = 'Decimal USD') {
  return like(example, description);
}

/** An instant, UTC. */
export function instant(example = '2026-11-21T09:30:00.000Z') {
  return z.iso.datetime().openapi({ example });
}

/** A day of the time zone that the answer is in. */
export const DAY = z.iso.date().openapi({ example: '2026-11-21' });

export function count(example: number, description?: string) {
  return z.int().openapi({ example, ...(description !== undefined && { description }) });
}

/** What is null in its example, because it mostly is. */
export function orNull<T extends z.ZodType>(schema: T) {
  return schema.nullable().openapi({ example: null });
}

/** The next page's `cursor`; null on the last. */
const NEXT_CURSOR = orNull(z.string());

/** A list as every route answers one. */
export function pageOf<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  const items = { [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>;
  return z.object({ ...items, nextCursor: NEXT_CURSOR });
}

/** How many members' objects have a change, and how many will have it within minutes. */
export const FAN_OUT = { applied: count(12), pending: count(0) };

/** Of an answer 202: the change is made, and its member's object will have it within minutes. */
export const PENDING = z.literal(true).optional();

/** The fields of a body as an answer shows them: all of them, none left to a default. */
export function answered<S extends z.ZodRawShape>(fields: S): AnsweredShape<S> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, answeredField(field as z.ZodType)]),
  ) as AnsweredShape<S>;
}

type AnsweredShape<S extends z.ZodRawShape> = { [K in keyof S]: AnsweredField<S[K]> };

type AnsweredField<F extends z.core.$ZodType> =
  F extends z.ZodDefault<infer Inner extends z.core.$ZodType>
    ? AnsweredField<Inner>
    : F extends z.ZodObject<infer Shape extends z.ZodRawShape>
      ? z.ZodObject<AnsweredShape<Shape>>
      : F;

function answeredField(field: z.ZodType): z.ZodType {
  if (field instanceof z.ZodDefault) return answeredField(field.unwrap() as z.ZodType);
  return field instanceof z.ZodObject ? z.object(answered(field.shape)) : field;
}
