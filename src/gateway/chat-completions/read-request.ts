/**
 * A request of chat's clients as the neutral form: OpenAI's protocol, and what has become usual around it: `cache_control` on
 * parts, messages and tools (OpenRouter, LiteLLM), reasoning that is handed back (reasoning.ts), `top_k`, and `reasoning` as
 * OpenRouter takes it. The types of the official client 7.55 say what OpenAI's fields are.
 */
import { Fields, Reading } from '../fields.ts';
import {
  type AnswerFormat,
  addInstruction,
  type CacheMark,
  type Message,
  type NeutralRequest,
  type Part,
  type Reasoning,
  type Tool,
} from '../neutral.ts';
import { EFFORTS, readSchema, readToolChoice, VERBOSITIES } from '../openai-words.ts';
import type { Asked, Understood } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { readSource } from './data-url.ts';
import { readReasoning, thinkingText } from './reasoning.ts';
import { TOOL_FAILED } from './tool-failed.ts';

/** What OpenAI calls the formats of recordings. */
const AUDIO_TYPES: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
]);

export function readRequest({ json }: Asked): Understood<NeutralRequest> {
  const reading = new Reading('Chat Completions');
  const fields = new Fields(json, '', reading);
  // The caches of OpenAI are keyed and kept by these, and change no answer; the route has dealt with the others.
  fields.leaveOut('model', 'stream', 'stream_options', 'demo');
  fields.leaveOut('prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options');
  fields.leaveOutIf('store', (value) => value === false);
  fields.leaveOutIf('logprobs', (value) => value === false);
  fields.leaveOutIf('service_tier', (value) => value === 'auto' || value === 'default');
  fields.leaveOutIf('modalities', (value) => Array.isArray(value) && value.every((one) => one === 'text'));
  fields.leaveOutIf('logit_bias', (value) => isObject(value) && Object.keys(value).length === 0);
  fields.leaveOutIf('metadata', (value) => isObject(value) && Object.keys(value).length === 0);

  const system: Part[] = [];
  const messages: Message[] = [];
  for (const message of fields.objects('messages')) readMessage(message, system, messages);
  const endUser = fields.text('user');
  const request: NeutralRequest = {
    system,
    messages,
    tools: fields.objects('tools').map(readTool),
    toolChoice: readToolChoice(fields, readChosenName),
    parallelToolCalls: fields.boolean('parallel_tool_calls'),
    outputTokensMax: fields.number('max_completion_tokens') ?? fields.number('max_tokens'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    topK: fields.number('top_k'),
    stop: readStop(fields),
    seed: fields.number('seed'),
    presencePenalty: fields.number('presence_penalty'),
    frequencyPenalty: fields.number('frequency_penalty'),
    choices: fields.number('n'),
    format: readFormat(fields),
    reasoning: readReasoningWish(fields),
    verbosity: fields.oneOf('verbosity', VERBOSITIES),
    // It replaces `user`, which some still send for their caches' sake.
    endUser: fields.text('safety_identifier') ?? endUser,
  };
  fields.end();
  return reading.refusal ? { refusal: reading.refusal } : { understood: request };
}

function readMessage(message: Fields, system: Part[], messages: Message[]): void {
  const { reading } = message;
  const role = message.take('role');
  const mark = readMark(message);
  const say = (to: Part[], parts: Part[]) => {
    const last = parts.at(-1);
    // Said of a message as a whole, it stands on what comes last in it.
    if (mark && last && 'cache' in last) last.cache ??= mark;
    to.push(...parts);
  };
  switch (role) {
    case 'system':
    case 'developer':
      {
        const parts: Part[] = [];
        say(parts, readContent(message, ['text']));
        addInstruction({ system, messages }, parts);
      }
      break;
    case 'user': {
      const parts: Part[] = [];
      say(parts, readContent(message, ['text', 'image_url', 'input_audio', 'file']));
      messages.push({ role: 'user', parts });
      break;
    }
    case 'assistant': {
      const parts: Part[] = [];
      say(parts, readAssistant(message));
      if (parts.length > 0) messages.push({ role: 'assistant', parts });
      break;
    }
    case 'tool': {
      const parts: Part[] = [];
      say(parts, [readToolResult(message)]);
      messages.push({ role: 'user', parts });
      break;
    }
    default:
      reading.refuseUntranslatable(message.at('role'), role);
  }
  message.end();
}

type ContentType = 'text' | 'image_url' | 'input_audio' | 'file' | 'refusal' | 'thinking';

function readContent(message: Fields, types: readonly ContentType[]): Part[] {
  const content = message.take('content');
  if (content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, cache: null }];
  if (!Array.isArray(content)) {
    message.reading.refuse(message.at('content'), 'is neither a text nor a list of parts.');
    return [];
  }
  return new Fields({ content }, message.path, message.reading).objects('content').flatMap((part) => {
    const type = part.take('type');
    if (!types.includes(type as ContentType)) {
      message.reading.refuseUntranslatable(part.at('type'), type);
      return [];
    }
    const read = readPart(part, type as ContentType);
    part.end();
    return read ? [read] : [];
  });
}

