/**
 * A Messages request as the neutral form has it, for a provider of another protocol.
 *
 * What only transports or bills is left out. Whatever else has no counterpart is refused by its path: a field that nobody
 * knows may change the answer, and nothing is lost in silence.
 */
import {
  addInstruction,
  type Effort,
  type Message,
  type NeutralRequest,
  type Reasoning,
  type Tool,
  type ToolChoice,
} from '../neutral.ts';
import type { Asked, Json, Understood } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { Objections } from './objections.ts';
import { BlockReader } from './read-blocks.ts';

/** Said of the call rather than of the answer; the model and the cap are the gateway's own affair. */
const TRANSPORT = ['model', 'stream', 'service_tier', 'inference_geo', 'speed', 'demo'];

const KNOWN = [
  ...TRANSPORT,
  'messages',
  'max_tokens',
  'system',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'cache_control',
  'context_management',
];

export function readRequest({ json }: Asked): Understood<NeutralRequest> {
  const objections = new Objections();
  const request = new RequestReader(json, objections).request();
  const { refusal } = objections;
  return refusal ? { refusal } : { understood: request };
}

class RequestReader {
  readonly #json: Json;
  readonly #objections: Objections;
  readonly #blocks: BlockReader;

  constructor(json: Json, objections: Objections) {
    this.#json = json;
    this.#objections = objections;
    this.#blocks = new BlockReader(objections);
  }

  request(): NeutralRequest {
    const json = this.#json;
    this.#objections.toAllBut(json, '', KNOWN);
    if (!keepsAllThoughts(json.context_management)) this.#objections.to('context_management');
    const { system, messages } = this.#conversation();
    const { disable_parallel_tool_use: given } = fieldsOf(json.tool_choice);
    const alone = this.#objections.flagAt(given, 'tool_choice.disable_parallel_tool_use');
    const metadata = this.#objections.fieldsAt(json.metadata, 'metadata');
    this.#objections.toAllBut(metadata, 'metadata', ['user_id']);
    const number = (field: string) => this.#objections.numberAt(json[field], field);
    return {
      system,
      messages,
      tools: this.#listOf('tools').map((tool, i) => this.#tool(tool, `tools.${i}`)),
      toolChoice: this.#toolChoice(),
      parallelToolCalls: alone === null ? null : !alone,
      outputTokensMax: number('max_tokens'),
      temperature: number('temperature'),
      topP: number('top_p'),
      topK: number('top_k'),
      stop: this.#texts('stop_sequences'),
      seed: null,
      presencePenalty: null,
      frequencyPenalty: null,
      choices: null,
      format: this.#format(),
      reasoning: this.#reasoning(),
      verbosity: null,
      endUser: this.#objections.textAt(metadata.user_id, 'metadata.user_id'),
    };
  }

