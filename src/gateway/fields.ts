/**
 * Reading a request that is to be translated: field by field, so that what nobody took is known at the end and refused by its
 * name. The first thing that is wrong is what the client is told; reading goes on after it, because that is simpler than
 * stopping, and nothing that was read is used.
 */
import type { Json } from './protocol.ts';
import type { Refusal } from './refusals.ts';
import { isObject } from './reported.ts';

/** One request being read, and what was found wrong with it first. `protocol` is the client's, as people call it. */
export class Reading {
  refusal: Refusal | null = null;
  readonly #protocol: string;

  constructor(protocol: string) {
    this.#protocol = protocol;
  }

  /** `field` as a path: `messages.0.content`. */
  refuse(field: string, message: string): void {
    this.refusal ??= { kind: 'bad_request', field, message: `${field}: ${message}` };
  }

  /** It may well be right, but only a provider that speaks this protocol could know what it means. */
  refuseUntranslatable(field: string, value?: unknown): void {
    const what = typeof value === 'string' ? `"${value}"` : 'this';
    this.refuse(
      field,
      `the provider of this model does not speak ${this.#protocol}, and its protocol has no counterpart for ${what}.`,
    );
  }
}

/** The fields of one object. What is null counts as absent, as it does at OpenAI. */
export class Fields {
  readonly path: string;
  readonly reading: Reading;
  readonly #left: Map<string, unknown>;

  constructor(json: Json, path: string, reading: Reading) {
    this.path = path;
    this.reading = reading;
    this.#left = new Map(Object.entries(json).filter(([, value]) => value !== null && value !== undefined));
  }

  at(name: string | number): string {
    return this.path === '' ? String(name) : `${this.path}.${name}`;
  }

  take(name: string): unknown {
    const value = this.#left.get(name) ?? null;
    this.#left.delete(name);
    return value;
  }

  text(name: string): string | null {
    return this.#kind(name, 'a text', (value) => typeof value === 'string');
  }

  /** A text without which the object means nothing. */
  needed(name: string): string {
    const value = this.text(name);
    if (value === null) this.reading.refuse(this.at(name), 'is missing.');
    return value ?? '';
  }

  /** A name or an id: one that is empty names nothing. */
  named(name: string): string {
    const value = this.text(name);
    if (value === null || value === '') this.reading.refuse(this.at(name), 'is missing.');
    return value ?? '';
  }

  number(name: string): number | null {
    return this.#kind(name, 'a number', (value) => typeof value === 'number');
  }

  boolean(name: string): boolean | null {
    return this.#kind(name, 'true or false', (value) => typeof value === 'boolean');
  }

  object(name: string): Json | null {
    return this.#kind(name, 'an object', isObject);
  }

  list(name: string): unknown[] | null {
    return this.#kind(name, 'a list', Array.isArray);
  }

  /** The objects of a list, each to be read to its end. */
  objects(name: string): Fields[] {
    return (this.list(name) ?? []).flatMap((item, index) => {
      const path = `${this.at(name)}.${index}`;
      if (isObject(item)) return [new Fields(item, path, this.reading)];
      this.reading.refuse(path, 'is not an object.');
      return [];
    });
  }

  within(name: string): Fields | null {
    const json = this.object(name);
    return json && new Fields(json, this.at(name), this.reading);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | null {
    const value = this.take(name);
    if (value === null) return null;
    if (values.includes(value as T)) return value as T;
    this.reading.refuse(this.at(name), `is none of ${values.join(', ')}.`);
    return null;
  }

  /** What only steers transport or billing, and says nothing to the model. */
  leaveOut(...names: string[]): void {
    for (const name of names) this.#left.delete(name);
  }

  /** As leaveOut, where it says only what holds anyway; else it has no counterpart. */
  leaveOutIf(name: string, isDefault: (value: unknown) => boolean): void {
    if (this.#left.has(name) && isDefault(this.#left.get(name))) this.#left.delete(name);
  }

  /** Whatever was not taken has no counterpart. An empty list says nothing: clients echo them. */
  end(): void {
    for (const [name, value] of this.#left) {
      if (!Array.isArray(value) || value.length > 0) this.reading.refuseUntranslatable(this.at(name));
    }
  }

  #kind<T>(name: string, what: string, is: (value: unknown) => boolean): T | null {
    const value = this.take(name);
    if (value === null) return null;
    if (is(value)) return value as T;
    this.reading.refuse(this.at(name), `is not ${what}.`);
    return null;
  }
}