function readPart(part: Fields, type: ContentType): Part | null {
  const cache = readMark(part);
  switch (type) {
    case 'text':
      return { type: 'text', text: part.needed('text'), cache };
    case 'refusal':
      return { type: 'refusal', text: part.needed('refusal') };
    case 'thinking': {
      const text = thinkingText({ type, thinking: part.take('thinking') });
      part.leaveOut('closed');
      return { type: 'reasoning', text: text ?? '', sealed: null, sealedBy: null };
    }
    case 'image_url':
      return readImage(part, cache);
    case 'input_audio': {
      const audio = part.within('input_audio');
      const format = audio?.needed('format') ?? '';
      const data = audio?.needed('data') ?? '';
      audio?.end();
      const mediaType = AUDIO_TYPES.get(format) ?? `audio/${format}`;
      return { type: 'audio', source: { kind: 'data', mediaType, data }, cache };
    }
    case 'file':
      return readFile(part, cache);
  }
}

function readImage(part: Fields, cache: CacheMark | null): Part | null {
  const image = part.within('image_url');
  if (!image) {
    part.reading.refuse(part.at('image_url'), 'is missing.');
    return null;
  }
  const source = readSource(image.needed('url'));
  if (!source) image.reading.refuse(image.at('url'), 'is neither a web address nor base64 in a data URL.');
  const detail = image.oneOf('detail', ['auto', 'low', 'high'] as const);
  image.end();
  return source && { type: 'image', source, detail, cache };
}

/** `file_id` is left to be refused: what it names is kept at OpenAI. */
function readFile(part: Fields, cache: CacheMark | null): Part | null {
  const file = part.within('file');
  const name = file?.text('filename') ?? null;
  const data = file?.text('file_data') ?? null;
  const source = data === null ? null : readSource(data);
  file?.end();
  if (!source) part.reading.refuse(part.at('file.file_data'), 'is neither a web address nor base64 in a data URL.');
  return source && { type: 'document', source, name, cache };
}

function readAssistant(message: Fields): Part[] {
  const thought = readReasoning({
    reasoning_details: message.list('reasoning_details'),
    reasoning_content: message.text('reasoning_content'),
    reasoning: message.text('reasoning'),
  });
  const said = readContent(message, ['text', 'refusal', 'thinking']).filter(
    (part) => part.type !== 'text' || part.text !== '',
  );
  const refusal = message.text('refusal');
  const pictures = message.objects('images').map((part) => {
    part.leaveOut('type', 'index');
    const picture = readImage(part, null);
    part.end();
    return picture;
  });
  const calls = message.objects('tool_calls').map((call): Part => {
    // Streams number their calls, and some clients keep that.
    call.leaveOut('type', 'index');
    const of = call.within('function');
    const sealed = readCallSeal(call);
    const cache = readMark(call);
    const part: Part = {
      type: 'tool_call',
      id: call.named('id'),
      name: of?.named('name') ?? '',
      json: of?.text('arguments') ?? '',
      sealed,
      cache,
    };
    of?.end();
    call.end();
    return part;
  });
  return [
    ...thought,
    ...said,
    ...(refusal ? [{ type: 'refusal', text: refusal } as const] : []),
    ...pictures.filter((part) => part !== null),
    ...calls,
  ];
}

