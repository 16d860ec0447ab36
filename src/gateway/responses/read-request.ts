/**
 * A Responses request as the neutral form. What has no counterpart anywhere else is refused by its name (fields.ts); what only
 * transports, stores or tunes caches and bills, without a trace in the answer, is left out. The types of the official client
 * 7.55 say what the fields are.
 */
import { readSource } from '../chat-completions/data-url.ts';
import { TOOL_FAILED } from '../chat-completions/tool-failed.ts';
import { Fields, Reading } from '../fields.ts';
import {
  addInstruction,
  type CacheMark,
  type Message,
  type NeutralRequest,
  type Part,
  type Source,
  type Tool,
} from '../neutral.ts';
import { EFFORTS, readSchema, readToolChoice, VERBOSITIES } from '../openai-words.ts';
import type { Asked, Json, Understood } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { CallSeals, itemsOf, reasoningOf } from './items.ts';

const DETAILS = ['auto', 'low', 'high'] as const;
const SUMMARIES = ['auto', 'concise', 'detailed'] as const;

export function readRequest({ json }: Asked): Understood<NeutralRequest> {
  const reading = new Reading("OpenAI's Responses");
  const fields = new Fields(json, '', reading);
  fields.leaveOut(
    'model',
    'stream',
    'stream_options',
    'store',
    'background',
    'metadata',
    'previous_response_id',
    'demo',
  );
  // The caches of OpenAI are keyed and kept by these; uses of tools are those of tools that no other provider runs.
  fields.leaveOut('prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'max_tool_calls');
  fields.leaveOutIf('service_tier', (value) => value === 'auto' || value === 'default');
  fields.leaveOutIf('truncation', (value) => value === 'disabled');
  fields.leaveOutIf('top_logprobs', (value) => value === 0);
  fields.leaveOutIf('include', (value) => Array.isArray(value) && !value.includes('message.output_text.logprobs'));

  const instructions = fields.text('instructions');
  const { system, messages } = readConversation(itemsOf(fields.take('input')), reading);
  const endUser = fields.text('user');
  const request: NeutralRequest = {
    system: instructions === null ? system : [textPart(instructions), ...system],
    messages,
    tools: fields.objects('tools').map(readTool),
    toolChoice: readToolChoice(fields, (chosen) => chosen.named('name')),
    parallelToolCalls: fields.boolean('parallel_tool_calls'),
    outputTokensMax: fields.number('max_output_tokens'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    topK: null,
    stop: [],
    seed: null,
    presencePenalty: null,
    frequencyPenalty: null,
    choices: null,
    ...readText(fields),
    reasoning: readReasoning(fields),
    endUser: fields.text('safety_identifier') ?? endUser,
  };
  fields.end();
  return reading.refusal ? { refusal: reading.refusal } : { understood: request };
}

function readConversation(items: Json[], reading: Reading): { system: Part[]; messages: Message[] } {
  const system: Part[] = [];
  const messages: Message[] = [];
  const seals = new CallSeals();
  for (const [position, json] of items.entries()) {
    const item = new Fields(json, `input.${position}`, reading);
    const sealed = seals.of(json);
    const { role, parts } = readItem(item, json);
    const [call] = parts;
    if (call?.type === 'tool_call') call.sealed = sealed;
    const last = messages.at(-1);
    if (role === 'system') addInstruction({ system, messages }, parts);
    // Items of one speaker in a row are one message: a call belongs to the text before it.
    else if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) messages.push({ role, parts });
  }
  return { system, messages };
}

/** What an item says, and who says it. An item that nobody else knows is refused as a whole. */
function readItem(item: Fields, json: Json): Message {
  const type = item.take('type') ?? 'message';
  // Names that were given to what a response holds, and how far it had come.
  item.leaveOut('id', 'status');
  const read = readSaid(item, type, json);
  if (read) item.end();
  else item.reading.refuseUntranslatable(item.path, type);
  return read ?? { role: 'user', parts: [] };
}

function readSaid(item: Fields, type: unknown, json: Json): Message | null {
  switch (type) {
    case 'message': {
      const role = item.oneOf('role', ['user', 'assistant', 'system', 'developer'] as const);
      // Whether the model meant it as its last word: a word that OpenAI's models leave for themselves.
      item.leaveOut('phase');
      return { role: role === 'developer' ? 'system' : (role ?? 'user'), parts: readContent(item, 'content') };
    }
    case 'function_call': {
      item.leaveOutIf('caller', (caller) => isObject(caller) && caller.type === 'direct');
      const call = { id: item.named('call_id'), name: item.named('name'), json: item.text('arguments') ?? '' };
      return { role: 'assistant', parts: [{ type: 'tool_call', ...call, sealed: null, cache: null }] };
    }
    case 'function_call_output': {
      item.leaveOutIf('caller', (caller) => isObject(caller) && caller.type === 'direct');
      const content = readContent(item, 'output');
      const [first, ...others] = content;
      const isError = first?.type === 'text' && first.text === TOOL_FAILED;
      const result = { id: item.named('call_id'), name: item.text('name'), content: isError ? others : content };
      return { role: 'user', parts: [{ type: 'tool_result', ...result, isError, cache: null }] };
    }
    case 'reasoning': {
      item.text('encrypted_content');
      for (const part of [...item.objects('summary'), ...item.objects('content')]) {
        part.leaveOut('type');
        part.needed('text');
        part.end();
      }
      const { thought } = reasoningOf(json);
      return { role: 'assistant', parts: thought ? [thought] : [] };
    }
    default:
      return null;
  }
}

/** A text, or a list of parts. */
function readContent(item: Fields, name: string): Part[] {
  const content = item.take(name);
  if (typeof content === 'string') return [textPart(content)];
  if (!Array.isArray(content)) {
    item.reading.refuse(item.at(name), 'is neither a text nor a list of parts.');
    return [];
  }
  return new Fields({ [name]: content }, item.path, item.reading).objects(name).flatMap((part) => {
    const type = part.take('type');
    const read = readPart(part, type);
    if (read) part.end();
    else part.reading.refuseUntranslatable(part.path, type);
    return read ?? [];
  });
}

/** Null for a kind of part that no other protocol knows, or one that could not be read and was refused for it. */
function readPart(part: Fields, type: unknown): Part | null {
  const cache = part.object('prompt_cache_breakpoint') ? { ttl: null } : null;
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: part.needed('text'), cache };
    case 'refusal':
      return { type: 'refusal', text: part.needed('refusal') };
    case 'input_image': {
      const detail = part.oneOf('detail', DETAILS);
      const source = readable(part, 'image_url', readSource(part.text('image_url') ?? ''));
      return source && { type: 'image', source, detail, cache };
    }
    case 'input_file':
      return readFile(part, cache);
    case 'input_audio': {
      const audio = part.within('input_audio');
      const format = audio?.named('format') ?? '';
      const data = audio?.needed('data') ?? '';
      audio?.end();
      const mediaType = `audio/${format === 'mp3' ? 'mpeg' : format}`;
      return audio && { type: 'audio', source: { kind: 'data', mediaType, data }, cache };
    }
    default:
      return null;
  }
}

