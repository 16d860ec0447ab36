/** models/{model}:countTokens: contents, or a whole request in their place. */
import type { Counting, Json } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { nameIn } from './fields.ts';
import { gemini } from './protocol.ts';
import { askGemini } from './request.ts';

export const geminiCounting: Counting = {
  endpoint: gemini.endpoint,
  operation: 'models/countTokens',
  ask(json, path) {
    const { [wholeName(json)]: whole = null } = json;
    const asked = askGemini(isObject(whole) ? whole : json, path && { ...path, streamed: false });
    return 'refusal' in asked ? asked : { understood: { ...asked.understood, json } };
  },
  body({ json }, { upstreamModel }) {
    const { demo: _, ...sent } = json;
    const name = wholeName(json);
    const whole = sent[name];
    // It names its model, too.
    return isObject(whole) ? { ...sent, [name]: { ...whole, model: `models/${upstreamModel}` } } : sent;
  },
  answer: (totalTokens) => ({ totalTokens }),
};

function wholeName(json: Json): string {
  return nameIn(json, 'generateContentRequest');
}