/** `extra_content.google.thought_signature`, as Google's own endpoint of this protocol has it. */
function readCallSeal(call: Fields): string | null {
  const extra = call.within('extra_content');
  const google = extra?.within('google');
  const sealed = google?.text('thought_signature') ?? null;
  google?.end();
  extra?.end();
  return sealed;
}

function readToolResult(message: Fields): Part {
  const id = message.named('tool_call_id');
  const content = readContent(message, ['text', 'image_url', 'file']);
  const [first] = content;
  const isError = first?.type === 'text' && first.text === TOOL_FAILED;
  return {
    type: 'tool_result',
    id,
    name: message.text('name'),
    content: isError ? content.slice(1) : content,
    isError,
    cache: null,
  };
}

/** `cache_control`, or OpenAI's own `prompt_cache_breakpoint`, which is kept half an hour and more. */
function readMark(fields: Fields): CacheMark | null {
  const breakpoint = fields.object('prompt_cache_breakpoint');
  const mark = fields.within('cache_control');
  if (!mark) return breakpoint && { ttl: null };
  mark.oneOf('type', ['ephemeral'] as const);
  const ttl = mark.oneOf('ttl', ['5m', '1h'] as const);
  mark.end();
  return { ttl };
}

function readTool(tool: Fields): Tool {
  const type = tool.take('type');
  if (type !== 'function') tool.reading.refuseUntranslatable(tool.at('type'), type);
  const cache = readMark(tool);
  const of = tool.within('function');
  if (type === 'function' && !of) tool.reading.refuse(tool.at('function'), 'is missing.');
  const read: Tool = {
    name: of?.named('name') ?? '',
    description: of?.text('description') ?? null,
    parameters: of?.object('parameters') ?? null,
    strict: of?.boolean('strict') ?? null,
    cache,
  };
  of?.end();
  tool.end();
  return read;
}

function readChosenName(chosen: Fields): string {
  const of = chosen.within('function');
  if (!of) chosen.reading.refuse(chosen.at('function'), 'is missing.');
  const name = of?.named('name') ?? '';
  of?.end();
  return name;
}

function readStop(fields: Fields): string[] {
  const stop = fields.take('stop');
  if (stop === null) return [];
  const list: unknown[] = Array.isArray(stop) ? stop : [stop];
  const texts = list.filter((one) => typeof one === 'string');
  if (texts.length < list.length) fields.reading.refuse('stop', 'is neither a text nor a list of texts.');
  return texts;
}

function readFormat(fields: Fields): AnswerFormat | null {
  const format = fields.within('response_format');
  if (!format) return null;
  const type = format.oneOf('type', ['text', 'json_object', 'json_schema'] as const);
  const of = type === 'json_schema' ? format.within('json_schema') : null;
  const read: AnswerFormat | null =
    type === 'text' ? { kind: 'text' } : type === 'json_object' ? { kind: 'json' } : of && readSchema(of);
  if (!read) format.reading.refuse(format.at('json_schema'), 'is missing.');
  of?.end();
  format.end();
  return read;
}

/** OpenAI's `reasoning_effort`, or `reasoning` as OpenRouter takes it. */
function readReasoningWish(fields: Fields): Reasoning | null {
  const effort = fields.oneOf('reasoning_effort', EFFORTS);
  const wish = fields.within('reasoning');
  if (!wish) return effort && { effort, tokensMax: null, shown: null };
  const enabled = wish.boolean('enabled');
  const tokensMax = wish.number('max_tokens');
  const exclude = wish.boolean('exclude');
  const said = wish.oneOf('effort', EFFORTS) ?? effort;
  wish.end();
  // Merely enabled, it is of medium effort there.
  const merely = enabled === false ? 'none' : enabled === true && tokensMax === null ? 'medium' : null;
  return { effort: said ?? merely, tokensMax, shown: exclude === null ? null : !exclude };
}
