/**
 * Neutral requests and answers for the property tests of every protocol, and what those tests have in common: whatever the
 * neutral form can hold, save what a protocol is said to lack. Conversations are such as clients really have: turns
 * alternate, every tool call is of a tool that was offered, and has its result in the next turn.
 */
import fc from 'fast-check';
import type { Word } from '../../../src/gateway/lacking.ts';
import type {
  AnswerChoice,
  AnswerFormat,
  CacheMark,
  Message,
  NeutralAnswer,
  NeutralEvent,
  NeutralRequest,
  Part,
  Reasoning,
  SealKind,
  Source,
  Tool,
  ToolChoice,
} from '../../../src/gateway/neutral.ts';
import { type Frame, Frames } from '../../../src/gateway/sse.ts';
import { NO_USAGE, type Usage } from '../../../src/money/cost.ts';

type Json = Record<string, unknown>;

/** What a protocol has no way to say. A generator that is told so leaves it null, or out. */
export type Lack =
  | Word
  | 'cache'
  | 'cacheTtl'
  | 'imageDetail'
  | 'documentName'
  /** Documents that are no PDF. */
  | 'documentType'
  /** A tool result that names its tool. */
  | 'toolResultName'
  /** Images and documents among what an assistant said, in a request or an answer. */
  | 'assistantImage'
  /** The name or the description of an answer's schema. */
  | 'formatName'
  | 'formatDescription'
  | 'formatStrict'
  | 'jsonFormat'
  | 'effort'
  | 'reasoningTokens'
  | 'reasoningShown'
  | 'toolDescription'
  /** Gemini's signature on a tool call. */
  | 'sealedCall'
  | 'stopSequence'
  | 'manyChoices'
  | 'cacheWrites'
  | 'cacheWrite1h';

export interface Shape {
  lacks?: readonly Lack[];
  /** Who may have sealed the reasoning of earlier turns, or of an answer. None: what is thought is shown, or not there. */
  seals?: readonly SealKind[];
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const word = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 8 });
/** Never empty: nobody sends an empty text, and some providers refuse one. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const base64 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const url = fc.tuple(word, word).map(([host, path]) => `https://${host}.example/${path}`);
const unit = fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths / 100);
const penalty = fc.integer({ min: -200, max: 200 }).map((hundredths) => hundredths / 100);

/** Null as often as not: what is absent must stay so. */
function perhaps<T>(value: fc.Arbitrary<T>, when = true): fc.Arbitrary<T | null> {
  return when ? fc.option(value, { freq: 2 }) : fc.constant(null);
}

const value = fc.oneof(text, fc.integer({ min: -1000, max: 1000 }), fc.boolean(), fc.constant(null));
const args = fc.dictionary(word, fc.oneof(value, fc.array(value, { maxLength: 2 })), {
  maxKeys: 3,
  noNullPrototype: true,
});
const schema: fc.Arbitrary<Json> = fc
  .dictionary(word, fc.constantFrom({ type: 'string' }, { type: 'integer', minimum: 1 }, { type: 'boolean' }), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((properties) => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }));

export function neutralRequest({ lacks = [], seals = [] }: Shape = {}): fc.Arbitrary<NeutralRequest> {
  const has = (lack: Lack): boolean => !lacks.includes(lack);
  const plain = fc.record({
    outputTokensMax: perhaps(fc.integer({ min: 1, max: 10_000 })),
    temperature: perhaps(unit, has('temperature')),
    topP: perhaps(unit, has('topP')),
    topK: perhaps(fc.integer({ min: 1, max: 100 }), has('topK')),
    stop: has('stop') ? fc.uniqueArray(text, { maxLength: 4 }) : fc.constant<string[]>([]),
    seed: perhaps(fc.nat(1_000_000), has('seed')),
    presencePenalty: perhaps(penalty, has('presencePenalty')),
    frequencyPenalty: perhaps(penalty, has('frequencyPenalty')),
    choices: perhaps(fc.integer({ min: 2, max: 8 }), has('choices')),
    format: perhaps(formats(has), has('format')),
    reasoning: perhaps(reasoningWish(has), has('reasoning')),
    verbosity: perhaps(fc.constantFrom('low' as const, 'medium' as const, 'high' as const), has('verbosity')),
    endUser: perhaps(word, has('endUser')),
    system: has('system') ? fc.array(textPart(has), { maxLength: 2 }) : fc.constant<Part[]>([]),
  });
  const talk = offered(has).chain((tools) =>
    fc.record({
      tools: fc.constant(tools),
      toolChoice: tools.length === 0 ? fc.constant(null) : perhaps(toolChoices(tools), has('toolChoice')),
      parallelToolCalls: tools.length === 0 ? fc.constant(null) : perhaps(fc.boolean(), has('parallelToolCalls')),
      messages: conversation(tools, has, seals),
    }),
  );
  return fc.tuple(plain, talk).map(([first, second]) => ({ ...first, ...second }));
}

