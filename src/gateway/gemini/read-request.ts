/** A Gemini request in the neutral form. */
import type { AnswerFormat, Effort, Message, NeutralRequest, Part, Reasoning, Tool, ToolChoice } from '../neutral.ts';
import type { Asked, Json, Understood } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { refuseField } from '../request-body.ts';
import { withoutCounterpart } from './counterparts.ts';
import { addText, readMedium, sealOfCall } from './parts.ts';
import { type GenerateContentRequest, parseGenerateContent } from './request.ts';
import { jsonSchemaOf } from './schema.ts';

export function readRequest({ json }: Asked): Understood<NeutralRequest> {
  const parsed = parseGenerateContent(json);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  const foreign = withoutCounterpart(request);
  if (foreign !== null) {
    return refuseField(
      foreign,
      `${foreign}: the provider of this model speaks another protocol, which has no counterpart for this.`,
    );
  }
  const config = fieldsOf(request.generationConfig);
  const calling = fieldsOf(fieldsOf(request.toolConfig).functionCallingConfig);
  return {
    understood: {
      system: systemOf(request),
      messages: messagesOf(request, config.mediaResolution),
      // Google validates calls against their schemas for all tools or for none.
      tools: toolsOf(request, calling.mode === 'VALIDATED' ? true : null),
      toolChoice: toolChoiceOf(calling),
      parallelToolCalls: null,
      outputTokensMax: numberOf(config.maxOutputTokens),
      temperature: numberOf(config.temperature),
      topP: numberOf(config.topP),
      topK: numberOf(config.topK),
      stop: Array.isArray(config.stopSequences) ? config.stopSequences.map(String) : [],
      seed: numberOf(config.seed),
      presencePenalty: numberOf(config.presencePenalty),
      frequencyPenalty: numberOf(config.frequencyPenalty),
      choices: numberOf(config.candidateCount),
      format: formatOf(config),
      reasoning: reasoningOf(config.thinkingConfig),
      verbosity: null,
      endUser: null,
    },
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function systemOf({ systemInstruction }: GenerateContentRequest): Part[] {
  if (systemInstruction == null) return [];
  const texts =
    typeof systemInstruction === 'string'
      ? [systemInstruction]
      : (systemInstruction.parts ?? []).map(({ text }) => text ?? '');
  return texts.map((text) => ({ type: 'text', text, cache: null }));
}

function messagesOf({ contents }: GenerateContentRequest, everyLevel: unknown): Message[] {
  const calls = new CallIds();
  return contents.map(({ role, parts }) => {
    const read: Part[] = [];
    for (const part of parts ?? []) addPart(read, part, calls, everyLevel);
    return { role: role === 'model' ? 'assistant' : 'user', parts: read };
  });
}

function addPart(parts: Part[], part: Json, calls: CallIds, everyLevel: unknown): void {
  if (isObject(part.functionCall)) {
    const { id, name, args } = part.functionCall;
    const of = { id: calls.made(id, String(name)), name: String(name), json: JSON.stringify(args ?? {}) };
    parts.push({ type: 'tool_call', ...of, sealed: sealOfCall(part), cache: null });
    return;
  }
  if (isObject(part.functionResponse)) {
    const { id, name, response, parts: media } = part.functionResponse;
    const { text, isError } = resultOf(fieldsOf(response));
    const content: Part[] = text === null ? [] : [{ type: 'text', text, cache: null }];
    for (const medium of Array.isArray(media) ? media : []) content.push(...mediumIn(fieldsOf(medium), everyLevel));
    const of = { id: calls.answered(id, String(name)), name: String(name), content, isError };
    parts.push({ type: 'tool_result', ...of, cache: null });
    return;
  }
  const medium = mediumIn(part, everyLevel);
  if (medium.length > 0) parts.push(...medium);
  else addText(parts, part);
}

function mediumIn(part: Json, everyLevel: unknown): Part[] {
  const medium = readMedium(part, everyLevel);
  return medium ? [medium] : [];
}

/** Google names `output` and `error` for what a function gave; of any other object the whole is the output. */
function resultOf(response: Json): { text: string | null; isError: boolean } {
  const names = Object.keys(response);
  if (names.length === 0) return { text: null, isError: false };
  const isError = names.length === 1 && names[0] === 'error';
  const said = isError ? response.error : names.length === 1 && names[0] === 'output' ? response.output : response;
  return { text: typeof said === 'string' ? said : JSON.stringify(said), isError };
}

/** Google leaves the ids of calls to clients, who may leave them out; elsewhere a result needs the id of its call. */
class CallIds {
  #made = 0;
  /** Calls that have no result yet, in their order. */
  readonly #open: { id: string; name: string }[] = [];

  made(given: unknown, name: string): string {
    const id = idOf(given) ?? this.#next();
    this.#open.push({ id, name });
    return id;
  }

  answered(given: unknown, name: string): string {
    const id = idOf(given);
    const at = this.#open.findIndex((call) => (id === null ? call.name === name : call.id === id));
    const [call] = at === -1 ? [] : this.#open.splice(at, 1);
    return id ?? call?.id ?? this.#next();
  }

  #next(): string {
    this.#made += 1;
    return `call_${this.#made}`;
  }
}

function idOf(given: unknown): string | null {
  return typeof given === 'string' && given !== '' ? given : null;
}

function toolsOf({ tools }: GenerateContentRequest, strict: boolean | null): Tool[] {
  const declared = (tools ?? []).flatMap(({ functionDeclarations }) => functionDeclarations ?? []);
  return declared.map(({ name, description, parameters, parametersJsonSchema }) => ({
    name,
    description: description ?? null,
    parameters: parametersJsonSchema ?? (parameters ? jsonSchemaOf(parameters) : null),
    strict,
    cache: null,
  }));
}

function toolChoiceOf({ mode, allowedFunctionNames }: Json): ToolChoice | null {
  const [name] = Array.isArray(allowedFunctionNames) ? allowedFunctionNames : [];
  switch (mode) {
    case 'AUTO':
    case 'VALIDATED':
      return { kind: 'auto' };
    case 'NONE':
      return { kind: 'none' };
    case 'ANY':
      return typeof name === 'string' ? { kind: 'tool', name } : { kind: 'required' };
    default:
      return null;
  }
}

function formatOf({ responseMimeType, responseSchema, responseJsonSchema }: Json): AnswerFormat | null {
  const schema = isObject(responseJsonSchema)
    ? responseJsonSchema
    : isObject(responseSchema)
      ? jsonSchemaOf(responseSchema)
      : null;
  // Google holds every answer to its schema.
  if (schema) return { kind: 'schema', name: null, description: null, schema, strict: true };
  if (responseMimeType === 'application/json') return { kind: 'json' };
  return responseMimeType === 'text/plain' ? { kind: 'text' } : null;
}

const EFFORTS: Readonly<Record<string, Effort>> = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' };

function reasoningOf(config: unknown): Reasoning | null {
  if (!isObject(config)) return null;
  const { thinkingLevel, thinkingBudget: budget, includeThoughts } = config;
  const effort = budget === 0 ? 'none' : (EFFORTS[String(thinkingLevel)] ?? null);
  // -1: as much as the model sees fit.
  const tokensMax = typeof budget === 'number' && budget > 0 ? budget : null;
  const shown = typeof includeThoughts === 'boolean' ? includeThoughts : null;
  return effort === null && tokensMax === null && shown === null ? null : { effort, tokensMax, shown };
}