function readFile(part: Fields, cache: CacheMark | null): Part | null {
  const name = part.text('filename');
  const url = part.text('file_url');
  const data = part.text('file_data');
  const source = readable(part, 'file_data', url === null ? fileOf(data ?? '', name) : readSource(url));
  return source && { type: 'document', source, name, cache };
}

function readable(part: Fields, field: string, source: Source | null): Source | null {
  if (!source) part.reading.refuse(part.at(field), 'is neither a web address nor base64 in a data URL.');
  return source;
}

function readTool(tool: Fields): Tool {
  const type = tool.take('type');
  if (type !== 'function') tool.reading.refuseUntranslatable(tool.path, type);
  for (const field of ['defer_loading', 'async']) tool.leaveOutIf(field, (value) => value === false);
  const read: Tool = {
    name: tool.named('name'),
    description: tool.text('description'),
    parameters: tool.object('parameters'),
    strict: tool.boolean('strict'),
    cache: null,
  };
  tool.end();
  return read;
}

function readText(fields: Fields): Pick<NeutralRequest, 'format' | 'verbosity'> {
  const text = fields.within('text');
  if (!text) return { format: null, verbosity: null };
  const read = { format: readFormat(text), verbosity: text.oneOf('verbosity', VERBOSITIES) };
  text.end();
  return read;
}

function readFormat(text: Fields): NeutralRequest['format'] {
  const format = text.within('format');
  if (!format) return null;
  const type = format.take('type');
  if (type !== 'text' && type !== 'json_object' && type !== 'json_schema') {
    format.reading.refuseUntranslatable(format.path, type);
    return null;
  }
  const read: NeutralRequest['format'] =
    type === 'text' ? { kind: 'text' } : type === 'json_object' ? { kind: 'json' } : readSchema(format);
  format.end();
  return read;
}

function readReasoning(fields: Fields): NeutralRequest['reasoning'] {
  const wish = fields.within('reasoning');
  if (!wish) return null;
  const effort = wish.oneOf('effort', EFFORTS);
  const summary = wish.oneOf('summary', SUMMARIES);
  // As it was called before.
  const shown = summary ?? wish.oneOf('generate_summary', SUMMARIES);
  if (summary !== null) wish.leaveOut('generate_summary');
  wish.end();
  return { effort, tokensMax: null, shown: shown === null ? null : true };
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