type Has = (lack: Lack) => boolean;

function mark(has: Has): fc.Arbitrary<CacheMark | null> {
  const ttl = has('cacheTtl') ? fc.constantFrom(null, '5m' as const, '1h' as const) : fc.constant(null);
  return has('cache') ? fc.option(fc.record({ ttl }), { freq: 4 }) : fc.constant(null);
}

const textPart = (has: Has): fc.Arbitrary<Part> =>
  fc.record({ type: fc.constant('text' as const), text, cache: mark(has) });

function sources(mediaTypes: readonly string[], byUrl: boolean): fc.Arbitrary<Source> {
  const data = fc.record({
    kind: fc.constant('data' as const),
    mediaType: fc.constantFrom(...mediaTypes),
    data: base64,
  });
  const link = fc.record({ kind: fc.constant('url' as const), url, mediaType: fc.constant(null) });
  return byUrl ? fc.oneof(data, link) : data;
}

function imagePart(has: Has): fc.Arbitrary<Part> {
  return fc.record({
    type: fc.constant('image' as const),
    source: sources(['image/png', 'image/jpeg', 'image/webp'], has('imageUrl')),
    detail: perhaps(fc.constantFrom('auto' as const, 'low' as const, 'high' as const), has('imageDetail')),
    cache: mark(has),
  });
}

function documentPart(has: Has): fc.Arbitrary<Part> {
  return fc.record({
    type: fc.constant('document' as const),
    source: sources(has('documentType') ? ['application/pdf', 'text/plain'] : ['application/pdf'], has('documentUrl')),
    name: perhaps(
      word.map((name) => `${name}.pdf`),
      has('documentName'),
    ),
    cache: mark(has),
  });
}

function audioPart(has: Has): fc.Arbitrary<Part> {
  return fc.record({
    type: fc.constant('audio' as const),
    source: sources(['audio/wav', 'audio/mpeg'], has('audioUrl')),
    cache: mark(has),
  });
}

function userPart(has: Has): fc.Arbitrary<Part> {
  const media = [
    ...(has('image') ? [imagePart(has)] : []),
    ...(has('document') ? [documentPart(has)] : []),
    ...(has('audio') ? [audioPart(has)] : []),
  ];
  return fc.oneof({ arbitrary: textPart(has), weight: 3 }, ...media);
}

function reasoningPart(has: Has, seals: readonly SealKind[]): fc.Arbitrary<Part> {
  const type = fc.constant('reasoning' as const);
  const open = fc.record({ type, text, sealed: fc.constant(null), sealedBy: fc.constant(null) });
  const sealed = seals.map((kind) =>
    fc.record({
      type,
      // What is redacted shows nothing.
      text: kind === 'messages_redacted' ? fc.constant('') : fc.oneof(text, fc.constant('')),
      sealed: base64,
      sealedBy: fc.constant(kind),
    }),
  );
  return has('reasoningPart') || sealed.length === 0 ? fc.oneof(open, ...sealed) : fc.oneof(...sealed);
}

/** What an assistant says in one turn, in the order in which all protocols have it: thought, text, calls. */
function assistantParts(tools: readonly Tool[], has: Has, seals: readonly SealKind[]): fc.Arbitrary<Part[]> {
  const call: fc.Arbitrary<Part> = fc.record({
    type: fc.constant('tool_call' as const),
    id: fc.uuid().map((id) => `call_${id.replaceAll('-', '')}`),
    name: fc.constantFrom(...tools.map(({ name }) => name), ...(tools.length === 0 ? ['none'] : [])),
    json: args.map((given) => JSON.stringify(given)),
    sealed: perhaps(base64, has('sealedCall')),
    cache: mark(has),
  });
  const thought =
    has('reasoningPart') || seals.length > 0 ? fc.array(reasoningPart(has, seals), { maxLength: 1 }) : fc.constant([]);
  return fc
    .record({
      thought,
      said: fc.array(textPart(has), { maxLength: 1 }),
      refused: has('refusal')
        ? fc.array(fc.record({ type: fc.constant('refusal' as const), text }), { maxLength: 1 })
        : fc.constant([]),
      calls: tools.length === 0 ? fc.constant([]) : fc.array(call, { maxLength: 2 }),
    })
    .filter(({ said, refused, calls }) => said.length + refused.length + calls.length > 0)
    .map(({ thought, said, refused, calls }) => [...thought, ...said, ...(calls.length > 0 ? [] : refused), ...calls]);
}

