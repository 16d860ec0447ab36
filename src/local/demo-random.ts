/**
 * Chance that repeats itself: the demo's ids and usage come from seeds, so that two demos of one instant are the same.
 * Nothing secret may come from here.
 */
import { attemptIdFloor, base32, ID_LENGTH, type IdKind } from '../ids.ts';

export class SeededRandom {
  #state: number;

  constructor(seed: string) {
    this.#state = fnv1a(seed);
  }

  /** A number from 0 to 1, the 1 excluded. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** A whole number in the same range, mostly small: sizes of requests have a long tail. */
  mostlySmall(min: number, max: number): number {
    return min + Math.floor(this.fraction() * this.fraction() * (max - min + 1));
  }

  /** `length` characters of the alphabet of ids. */
  text(length: number): string {
    const bytes = new Uint8Array(Math.ceil(length / 8) * 5);
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#next() >>> 24;
    return base32(bytes).slice(0, length);
  }

  /** Mulberry32: 32 bits a step, the same in every engine as it only uses integer operations. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

/** The id of the demo's thing of that name: always the same. */
export function demoId(kind: IdKind, name: string): string {
  return `${kind}_${new SeededRandom(`${kind} ${name}`).text(ID_LENGTH)}`;
}

/** Shaped as newAttemptId makes it. */
export function demoAttemptId(random: SeededRandom, madeAtMs: number): string {
  return attemptIdFloor(madeAtMs) + random.text(14);
}

export function demoRequestId(random: SeededRandom): string {
  return `req_${random.text(24)}`;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
