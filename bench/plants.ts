/**
 * Bugs that are planted on purpose, to show that the proofs find them: changes to the text of the built Worker. What a
 * plant replaces must be there exactly once; else the code has moved on, and the plant must be brought after it.
 */

interface Replacement {
  find: string;
  put: string;
}

export const PLANTS = {
  /**
   * Between the check and its act others are let in, for about as long as a question to D1 takes: each finds the same
   * money free, and takes it.
   */
  'await-in-check': [
    { find: '\n  authorize(request, wallet = "unasked") {', put: '\n  async authorize(request, wallet = "unasked") {' },
    {
      find: 'return this.#grant(key, request, credit.amount, decision.views);',
      put: 'await scheduler.wait(10); return this.#grant(key, request, credit.amount, decision.views);',
    },
    {
      find: 'let admission = this.#ledger.authorize(call);',
      put: 'let admission = await this.#ledger.authorize(call);',
    },
  ],
} as const satisfies Record<string, readonly Replacement[]>;

export type PlantName = keyof typeof PLANTS;

export function isPlant(name: string): name is PlantName {
  return Object.hasOwn(PLANTS, name);
}

/** The built Worker with this bug in it. Throws where it finds no place for it. */
export function plant(name: PlantName, script: string): string {
  let planted = script;
  for (const { find, put } of PLANTS[name]) {
    const parts = planted.split(find);
    if (parts.length !== 2) {
      throw new Error(`${name} cannot be planted: ${parts.length - 1} times, not once, the Worker has: ${find.trim()}`);
    }
    planted = parts.join(put);
  }
  return planted;
}
