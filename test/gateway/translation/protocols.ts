/** The protocols, and what each has no way to say: of a client's request, of an answer, and to the providers that speak it. */

import type { NeutralRequest } from '../../../src/gateway/neutral.ts';
import type { Asked, Json, Protocol, ProtocolId, Sent } from '../../../src/gateway/protocol.ts';
import { PROTOCOLS } from '../../../src/gateway/protocols.ts';
import type { Lack } from './generate.ts';
import { sentTo } from './sent.ts';

/** What no client can say in it; whatever else the generator makes, it can. */
const UNSAID: Record<ProtocolId, readonly Lack[]> = {
  chat: ['audioUrl', 'toolResultName'],
  messages: [
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'choices',
    'verbosity',
    'jsonFormat',
    'formatName',
    'formatDescription',
    'formatStrict',
    'audio',
    'imageDetail',
    'documentType',
    'toolResultName',
  ],
  responses: [
    'topK',
    'stop',
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'choices',
    'audio',
    'reasoningTokens',
    'reasoningShown',
    'cache',
    'toolError',
    'toolResultName',
    'strict',
    'documentName',
    'formatName',
  ],
  gemini: [
    'verbosity',
    'parallelToolCalls',
    'endUser',
    'cache',
    'strict',
    'formatName',
    'formatDescription',
    'formatStrict',
    'imageDetail',
    'documentName',
    'toolResultName',
  ],
};

/** A provider, as whoever writes a request for it sees it. */
interface Served {
  name: string;
  protocol: Protocol;
  sent: Sent;
  /** What is refused on the way to it. */
  refused: readonly Lack[];
  /** What is left out on the way to it, or said in other words, because it changes nothing in what is answered. */
  leftOut: readonly Lack[];
}

const SERVED: { name: string; id: ProtocolId; provider: string; refused: Lack[]; leftOut: Lack[] }[] = [
  {
    name: 'OpenRouter',
    id: 'chat',
    provider: 'openrouter',
    refused: ['audioUrl'],
    leftOut: ['toolResultName', 'formatName'],
  },
  {
    name: 'OpenAI by chat',
    id: 'chat',
    provider: 'openai',
    refused: ['audioUrl', 'topK', 'toolResult', 'documentUrl'],
    leftOut: ['toolResultName', 'formatName', 'cache', 'reasoningTokens', 'reasoningShown'],
  },
  {
    name: 'Anthropic',
    id: 'messages',
    provider: 'anthropic',
    refused: [
      'seed',
      'presencePenalty',
      'frequencyPenalty',
      'choices',
      'verbosity',
      'jsonFormat',
      'audio',
      'imageDetail',
      'documentType',
    ],
    leftOut: ['formatName', 'formatDescription', 'formatStrict', 'toolResultName', 'imageDetail'],
  },
  {
    name: 'OpenAI by Responses',
    id: 'responses',
    provider: 'openai',
    refused: ['topK', 'stop', 'seed', 'presencePenalty', 'frequencyPenalty', 'choices', 'audio'],
    leftOut: [
      'reasoningTokens',
      'reasoningShown',
      'cache',
      'toolError',
      'toolResultName',
      'strict',
      'documentName',
      'formatName',
    ],
  },
  {
    name: 'Google',
    id: 'gemini',
    provider: 'google',
    refused: ['verbosity', 'parallelToolCalls'],
    leftOut: [
      'endUser',
      'cache',
      'strict',
      'formatName',
      'formatDescription',
      'formatStrict',
      'imageDetail',
      'documentName',
      'toolResultName',
    ],
  },
];

/** What no answer of it tells. */
const UNTOLD: Record<ProtocolId, readonly Lack[]> = {
  chat: ['cacheWrite1h'],
  messages: ['manyChoices', 'assistantImage', 'refusal'],
  responses: ['manyChoices', 'stopSequence', 'assistantImage', 'cacheWrites'],
  gemini: ['stopSequence', 'refusal', 'cacheWrites'],
};

export const CLIENTS = [...PROTOCOLS.values()].map((protocol) => ({
  protocol,
  unsaid: UNSAID[protocol.id],
  untold: UNTOLD[protocol.id],
}));

export const PROVIDERS: readonly (Served & { untold: readonly Lack[] })[] = SERVED.flatMap(
  ({ id, provider, ...rest }) => {
    const protocol = PROTOCOLS.get(id);
    return protocol ? [{ ...rest, protocol, sent: sentTo(provider), untold: UNTOLD[id] }] : [];
  },
);

/** Every client with every provider that speaks something else. */
export const PAIRS = CLIENTS.flatMap((client) =>
  PROVIDERS.filter(({ protocol }) => protocol !== client.protocol).map((provider) => ({
    pair: `${client.protocol.id} served by ${provider.name}`,
    client,
    provider,
  })),
);

/** A request as the route understands it. */
export function askedOf(protocol: Protocol, json: Json, streamed = false): Asked {
  const read = protocol.ask(json, protocol.id === 'gemini' ? { model: 'any', streamed } : null);
  if ('refusal' in read) throw new Error(`not understood: ${JSON.stringify(read.refusal)}`);
  return read.understood;
}

/** A cap that leaves room for the thinking, and one way to say how much of that. */
export function affordable(request: NeutralRequest): NeutralRequest {
  const { reasoning, outputTokensMax } = request;
  const tokensMax = reasoning?.tokensMax ?? null;
  return {
    ...request,
    outputTokensMax: (outputTokensMax ?? 1_000) + (tokensMax ?? 0),
    reasoning: reasoning && tokensMax !== null ? { ...reasoning, effort: null } : reasoning,
  };
}

/** A request as a client of the protocol would write it: to the provider that takes all that the protocol can say. */
export function writtenBy(protocol: Protocol, request: Parameters<Protocol['translator']['writeRequest']>[0]): Json {
  const provider = PROVIDERS.find((one) => one.protocol === protocol);
  if (!provider) throw new Error(`nobody serves ${protocol.id}`);
  const written = protocol.translator.writeRequest(request, provider.sent);
  if ('refusal' in written) throw new Error(`can not be said: ${JSON.stringify(written.refusal)}`);
  return written.understood;
}
