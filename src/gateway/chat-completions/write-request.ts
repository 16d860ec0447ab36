/**
 * A neutral request as a provider of Chat Completions takes it: OpenAI's own fields, and of others what that provider is known
 * to understand (dialect.ts).
 */
import { effortOf } from '../effort.ts';
import { lacks, type Word } from '../lacking.ts';
import type { CacheMark, Message, NeutralRequest, Part, Reasoning, Tool, ToolChoice } from '../neutral.ts';
import { withoutNulls, writeFormat } from '../openai-words.ts';
import type { Json, Sent, Understood } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { writeSource } from './data-url.ts';
import { type Dialect, dialectOf } from './dialect.ts';
import { writeDetails } from './reasoning.ts';
import { TOOL_FAILED } from './tool-failed.ts';

type PartOf<T extends Part['type']> = Extract<Part, { type: T }>;

const AUDIO_FORMATS: ReadonlyMap<string, string> = new Map([
  ['audio/wav', 'wav'],
  ['audio/x-wav', 'wav'],
  ['audio/wave', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/mp3', 'mp3'],
]);

export function writeRequest(request: NeutralRequest, sent: Sent): Understood<Json> {
  const writer = new RequestWriter(dialectOf(sent.mapping));
  const json = writer.write(request, sent);
  return writer.refusal ? { refusal: writer.refusal } : { understood: json };
}

class RequestWriter {
  /** What is lacking first. */
  refusal: Refusal | null = null;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  write(request: NeutralRequest, { mapping, streams, cap }: Sent): Json {
    const { tools, toolChoice, stop, format } = request;
    const tokensMax = cap ?? request.outputTokensMax;
    if (request.topK !== null && !this.#dialect.topK) this.#lacks('topK');
    return withoutNulls({
      model: mapping.upstreamModel,
      messages: [...this.#system(request.system), ...request.messages.flatMap((message) => this.#message(message))],
      stream: streams || null,
      stream_options: streams ? { include_usage: true } : null,
      // Models that reason refuse max_tokens; elsewhere both mean the same, and everyone knows the older name.
      [mapping.abilities.reasoning ? 'max_completion_tokens' : 'max_tokens']: tokensMax,
      tools: tools.length === 0 ? null : tools.map((tool) => this.#tool(tool)),
      tool_choice: toolChoice && writeToolChoice(toolChoice),
      parallel_tool_calls: request.parallelToolCalls,
      temperature: request.temperature,
      top_p: request.topP,
      top_k: request.topK,
      stop: stop.length === 0 ? null : stop,
      seed: request.seed,
      presence_penalty: request.presencePenalty,
      frequency_penalty: request.frequencyPenalty,
      n: request.choices,
      response_format: format && writeFormat(format, (schema) => ({ json_schema: schema })),
      ...(request.reasoning && this.#reasoningWish(request.reasoning)),
      verbosity: request.verbosity,
      user: request.endUser,
    });
  }

  #system(parts: readonly Part[]): Json[] {
    if (parts.length === 0) return [];
    return [{ role: 'system', content: this.#content(parts.map((part) => this.#textPart(part, 'system'))) }];
  }

  #message({ role, parts }: Message): Json[] {
    if (role === 'system') return this.#system(parts);
    if (role === 'assistant') {
      const said = this.#assistant(parts);
      // Nothing but a seal of somebody else's.
      return Object.keys(said).length > 1 ? [said] : [];
    }
    // Results come right after the calls that they answer, whatever else the user says.
    const results = parts.filter((part) => part.type === 'tool_result').map((part) => this.#toolResult(part));
    const said = parts.filter((part) => part.type !== 'tool_result').map((part) => this.#userPart(part));
    return said.length === 0 ? results : [...results, { role: 'user', content: this.#content(said) }];
  }

  #assistant(parts: readonly Part[]): Json {
    const said: Json[] = [];
    const thought: PartOf<'reasoning'>[] = [];
    // All that is said comes before all calls: a message of this protocol has no place for words between them.
    const calls: Json[] = [];
    const pictures: Json[] = [];
    for (const part of parts) {
      switch (part.type) {
        case 'text':
        case 'refusal':
          said.push(this.#textPart(part, 'refusal'));
          break;
        case 'reasoning':
          thought.push(part);
          break;
        case 'tool_call':
          calls.push(this.#toolCall(part));
          break;
        case 'image':
          // Only a client of ours that was answered with one sends it back.
          if (this.#dialect.reasoning === null) this.#lacks('image');
          pictures.push(this.#image(part));
          break;
        default:
          this.#lacks(wordOf(part));
      }
    }
    const reasoning = this.#reasoning(thought);
    return withoutNulls({
      role: 'assistant',
      content: [...reasoning.parts, ...said].length === 0 ? null : this.#content([...reasoning.parts, ...said]),
      ...reasoning.fields,
      images: pictures.length === 0 ? null : pictures,
      tool_calls: calls.length === 0 ? null : calls,
    });
  }

  /**
   * A provider without a place for reasoning shows none of its own, so what is there is another model's, of which it could
   * make nothing. Neither could it of a seal that it hasn't made.
   */
  #reasoning(thought: readonly PartOf<'reasoning'>[]): { parts: Json[]; fields: Json } {
    const { reasoning, sealedReasoning } = this.#dialect;
    const text = thought.map((part) => part.text).join('');
    const details = sealedReasoning ? writeDetails(thought) : [];
    const sealed = details.length === 0 ? {} : { reasoning_details: details };
    if (text === '') return { parts: [], fields: sealed };
    switch (reasoning) {
      case null:
        return { parts: [], fields: {} };
      case 'thinking_parts':
        return { parts: [{ type: 'thinking', thinking: [{ type: 'text', text }] }], fields: {} };
      default:
        return { parts: [], fields: { [reasoning]: text, ...sealed } };
    }
  }

  #toolCall({ id, name, json, sealed, cache }: PartOf<'tool_call'>): Json {
    return withoutNulls({
      id,
      type: 'function',
      function: { name, arguments: json },
      extra_content: sealed && this.#dialect.sealedCalls ? { google: { thought_signature: sealed } } : null,
      cache_control: this.#mark(cache),
    });
  }

  /** It names the call that it answers, and so the tool. */
  #toolResult({ id, content, isError, cache }: PartOf<'tool_result'>): Json {
    const failed = isError ? [{ type: 'text', text: TOOL_FAILED }] : [];
    const parts = content.map((part) => {
      if (part.type === 'text') return this.#textPart(part, 'toolResult');
      if (!this.#dialect.toolResultMedia || (part.type !== 'image' && part.type !== 'document'))
        this.#lacks('toolResult');
      return this.#userPart(part);
    });
    return withoutNulls({
      role: 'tool',
      tool_call_id: id,
      content: this.#content([...failed, ...parts]),
      cache_control: this.#mark(cache),
    });
  }

  #userPart(part: Part): Json {
    switch (part.type) {
      case 'image':
        return this.#image(part);
      case 'document':
        return this.#document(part);
      case 'audio':
        return this.#audio(part);
      default:
        return this.#textPart(part, wordOf(part));
    }
  }

  #textPart(part: Part, lacking: Word): Json {
    if (part.type === 'text') return this.#marked({ type: 'text', text: part.text }, part.cache);
    if (part.type === 'refusal' && lacking === 'refusal') return { type: 'refusal', refusal: part.text };
    this.#lacks(lacking);
    return {};
  }

  #image({ source, detail, cache }: PartOf<'image'>): Json {
    const image = withoutNulls({ url: writeSource(source), detail });
    return this.#marked({ type: 'image_url', image_url: image }, cache);
  }

  #document({ source, name, cache }: PartOf<'document'>): Json {
    if (source.kind === 'url' && !this.#dialect.fileUrls) this.#lacks('documentUrl');
    const file = withoutNulls({ filename: name, file_data: writeSource(source) });
    return this.#marked({ type: 'file', file }, cache);
  }

  #audio({ source, cache }: PartOf<'audio'>): Json {
    if (source.kind === 'url') {
      this.#lacks('audioUrl');
      return {};
    }
    const format = AUDIO_FORMATS.get(source.mediaType);
    if (format === undefined) this.#lacks('audio');
    return this.#marked({ type: 'input_audio', input_audio: { data: source.data, format } }, cache);
  }

  #tool({ name, description, parameters, strict, cache }: Tool): Json {
    const of = withoutNulls({ name, description, parameters, strict });
    return this.#marked({ type: 'function', function: of }, cache);
  }

  #reasoningWish(reasoning: Reasoning): Json {
    const { effort, tokensMax, shown } = reasoning;
    if (!this.#dialect.reasoningObject) return { reasoning_effort: effortOf(reasoning) };
    // OpenRouter takes the one or the other.
    const amount = effort === null ? { max_tokens: tokensMax } : { effort };
    return { reasoning: withoutNulls({ ...amount, exclude: shown === null ? null : !shown }) };
  }

  /** One plain text as such, which every provider takes; some don't take lists everywhere, and none an empty one. */
  #content(parts: Json[]): string | Json[] {
    if (parts.length === 0) return '';
    const [first] = parts;
    const plain = parts.length === 1 && first?.type === 'text' && first.cache_control === undefined;
    return plain && typeof first.text === 'string' ? first.text : parts;
  }

  #marked(json: Json, cache: CacheMark | null): Json {
    const mark = this.#mark(cache);
    return mark ? { ...json, cache_control: mark } : json;
  }

  #mark(cache: CacheMark | null): Json | null {
    return cache && this.#dialect.cacheMarks ? withoutNulls({ type: 'ephemeral', ttl: cache.ttl }) : null;
  }

  #lacks(word: Word): void {
    this.refusal ??= lacks('chat', word).refusal;
  }
}

function wordOf({ type }: Part): Word {
  switch (type) {
    case 'image':
    case 'document':
    case 'audio':
    case 'refusal':
      return type;
    case 'reasoning':
      return 'reasoningPart';
    case 'tool_call':
      return 'tools';
    case 'tool_result':
      return 'toolResult';
    case 'text':
      return 'system';
  }
}

function writeToolChoice(choice: ToolChoice): unknown {
  return choice.kind === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.kind;
}
