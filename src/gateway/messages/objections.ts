/** What a translator has against a request. All of it is translated; the first objection is told. */
import { lacks, type Word } from '../lacking.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { refuseField } from '../request-body.ts';

export class Objections {
  #first: Refusal | null = null;

  get refusal(): Refusal | null {
    return this.#first;
  }

  /** What only this protocol can say. */
  to(path: string): void {
    this.toValue(path, "has no counterpart outside of Anthropic's Messages, and another provider serves this model");
  }

  /** What Messages cannot say. */
  toWord(word: Word): void {
    this.#first ??= lacks('messages', word).refusal;
  }

  toValue(path: string, why: string): void {
    this.#first ??= refuseField(path, `${path} ${why}.`).refusal;
  }

  /** The fields of what stands at `path`, if anything does. */
  fieldsAt(value: unknown, path: string): Json {
    if (value != null && !isObject(value)) this.toValue(path, 'must be an object');
    return fieldsOf(value);
  }

  /** Null where it is absent, or not of the kind it must be. */
  textAt(value: unknown, path: string): string | null {
    return this.#kindAt(value, path, 'a text', (given) => typeof given === 'string');
  }

  flagAt(value: unknown, path: string): boolean | null {
    return this.#kindAt(value, path, 'true or false', (given) => typeof given === 'boolean');
  }

  numberAt(value: unknown, path: string): number | null {
    return this.#kindAt(value, path, 'a number', (given) => typeof given === 'number');
  }

  /** Empty where it is absent, or no list. */
  listAt(value: unknown, path: string): unknown[] {
    return this.#kindAt(value, path, 'a list', Array.isArray) ?? [];
  }

  #kindAt<T>(value: unknown, path: string, what: string, is: (value: unknown) => boolean): T | null {
    if (value == null) return null;
    if (is(value)) return value as T;
    this.toValue(path, `must be ${what}`);
    return null;
  }

  /** To every field that says something and is not known. */
  toAllBut(json: object, path: string, known: readonly string[]): void {
    for (const [name, value] of Object.entries(json)) {
      if (value != null && !known.includes(name)) this.to(path === '' ? name : `${path}.${name}`);
    }
  }
}