function toolResult(of: Extract<Part, { type: 'tool_call' }>, has: Has): fc.Arbitrary<Part> {
  // Marks for the cache within a result say no more than one on the result.
  const unmarked: Has = (lack) => lack !== 'cache' && has(lack);
  const media = [
    ...(has('toolResult') && has('image') ? [imagePart(unmarked)] : []),
    ...(has('toolResult') && has('document') ? [documentPart(unmarked)] : []),
  ];
  return fc.record({
    type: fc.constant('tool_result' as const),
    id: fc.constant(of.id),
    name: fc.constant(has('toolResultName') ? of.name : null),
    content: fc.array(fc.oneof({ arbitrary: textPart(unmarked), weight: 3 }, ...media), { minLength: 1, maxLength: 2 }),
    isError: has('toolError') ? fc.boolean() : fc.constant(false),
    cache: mark(has),
  });
}

function conversation(tools: readonly Tool[], has: Has, seals: readonly SealKind[]): fc.Arbitrary<Message[]> {
  const said = fc.array(userPart(has), { minLength: 1, maxLength: 3 });
  return fc.array(fc.tuple(said, assistantParts(tools, has, seals)), { maxLength: 3 }).chain((turns) => {
    const results = turns.map(([, parts]) =>
      fc.tuple(...parts.flatMap((part) => (part.type === 'tool_call' ? [toolResult(part, has)] : []))),
    );
    return fc.tuple(fc.tuple(...results), said).map(([answered, last]) => {
      const before = (index: number): Part[] => answered[index - 1] ?? [];
      const messages = turns.flatMap(([user, assistant], index): Message[] => [
        { role: 'user', parts: [...before(index), ...user] },
        { role: 'assistant', parts: assistant },
      ]);
      return [...messages, { role: 'user', parts: [...before(turns.length), ...last] }];
    });
  });
}

