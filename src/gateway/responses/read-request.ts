/**
 * A Responses request as the neutral form. What has no counterpart anywhere else is refused by its name; what only
 * transports, stores or tunes caches and bills, without a trace in the answer, is left out.
 *
 * Reading goes on after the first refusal, with whatever is at hand: it is the refusal that is answered then.
 */
import { readSource } from '../chat-completions/data-url.ts';
import { TOOL_FAILED } from '../chat-completions/tool-failed.ts';
import type { Effort, Message, NeutralRequest, Part, Source, Tool, ToolChoice } from '../neutral.ts';
import type { Asked, Json, Understood } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { isObject } from '../reported.ts';
import { CallSeals, itemsOf, reasoningOf } from './items.ts';

/** Understood below, or without a trace in the answer. */
const KNOWN: ReadonlySet<string> = new Set([
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'text',
  'reasoning',
  'user',
  'safety_identifier',
  'include',
  'service_tier',
  'truncation',
  'top_logprobs',
  // What transports, stores, tunes caches, or concerns tools that no other provider runs.
  'model',
  'stream',
  'stream_options',
  'store',
  'background',
  'metadata',
  'previous_response_id',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'max_tool_calls',
  'demo',
]);

/** Fields whose given values say no more than if they had been left out. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  service_tier: ['auto', 'default'],
  truncation: ['disabled'],
  top_logprobs: [0],
};

const EFFORTS: ReadonlySet<unknown> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
const LEVELS: ReadonlySet<unknown> = new Set(['low', 'medium', 'high']);
const DETAILS: ReadonlySet<unknown> = new Set(['auto', 'low', 'high']);

export function readRequest({ json }: Asked): Understood<NeutralRequest> {
  const reader = new RequestReader();
  const understood = reader.request(json);
  return reader.refusal ? { refusal: reader.refusal } : { understood };
}

class RequestReader {
  refusal: Refusal | null = null;

  request(json: Json): NeutralRequest {
    for (const [field, value] of Object.entries(json)) {
      if (value == null) continue;
      const harmless = HARMLESS[field];
      if (!KNOWN.has(field) || (harmless && !harmless.includes(value))) this.#foreign(field);
    }
    if (Array.isArray(json.include) && json.include.includes('message.output_text.logprobs')) this.#foreign('include');
    const { system, messages } = this.#conversation(itemsOf(json.input));
    const instructions = textOrNull(json.instructions);
    return {
      system: instructions === null ? system : [textPart(instructions), ...system],
      messages,
      tools: listOf(json.tools).map((tool, position) => this.#tool(tool, `tools.${position}`)),
      toolChoice: this.#toolChoice(json.tool_choice),
      parallelToolCalls: typeof json.parallel_tool_calls === 'boolean' ? json.parallel_tool_calls : null,
      outputTokensMax: numberOrNull(json.max_output_tokens),
      temperature: numberOrNull(json.temperature),
      topP: numberOrNull(json.top_p),
      topK: null,
      stop: [],
      seed: null,
      presencePenalty: null,
      frequencyPenalty: null,
      choices: null,
      ...this.#text(json.text),
      reasoning: this.#reasoning(json.reasoning),
      endUser: textOrNull(json.safety_identifier) ?? textOrNull(json.user),
    };
  }

  #conversation(items: Json[]): { system: Part[]; messages: Message[] } {
    const system: Part[] = [];
    const messages: Message[] = [];
    const seals = new CallSeals();
    for (const [position, item] of items.entries()) {
      const at = `input.${position}`;
      if (item.role === 'system' || item.role === 'developer') {
        system.push(...this.#parts(item.content, `${at}.content`));
        continue;
      }
      const { role, parts } = this.#said(item, at);
      const sealed = seals.of(item);
      const [call] = parts;
      if (call?.type === 'tool_call') call.sealed = sealed;
      // Items of one speaker in a row are one message: a call belongs to the text before it.
      const last = messages.at(-1);
      if (last?.role === role) last.parts.push(...parts);
      else if (parts.length > 0) messages.push({ role, parts });
    }
    return { system, messages };
  }

  #said(item: Json, at: string): Message {
    switch (item.type ?? 'message') {
      case 'message':
        return {
          role: item.role === 'assistant' ? 'assistant' : 'user',
          parts: this.#parts(item.content, `${at}.content`),
        };
      case 'function_call': {
        if (item.namespace != null) this.#foreign(`${at}.namespace`);
        const { call_id: id, name, arguments: json } = item;
        const call = { id: textOf(id), name: textOf(name), json: textOf(json), sealed: null, cache: null };
        return { role: 'assistant', parts: [{ type: 'tool_call', ...call }] };
      }
      case 'function_call_output': {
        const content = this.#parts(item.output, `${at}.output`);
        const [first, ...others] = content;
        const isError = first?.type === 'text' && first.text === TOOL_FAILED;
        const result = { id: textOf(item.call_id), name: textOrNull(item.name), content: isError ? others : content };
        return { role: 'user', parts: [{ type: 'tool_result', ...result, isError, cache: null }] };
      }
      case 'reasoning': {
        const { thought } = reasoningOf(item);
        return { role: 'assistant', parts: thought ? [thought] : [] };
      }
      default:
        this.#foreign(at);
        return { role: 'user', parts: [] };
    }
  }

  /** A content: a text, or a list of parts. */
  #parts(content: unknown, at: string): Part[] {
    if (typeof content === 'string') return [textPart(content)];
    return listOf(content).flatMap((part, position) => this.#part(part, `${at}.${position}`));
  }

  #part(part: Json, at: string): Part[] {
    const cache = isObject(part.prompt_cache_breakpoint) ? { ttl: null } : null;
    switch (part.type) {
      case 'input_text':
      case 'output_text':
      case 'text':
        return [{ type: 'text', text: textOf(part.text), cache }];
      case 'refusal':
        return [{ type: 'refusal', text: textOf(part.refusal) }];
      case 'input_image': {
        if (part.detail != null && !DETAILS.has(part.detail)) this.#foreign(`${at}.detail`);
        const detail = (part.detail ?? null) as 'auto' | 'low' | 'high' | null;
        const source = readSource(textOf(part.image_url));
        return source ? [{ type: 'image', source, detail, cache }] : this.#unreadable(`${at}.image_url`);
      }
      case 'input_file': {
        const name = textOrNull(part.filename);
        const url = textOrNull(part.file_url);
        const source = url === null ? fileOf(textOf(part.file_data), name) : readSource(url);
        return source ? [{ type: 'document', source, name, cache }] : this.#unreadable(`${at}.file_data`);
      }
      case 'input_audio': {
        const { data, format } = isObject(part.input_audio) ? part.input_audio : {};
        const mediaType = `audio/${format === 'mp3' ? 'mpeg' : textOf(format)}`;
        return [{ type: 'audio', source: { kind: 'data', mediaType, data: textOf(data) }, cache }];
      }
      default:
        this.#foreign(at);
        return [];
    }
  }

  #tool(tool: Json, at: string): Tool {
    const { type, name, description, parameters, strict } = tool;
    if (type !== 'function') this.#foreign(at);
    for (const field of ['defer_loading', 'allowed_callers', 'output_schema', 'async']) {
      if (tool[field] != null && tool[field] !== false) this.#foreign(`${at}.${field}`);
    }
    return {
      name: textOf(name),
      description: textOrNull(description),
      parameters: isObject(parameters) ? parameters : null,
      strict: typeof strict === 'boolean' ? strict : null,
      cache: null,
    };
  }

  #toolChoice(choice: unknown): ToolChoice | null {
    if (choice == null) return null;
    if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
    if (isObject(choice) && choice.type === 'function') return { kind: 'tool', name: textOf(choice.name) };
    this.#foreign('tool_choice');
    return null;
  }

  #text(text: unknown): Pick<NeutralRequest, 'format' | 'verbosity'> {
    if (!isObject(text)) return { format: null, verbosity: null };
    const { format, verbosity } = text;
    return {
      format: this.#format(format),
      verbosity: LEVELS.has(verbosity) ? (verbosity as 'low' | 'medium' | 'high') : null,
    };
  }

  #format(format: unknown): NeutralRequest['format'] {
    if (!isObject(format)) return null;
    const { type, name, description, schema, strict } = format;
    if (type === 'text') return { kind: 'text' };
    if (type === 'json_object') return { kind: 'json' };
    if (type !== 'json_schema') this.#foreign('text.format');
    return {
      kind: 'schema',
      name: textOrNull(name),
      description: textOrNull(description),
      schema: isObject(schema) ? schema : {},
      strict: typeof strict === 'boolean' ? strict : null,
    };
  }

  #reasoning(reasoning: unknown): NeutralRequest['reasoning'] {
    if (!isObject(reasoning)) return null;
    const { effort, summary, generate_summary: summaryOfOld, ...others } = reasoning;
    for (const [field, value] of Object.entries(others)) if (value != null) this.#foreign(`reasoning.${field}`);
    if (effort != null && !EFFORTS.has(effort)) this.#foreign('reasoning.effort');
    return {
      effort: (effort ?? null) as Effort | null,
      tokensMax: null,
      shown: (summary ?? summaryOfOld) == null ? null : true,
    };
  }

  #unreadable(field: string): Part[] {
    const message = `${field} is neither a web address nor base64 in a data URL.`;
    this.refusal ??= { kind: 'bad_request', field, message };
    return [];
  }

  #foreign(field: string): void {
    const message = `${field}: only OpenAI's Responses have this, which the provider of this model does not speak.`;
    this.refusal ??= { kind: 'bad_request', field, message };
  }
}

/** A file's bytes come as a data URL, or bare; then its name tells what it is, which is nearly always PDF. */
function fileOf(data: string, name: string | null): Source | null {
  if (data.startsWith('data:')) return readSource(data);
  const mediaType = /\.(txt|md|csv|json|html?)$/i.test(name ?? '') ? 'text/plain' : 'application/pdf';
  return readSource(`data:${mediaType};base64,${data}`);
}

function textPart(text: string): Part {
  return { type: 'text', text, cache: null };
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