  #conversation(): Pick<NeutralRequest, 'system' | 'messages'> {
    const system = this.#blocks.read(this.#json.system, 'system');
    const messages: Message[] = [];
    for (const [i, message] of this.#listOf('messages').entries()) {
      const { role, content, ...rest } = this.#objections.fieldsAt(message, `messages.${i}`);
      this.#objections.toAllBut(rest, `messages.${i}`, []);
      const parts = this.#blocks.read(content, `messages.${i}.content`);
      if (role === 'system') addInstruction({ system, messages }, parts);
      else messages.push({ role: role === 'assistant' ? 'assistant' : 'user', parts });
    }
    // Set at the top, it marks the last that can be marked.
    const cache = this.#blocks.cacheMark(this.#json, '');
    const last = messages.at(-1)?.parts.findLast((part) => 'cache' in part);
    if (cache && last && 'cache' in last) last.cache = cache;
    return { system, messages };
  }

  #tool(value: unknown, path: string): Tool {
    const tool = this.#objections.fieldsAt(value, path);
    const { type, name, description, input_schema: schema, strict } = tool;
    if (type != null && type !== 'custom') this.#objections.to(`${path}.type`);
    const examples = tool.input_examples;
    if (Array.isArray(examples) && examples.length > 0) this.#objections.to(`${path}.input_examples`);
    if (tool.defer_loading === true) this.#objections.to(`${path}.defer_loading`);
    if (tool.allowed_callers != null && JSON.stringify(tool.allowed_callers) !== '["direct"]') {
      this.#objections.to(`${path}.allowed_callers`);
    }
    this.#objections.toAllBut(tool, path, [
      'type',
      'name',
      'description',
      'input_schema',
      'strict',
      'cache_control',
      'input_examples',
      'defer_loading',
      'allowed_callers',
      // How its input travels.
      'eager_input_streaming',
    ]);
    const parameters = this.#objections.fieldsAt(schema, `${path}.input_schema`);
    return {
      name: this.#objections.textAt(name, `${path}.name`) ?? '',
      description: this.#objections.textAt(description, `${path}.description`),
      parameters: schema == null || takesNothing(parameters) ? null : parameters,
      strict: this.#objections.flagAt(strict, `${path}.strict`),
      cache: this.#blocks.cacheMark(tool, path),
    };
  }

  #toolChoice(): ToolChoice | null {
    const choice = this.#json.tool_choice;
    if (choice == null) return null;
    const { type, name } = fieldsOf(choice);
    this.#objections.toAllBut(fieldsOf(choice), 'tool_choice', ['type', 'name', 'disable_parallel_tool_use']);
    if (type === 'auto' || type === 'none') return { kind: type };
    if (type === 'any') return { kind: 'required' };
    if (type === 'tool') {
      if (name == null) this.#objections.toValue('tool_choice.name', 'is missing');
      return { kind: 'tool', name: this.#objections.textAt(name, 'tool_choice.name') ?? '' };
    }
    this.#objections.to('tool_choice.type');
    return null;
  }

  #format(): NeutralRequest['format'] {
    const { format: inConfig, ...config } = this.#objections.fieldsAt(this.#json.output_config, 'output_config');
    this.#objections.toAllBut(config, 'output_config', ['effort']);
    // As its beta had it.
    const format = inConfig ?? this.#json.output_format;
    if (format == null) return null;
    const { type, schema, ...rest } = this.#objections.fieldsAt(format, 'output_config.format');
    this.#objections.toAllBut(rest, 'output_config.format', []);
    if (type !== 'json_schema') {
      this.#objections.to('output_config.format.type');
      return null;
    }
    if (!isObject(schema)) this.#objections.toValue('output_config.format.schema', 'must be an object');
    return { kind: 'schema', name: null, description: null, schema: fieldsOf(schema), strict: null };
  }

  #reasoning(): Reasoning | null {
    const { effort } = fieldsOf(this.#json.output_config);
    const asked = effort == null ? null : EFFORTS.get(effort);
    if (asked === undefined) this.#objections.to('output_config.effort');
    const thinking = this.#objections.fieldsAt(this.#json.thinking, 'thinking');
    this.#objections.toAllBut(thinking, 'thinking', ['type', 'budget_tokens', 'display']);
    const shown = SHOWN.get(thinking.display) ?? null;
    if (thinking.display != null && shown === null) this.#objections.to('thinking.display');
    switch (thinking.type) {
      case undefined:
        return asked == null ? null : { effort: asked, tokensMax: null, shown };
      case 'disabled':
        // Elsewhere effort is that of reasoning alone.
        if (asked != null) this.#objections.to('output_config.effort');
        return { effort: 'none', tokensMax: null, shown };
      case 'adaptive':
        return { effort: asked ?? null, tokensMax: null, shown };
      case 'enabled': {
        const tokensMax = this.#objections.numberAt(thinking.budget_tokens, 'thinking.budget_tokens');
        return { effort: asked ?? null, tokensMax, shown };
      }
      default:
        this.#objections.to('thinking.type');
        return null;
    }
  }

  #texts(field: string): string[] {
    return this.#listOf(field).map((value, i) => {
      if (typeof value !== 'string') this.#objections.toValue(`${field}.${i}`, 'must be a text');
      return String(value);
    });
  }

  #listOf(field: string): unknown[] {
    return this.#objections.listAt(this.#json[field], field);
  }
}

const EFFORTS: ReadonlyMap<unknown, Effort> = new Map(
  (['low', 'medium', 'high', 'xhigh', 'max'] as const).map((effort) => [effort, effort]),
);

const SHOWN: ReadonlyMap<unknown, boolean> = new Map([
  ['summarized', true],
  ['omitted', false],
]);

/** `{"type": "object", "properties": {}}`, which stands for no parameters. */
function takesNothing({ type, properties, ...rest }: Json): boolean {
  const none = properties == null || (isObject(properties) && Object.keys(properties).length === 0);
  return type === 'object' && none && Object.keys(rest).length === 0;
}

/** To keep what was thought is what every provider does unasked; any other edit changes what the model reads. */
function keepsAllThoughts(management: unknown): boolean {
  const { edits = [], ...rest } = fieldsOf(management);
  if (!Array.isArray(edits) || Object.keys(rest).length > 0) return false;
  return edits.map(fieldsOf).every(({ type, keep }) => type === 'clear_thinking_20251015' && keep === 'all');
}
