/** POST /v1beta/models/{model}:{method}, and the same under /v1, as Google's clients call it. */
import { refuseKeyFirst } from '../admission.ts';
import { converse } from '../converse.ts';
import { countTokens } from '../count-tokens.ts';
import { authenticate } from '../credentials.ts';
import { nothingHere } from '../nothing-here.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { billable } from '../replay/billable.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { nameIn } from './fields.ts';
import { gemini } from './protocol.ts';
import { askGemini } from './request.ts';

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

const count = countTokens(
  gemini,
  {
    operation: 'models/countTokens',
    read: (json, path) => {
      const asked = askGemini(whatIsCounted(json), path);
      return 'refusal' in asked ? asked : { understood: { ...asked.understood, json } };
    },
    body: ({ json }, { upstreamModel }) => countBody(json, upstreamModel),
    answer: (totalTokens) => ({ totalTokens }),
  },
  pathOf,
);

/** A whole request may be given in place of its contents. */
function whatIsCounted(json: Json): Json {
  const request = json[nameIn(json, 'generateContentRequest')];
  return isObject(request) ? request : json;
}

/** A whole request names its model in the body too. */
function countBody(json: Json, model: string): Json {
  const name = nameIn(json, 'generateContentRequest');
  if (!isObject(json[name])) return json;
  return { ...json, [name]: { ...fieldsOf(json[name]), model: `models/${model}` } };
}

export const callModel: Handler = (context, parameter) => {
  switch (callOf(parameter).method) {
    case 'generateContent':
      return generate(context, parameter);
    case 'streamGenerateContent':
      return asksForEvents(context.request) ? generate(context, parameter) : refuseArray(context);
    case 'countTokens':
      return count(context, parameter);
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
