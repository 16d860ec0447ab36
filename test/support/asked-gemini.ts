import { gemini } from '../../src/gateway/gemini/protocol.ts';
import type { Asked, Json } from '../../src/gateway/protocol.ts';

/** A generateContent request, understood. */
export function askedGemini(body: Json, streamed = false): Asked {
  const read = gemini.ask({ contents: [{ parts: [{ text: 'one two' }] }], ...body }, { model: 'any', streamed });
  if ('refusal' in read) throw new Error(`refused: ${JSON.stringify(read.refusal)}`);
  return read.understood;
}