function offered(has: Has): fc.Arbitrary<Tool[]> {
  if (!has('tools')) return fc.constant([]);
  return fc.uniqueArray(
    fc.record({
      name: word,
      description: perhaps(text, has('toolDescription')),
      parameters: perhaps(schema),
      strict: perhaps(fc.boolean(), has('strict')),
      cache: mark(has),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  );
}

function toolChoices(tools: readonly Tool[]): fc.Arbitrary<ToolChoice> {
  return fc.oneof(
    fc.constantFrom<ToolChoice>({ kind: 'auto' }, { kind: 'none' }, { kind: 'required' }),
    fc.constantFrom(...tools).map(({ name }): ToolChoice => ({ kind: 'tool', name })),
  );
}

function formats(has: Has): fc.Arbitrary<AnswerFormat> {
  const schemas: fc.Arbitrary<AnswerFormat> = fc.record({
    kind: fc.constant('schema' as const),
    name: has('formatName') ? word : fc.constant(null),
    description: perhaps(text, has('formatDescription')),
    schema,
    strict: perhaps(fc.boolean(), has('formatStrict')),
  });
  const others: AnswerFormat[] = [{ kind: 'text' }, ...(has('jsonFormat') ? [{ kind: 'json' } as const] : [])];
  return fc.oneof(schemas, fc.constantFrom(...others));
}

function reasoningWish(has: Has): fc.Arbitrary<Reasoning> {
  const effort = fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max' as const);
  return fc
    .record({
      effort: perhaps(effort, has('effort')),
      tokensMax: perhaps(fc.integer({ min: 1024, max: 32_000 }), has('reasoningTokens')),
      shown: perhaps(fc.boolean(), has('reasoningShown')),
    })
    .filter(({ effort, tokensMax, shown }) => effort !== null || tokensMax !== null || shown !== null);
}

// Answers.

export function neutralAnswer({ lacks = [], seals = [] }: Shape = {}): fc.Arbitrary<NeutralAnswer> {
  const has = (lack: Lack): boolean => !lacks.includes(lack);
  return fc.record({
    id: fc.uuid(),
    choices: fc.array(answerChoice(has, seals), { minLength: 1, maxLength: has('manyChoices') ? 3 : 1 }),
    usage: usage(has),
  });
}

const CALLED: Tool[] = ['weather', 'search'].map((name) => ({
  name,
  description: null,
  parameters: null,
  strict: null,
  cache: null,
}));

function answerChoice(has: Has, seals: readonly SealKind[]): fc.Arbitrary<AnswerChoice> {
  const unmarked: Has = (lack) => lack !== 'cache' && has(lack);
  const picture = imagePart((lack) => lack !== 'cache' && lack !== 'imageUrl' && lack !== 'imageDetail');
  return fc
    .record({
      parts: assistantParts(CALLED, unmarked, seals),
      pictures: has('assistantImage') ? fc.array(picture, { maxLength: 1 }) : fc.constant([]),
      reason: fc.constantFrom(
        'stop',
        'length',
        'content_filter',
        ...(has('stopSequence') ? ['stop_sequence' as const] : []),
      ),
      sequence: word,
    })
    .map(({ parts, pictures, reason, sequence }): AnswerChoice => {
      if (parts.some(({ type }) => type === 'tool_call')) return { parts, reason: 'tool_calls', sequence: null };
      if (parts.some(({ type }) => type === 'refusal')) return { parts, reason: 'refusal', sequence: null };
      return { parts: [...parts, ...pictures], reason, sequence: reason === 'stop_sequence' ? sequence : null };
    });
}

/** Of something: who counts nothing at all has not counted (Gemini's readUsage). */
function usage(has: Has): fc.Arbitrary<Usage> {
  const count = fc.nat(10_000);
  return fc
    .record({
      input: count,
      cachedInput: count,
      cacheWrite5m: has('cacheWrites') ? count : fc.constant(0),
      cacheWrite1h: has('cacheWrites') && has('cacheWrite1h') ? count : fc.constant(0),
      output: count,
      reasoning: count,
    })
    .filter((counted) => Object.values(counted).some((tokens) => tokens > 0))
    .map((counted) => ({ ...NO_USAGE, ...counted }));
}

// Streams.

/** The numbers that decide how something is split, one after the other. */
export const dice = fc.array(fc.nat(5), { minLength: 20, maxLength: 60 }).map((numbers) => {
  let next = 0;
  return () => numbers[next++ % numbers.length] ?? 0;
});

/** `whole` in pieces of at least one character; a whole character is never halved. */
function inPieces(whole: string, roll: () => number): string[] {
  const letters = [...whole];
  const pieces: string[] = [];
  while (letters.length > 0) pieces.push(letters.splice(0, 1 + roll()).join(''));
  return pieces;
}

/** The events by which a provider would stream `answer`, its choices side by side. */
export function eventsOf(answer: NeutralAnswer, roll: () => number): NeutralEvent[] {
  const events: NeutralEvent[] = [{ type: 'start', id: answer.id }];
  let running = answer.choices.map(({ parts, reason, sequence }, choice) => [
    ...parts.flatMap((part) => eventsOfPart(part, choice, roll)),
    ...(reason === null ? [] : [{ type: 'end', choice, reason, sequence } as const]),
  ]);
  while (running.length > 0) {
    for (const of of running) events.push(...of.splice(0, 1 + roll()));
    running = running.filter((of) => of.length > 0);
  }
  if (answer.usage !== null) events.push({ type: 'usage', usage: answer.usage });
  return events;
}

function eventsOfPart(part: Part, choice: number, roll: () => number): NeutralEvent[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return inPieces(part.text, roll).map((piece) => ({ type: part.type, choice, text: piece }));
    case 'reasoning': {
      const shown = inPieces(part.text, roll).map((piece) => ({ type: 'reasoning', choice, text: piece }) as const);
      if (part.sealed === null || part.sealedBy === null) return shown;
      return [...shown, { type: 'sealed_reasoning', choice, sealed: part.sealed, sealedBy: part.sealedBy }];
    }
    case 'tool_call': {
      const { id, name, sealed } = part;
      const pieces = inPieces(part.json, roll).map((json) => ({ type: 'tool_json', choice, json }) as const);
      return [{ type: 'tool_call', choice, id, name, sealed }, ...pieces];
    }
    case 'image':
      if (part.source.kind !== 'data') throw new TypeError('no answer links to its image');
      return [{ type: 'image', choice, mediaType: part.source.mediaType, data: part.source.data }];
    default:
      throw new TypeError(`no answer has a ${part.type}`);
  }
}

const encoder = new TextEncoder();

/** `text` as it is read from a network that cuts it anywhere. */
export function framesOf(stream: string, cuts: readonly number[] = []): Frame[] {
  const bytes = encoder.encode(stream);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const frames = new Frames();
  const read = edges.slice(1).flatMap((edge, index) => frames.push(bytes.slice(edges[index], edge)));
  return [...read, ...frames.end()];
}

/** The same conversation with neighbours of one role joined, as some protocols must write it and others need not. */
export function joined(request: NeutralRequest): NeutralRequest {
  const messages: Message[] = [];
  for (const { role, parts } of request.messages) {
    const last = messages.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else messages.push({ role, parts: [...parts] });
  }
  return { ...request, messages };
}
