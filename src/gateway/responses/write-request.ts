/**
 * A neutral request as a Responses body. Nothing is stored at the provider; sealed reasoning is asked for where the model
 * reasons, so that the next turn can bring it along.
 *
 * Reasoning goes back only to whoever sealed it: what is shown of a thought is not the thought, and nobody asks for it.
 * Marks of what to cache are left out, because OpenAI caches every long prompt by itself.
 */
import { writeSource } from '../chat-completions/data-url.ts';
import { TOOL_FAILED } from '../chat-completions/tool-failed.ts';
import { effortOf } from '../effort.ts';
import { lacks, type Word } from '../lacking.ts';
import type { Message, NeutralRequest, Part, Reasoning, Tool, ToolChoice } from '../neutral.ts';
import { writeFormat } from '../openai-words.ts';
import type { Json, Sent, Understood } from '../protocol.ts';
import { SEALED_REASONING } from './turn.ts';

export function writeRequest(request: NeutralRequest, { mapping, streams, cap }: Sent): Understood<Json> {
  const lacking = lackingIn(request);
  if (lacking) return lacks('responses', lacking);
  const { format, reasoning, tools, toolChoice, verbosity } = request;
  const outputTokensMax = cap ?? request.outputTokensMax;
  return {
    understood: {
      model: mapping.upstreamModel,
      store: false,
      input: request.messages.flatMap(itemsOfMessage),
      ...(request.system.length > 0 && { instructions: request.system.map(textOf).join('\n\n') }),
      ...(streams && { stream: true }),
      ...(mapping.abilities.reasoning && { include: [SEALED_REASONING] }),
      ...(tools.length > 0 && { tools: tools.map(toolOf) }),
      ...(toolChoice !== null && { tool_choice: choiceOf(toolChoice) }),
      ...unlessNull('parallel_tool_calls', request.parallelToolCalls),
      ...unlessNull('max_output_tokens', outputTokensMax),
      ...unlessNull('temperature', request.temperature),
      ...unlessNull('top_p', request.topP),
      ...unlessNull('safety_identifier', request.endUser),
      ...((format !== null || verbosity !== null) && {
        text: {
          ...(format !== null && { format: writeFormat(format, (schema) => schema) }),
          ...unlessNull('verbosity', verbosity),
        },
      }),
      ...(reasoning !== null && { reasoning: reasoningOf(reasoning) }),
    },
  };
}

function unlessNull(field: string, value: unknown): Json {
  return value === null ? {} : { [field]: value };
}

function lackingIn(request: NeutralRequest): Word | null {
  if (request.topK !== null) return 'topK';
  if (request.stop.length > 0) return 'stop';
  if (request.seed !== null) return 'seed';
  if (request.presencePenalty) return 'presencePenalty';
  if (request.frequencyPenalty) return 'frequencyPenalty';
  if ((request.choices ?? 1) > 1) return 'choices';
  const instructions = request.messages.flatMap(({ role, parts }) => (role === 'system' ? parts : []));
  if ([...request.system, ...instructions].some(({ type }) => type !== 'text')) return 'system';
  const parts = request.messages.flatMap((message) => message.parts);
  const audio = parts.find((part) => part.type === 'audio');
  if (audio) return audio.source.kind === 'url' ? 'audioUrl' : 'audio';
  const results = parts.flatMap((part) => (part.type === 'tool_result' ? [part] : []));
  if (
    results.some(({ content }) =>
      content.some(({ type }) => type !== 'text' && type !== 'image' && type !== 'document'),
    )
  ) {
    return 'toolResult';
  }
  return null;
}

/** The items of one message: what is said in a row is one item, each call and result is one of its own. */
function itemsOfMessage({ role, parts }: Message): Json[] {
  const items: Json[] = [];
  let content: Json[] = [];
  const close = () => {
    if (content.length > 0) items.push({ type: 'message', role: role === 'system' ? 'developer' : role, content });
    content = [];
  };
  for (const part of parts) {
    const item = itemOf(part);
    if (item) {
      close();
      items.push(item);
    } else if (part.type !== 'reasoning') {
      content.push(contentOf(part, role));
    }
  }
  close();
  return items;
}

function itemOf(part: Part): Json | null {
  switch (part.type) {
    case 'reasoning':
      if (part.sealed === null || part.sealedBy !== 'responses') return null;
      return {
        type: 'reasoning',
        summary: part.text === '' ? [] : [{ type: 'summary_text', text: part.text }],
        encrypted_content: part.sealed,
      };
    case 'tool_call':
      return { type: 'function_call', call_id: part.id, name: part.name, arguments: part.json };
    case 'tool_result':
      return { type: 'function_call_output', call_id: part.id, output: resultOf(part) };
    default:
      return null;
  }
}

/** A result that is one text goes as that. That the tool failed is for the model to read: the protocol has no other place. */
function resultOf({ content, isError }: Extract<Part, { type: 'tool_result' }>): string | Json[] {
  const failed: Part[] = isError ? [{ type: 'text', text: TOOL_FAILED, cache: null }] : [];
  const parts = [...failed, ...content];
  const [first, ...others] = parts;
  // An empty list is refused.
  if (!first) return '';
  if (first.type === 'text' && others.length === 0) return first.text;
  return parts.map((part) => contentOf(part, 'user'));
}

function contentOf(part: Part, role: Message['role']): Json {
  switch (part.type) {
    case 'text':
      return { type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text };
    case 'refusal':
      return { type: 'refusal', refusal: part.text };
    case 'image':
      return { type: 'input_image', image_url: writeSource(part.source), ...unlessNull('detail', part.detail) };
    case 'document': {
      const { source, name } = part;
      if (source.kind === 'url') return { type: 'input_file', file_url: source.url, ...unlessNull('filename', name) };
      // Bytes must have a name; what they are stands before them.
      return { type: 'input_file', file_data: writeSource(source), filename: name ?? 'document' };
    }
    default:
      throw new Error(`a ${part.type} is no content of a message`);
  }
}

function textOf(part: Part): string {
  return part.type === 'text' ? part.text : '';
}

/** `strict` must be said: left out it is true, which a schema that was not written for that would not pass. */
function toolOf({ name, description, parameters, strict }: Tool): Json {
  return {
    type: 'function',
    name,
    ...unlessNull('description', description),
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  };
}

function choiceOf(choice: ToolChoice): string | Json {
  return choice.kind === 'tool' ? { type: 'function', name: choice.name } : choice.kind;
}

function reasoningOf(reasoning: Reasoning): Json {
  return { ...unlessNull('effort', effortOf(reasoning)), ...(reasoning.shown && { summary: 'auto' }) };
}
