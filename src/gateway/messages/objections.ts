/** What a translator has against a request. All of it is translated; the first objection is told. */
import { lacks, type Word } from '../lacking.ts';
import type { Refusal } from '../refusals.ts';
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

  /** To every field that says something and is not known. */
  toAllBut(json: object, path: string, known: readonly string[]): void {
    for (const [name, value] of Object.entries(json)) {
      if (value != null && !known.includes(name)) this.to(path === '' ? name : `${path}.${name}`);
    }
  }
}
