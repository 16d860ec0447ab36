/** A neutral request as Google understands it. */
import { lacks } from '../lacking.ts';
import {
  type AnswerFormat,
  type Effort,
  type Message,
  type NeutralRequest,
  type Part,
  type Reasoning,
  type Tool,
  type ToolChoice,
  withSystemAtHead,
} from '../neutral.ts';
import type { Json, Sent, Understood } from '../protocol.ts';
import { jsonObjectIn } from '../reported.ts';
import { refuseField } from '../request-body.ts';
import { NO_SIGNATURE, writeMedium, writeReasoning } from './parts.ts';
import { isKeptAtGoogle, keptAtGoogle } from './request.ts';

/**
 * What only tunes billing is left out: marks for the cache, as Google caches by itself what repeats; and so are the end user,
 * whom Google has no field for, and what names a document or a schema for people.
 */
export function writeRequest(asked: NeutralRequest, { mapping, cap }: Sent): Understood<Json> {
  const request = withSystemAtHead(asked);
  if (request.verbosity !== null) return lacks('gemini', 'verbosity');
  if (request.parallelToolCalls === false) return lacks('gemini', 'parallelToolCalls');
  if (request.system.some(({ type }) => type !== 'text')) return lacks('gemini', 'system');
  if (request.messages.some(({ parts }) => parts.some(isForeignResult))) return lacks('gemini', 'toolResult');
  const unsent = unsentMedium(request);
  if (unsent !== null) return refuseField(unsent, keptAtGoogle(unsent));
  const nameless = namelessResult(request);
  if (nameless !== null)
    return refuseField('toolResult', `toolResult: ${nameless} names no call in this conversation.`);
  const instruction = request.system.map((part) => ({ text: part.type === 'text' ? part.text : '' }));
  const config = generationConfig(request, mapping.upstreamModel, cap);
  const calling = functionCalling(request.toolChoice, request.tools);
  return {
    understood: {
      contents: contentsOf(request.messages, mapping.upstreamModel),
      ...(instruction.length > 0 && { systemInstruction: { parts: instruction } }),
      ...(request.tools.length > 0 && { tools: [{ functionDeclarations: request.tools.map(declaration) }] }),
      ...(calling && { toolConfig: { functionCallingConfig: calling } }),
      ...(Object.keys(config).length > 0 && { generationConfig: config }),
    },
  };
}

/** Of a result Google takes text, images and documents. */
function isForeignResult(part: Part): boolean {
  return (
    part.type === 'tool_result' &&
    part.content.some(({ type }) => type !== 'text' && type !== 'image' && type !== 'document')
  );
}

/** A link that Google would follow with the deployment's own rights. */
function unsentMedium({ messages }: NeutralRequest): string | null {
  const parts = messages.flatMap((message) => message.parts);
  const all = parts.flatMap((part) => (part.type === 'tool_result' ? part.content : [part]));
  const found = all.find((part) => 'source' in part && part.source.kind === 'url' && isKeptAtGoogle(part.source.url));
  return found ? found.type : null;
}

/** Google knows results by the names of their functions; others by the ids of the calls alone. */
function namesOfCalls(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ parts }) => parts).filter((part) => part.type === 'tool_call');
  return new Map(calls.map(({ id, name }) => [id, name]));
}

function namelessResult({ messages }: NeutralRequest): string | null {
  const names = namesOfCalls(messages);
  const results = messages.flatMap(({ parts }) => parts).filter((part) => part.type === 'tool_result');
  return results.find(({ id, name }) => name === null && !names.has(id))?.id ?? null;
}

/** Turns alternate: neighbours of one role are one content. */
function contentsOf(messages: readonly Message[], model: string): Json[] {
  const names = namesOfCalls(messages);
  const contents: { role: string; parts: Json[] }[] = [];
  for (const { role, parts } of messages) {
    const speaker = role === 'assistant' ? 'model' : 'user';
    const last = contents.at(-1);
    const into = last?.role === speaker ? last : { role: speaker, parts: [] };
    if (into !== last) contents.push(into);
    for (const part of parts) into.parts.push(...writePart(part, names));
  }
  // Gemini 2 signs nothing that it misses afterwards.
  if (!isGemini2(model)) for (const { parts } of contents) signFirstCall(parts);
  return contents.filter(({ parts }) => parts.length > 0).map((content) => ({ ...content }));
}

