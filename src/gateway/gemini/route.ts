/** POST /v1beta/models/{model}:{method}, and the same under /v1, as Google's clients call it. */
import { refuseKeyFirst } from '../admission.ts';
import { converse } from '../converse.ts';
import { countTokens } from '../count-tokens.ts';
import { authenticate } from '../credentials.ts';
import { nothingHere } from '../nothing-here.ts';
import type { Refusal } from '../refusals.ts';
import { billable } from '../replay/billable.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { geminiCounting } from './counting.ts';
import { batchEmbedContents, embedContent } from './embed.ts';
import { gemini } from './protocol.ts';

interface Call {
  /** Pinned names have slashes, and some models colons: the method is what follows the last one. */
  model: string;
  method: string;
}

function callOf(parameter: string): Call {
  const colon = parameter.lastIndexOf(':');
  return { model: parameter.slice(0, Math.max(0, colon)), method: parameter.slice(colon + 1) };
}

function pathOf(parameter: string): { model: string; streamed: boolean } {
  const { model, method } = callOf(parameter);
  return { model, streamed: method === 'streamGenerateContent' };
}

const generate = billable(converse(gemini, pathOf));

const count = countTokens(geminiCounting, pathOf);

const embed = embedContent(pathOf);
const embedBatch = batchEmbedContents(pathOf);

export const callModel: Handler = (context, parameter) => {
  switch (callOf(parameter).method) {
    case 'generateContent':
      return generate(context, parameter);
    case 'streamGenerateContent':
      return asksForEvents(context.request) ? generate(context, parameter) : refuseArray(context);
    case 'countTokens':
      return count(context, parameter);
    case 'embedContent':
      return embed(context, parameter);
    case 'batchEmbedContents':
      return embedBatch(context, parameter);
    default:
      return nothingHere(context);
  }
};

function asksForEvents({ url }: Request): boolean {
  return new URL(url).searchParams.get('alt') === 'sse';
}

/** Without alt=sse Google streams one JSON array, in which no sign of life and no cost could be told between events. */
async function refuseArray(context: GatewayContext): Promise<Refusal> {
  const authenticated = await authenticate(context.request, context.env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const message = 'Streams are served as events only: add ?alt=sse to the URL.';
  return (await refuseKeyFirst(context, authenticated.caller, gemini.endpoint)) ?? refuseField('alt', message).refusal;
}