/** Of calls side by side the first carries the signature of all. */
function signFirstCall(parts: Json[]): void {
  const first = parts.find(({ functionCall }) => functionCall !== undefined);
  if (first) first.thoughtSignature ??= NO_SIGNATURE;
}

function writePart(part: Part, names: ReadonlyMap<string, string>): Json[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ text: part.text }];
    case 'image':
    case 'document':
    case 'audio':
      return [writeMedium(part)];
    case 'reasoning':
      return writeReasoning(part, 'google');
    case 'tool_call': {
      const functionCall = { id: part.id, name: part.name, args: argsOf(part.json) };
      return [{ functionCall, ...(part.sealed !== null && { thoughtSignature: part.sealed }) }];
    }
    case 'tool_result': {
      const text = part.content.flatMap((of) => (of.type === 'text' ? [of.text] : [])).join('\n');
      const media = part.content.flatMap((of) =>
        of.type === 'image' || of.type === 'document' ? [mediumOnly(writeMedium(of))] : [],
      );
      const response = { [part.isError ? 'error' : 'output']: text };
      const name = part.name ?? names.get(part.id);
      return [{ functionResponse: { id: part.id, name, response, ...(media.length > 0 && { parts: media }) } }];
    }
  }
}

/** Within a result, Google takes no resolution. */
function mediumOnly({ mediaResolution: _, ...medium }: Json): Json {
  return medium;
}

function argsOf(json: string): Json {
  // What a model has written and a caller sends back, halved by a cap perhaps: the words stay.
  return jsonObjectIn(json) ?? { arguments: json };
}

function declaration({ name, description, parameters }: Tool): Json {
  return {
    name,
    ...(description !== null && { description }),
    ...(parameters !== null && { parametersJsonSchema: parameters }),
  };
}

function functionCalling(choice: ToolChoice | null, tools: readonly Tool[]): Json | null {
  switch (choice?.kind) {
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    default:
      // Where calls may be made or not, only this mode holds them to their schemas; the others do anyway.
      if (tools.some(({ strict }) => strict === true)) return { mode: 'VALIDATED' };
      return choice ? { mode: 'AUTO' } : null;
  }
}

function generationConfig(request: NeutralRequest, model: string, cap: number | null): Json {
  const config: Json = {
    maxOutputTokens: cap ?? request.outputTokensMax,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stopSequences: request.stop.length > 0 ? request.stop : null,
    seed: request.seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    candidateCount: request.choices,
    thinkingConfig: request.reasoning && thinking(request.reasoning, model),
    ...format(request.format),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}

function format(wanted: AnswerFormat | null): Json {
  switch (wanted?.kind) {
    case 'text':
      return { responseMimeType: 'text/plain' };
    case 'json':
      return { responseMimeType: 'application/json' };
    case 'schema': {
      const { schema, description } = wanted;
      const described = description === null || schema.description !== undefined ? schema : { description, ...schema };
      return { responseMimeType: 'application/json', responseJsonSchema: described };
    }
    default:
      return {};
  }
}

const LEVELS: Readonly<Record<Effort, string>> = {
  // Gemini 3 always thinks: this is the least it knows, as HIGH is the most.
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

/** Gemini 2 knows budgets only: those that Google's own OpenAI-compatible endpoint has for efforts. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};

/** Google takes a level or a budget, not both; a budget is the narrower word. */
function thinking({ effort, tokensMax, shown }: Reasoning, model: string): Json {
  const budget = tokensMax ?? (effort !== null && isGemini2(model) ? BUDGETS[effort] : null);
  const level = effort && LEVELS[effort];
  // The pro models know no level below LOW (https://ai.google.dev/gemini-api/docs/thinking).
  const known = level === 'MINIMAL' && model.includes('-pro') ? 'LOW' : level;
  return {
    ...(budget !== null ? { thinkingBudget: budget } : known !== null && { thinkingLevel: known }),
    ...(shown !== null && { includeThoughts: shown }),
  };
}

function isGemini2(model: string): boolean {
  return model.startsWith('gemini-2');
}
