/**
 * A request of the neutral form as Messages have it (https://platform.claude.com/docs/en/api/messages). What Messages cannot
 * say is refused; what they do anyway (`parallelToolCalls`, high detail) or call nothing (the name of a schema) is left out.
 */
import { budgetOf, effortOf } from '../effort.ts';
import {
  type AnswerFormat,
  type Effort,
  type NeutralRequest,
  type Reasoning,
  type Tool,
  withSystemAtHead,
} from '../neutral.ts';
import type { Json, Sent, Understood } from '../protocol.ts';
import { Objections } from './objections.ts';
import { THINKING_TOKENS_MIN } from './request.ts';
import { BlockWriter, cacheControl } from './write-blocks.ts';

export function writeRequest(request: NeutralRequest, sent: Sent): Understood<Json> {
  const objections = new Objections();
  const written = new RequestWriter(withSystemAtHead(request), sent, objections).write();
  const { refusal } = objections;
  return refusal ? { refusal } : { understood: written };
}

class RequestWriter {
  readonly #request: NeutralRequest;
  readonly #sent: Sent;
  readonly #objections: Objections;
  readonly #blocks: BlockWriter;

  constructor(request: NeutralRequest, sent: Sent, objections: Objections) {
    this.#request = request;
    this.#sent = sent;
    this.#objections = objections;
    this.#blocks = new BlockWriter(objections);
  }

  write(): Json {
    const { mapping, streams, cap } = this.#sent;
    const { system, messages, tools, outputTokensMax, temperature, topP, topK, stop, endUser } = this.#request;
    this.#refuseLacking();
    // It must be said here; elsewhere it need not.
    const tokensMax = cap ?? outputTokensMax ?? mapping.maxOutputTokens;
    return {
      model: mapping.upstreamModel,
      max_tokens: tokensMax,
      ...(system.length > 0 && { system: this.#blocks.text(system) }),
      messages: this.#blocks.messages(messages),
      ...(tools.length > 0 && { tools: tools.map(toolOf) }),
      ...this.#toolChoice(),
      ...this.#thinking(tokensMax),
      ...this.#outputConfig(),
      ...(temperature !== null && { temperature }),
      ...(topP !== null && { top_p: topP }),
      ...(topK !== null && { top_k: topK }),
      ...(stop.length > 0 && { stop_sequences: stop }),
      ...(endUser !== null && { metadata: { user_id: endUser } }),
      ...(streams && { stream: true }),
    };
  }

  #refuseLacking(): void {
    const { seed, presencePenalty, frequencyPenalty, choices, verbosity, temperature, format } = this.#request;
    if (seed !== null) this.#objections.toWord('seed');
    // 0 and 1 are what Messages do anyway.
    if ((presencePenalty ?? 0) !== 0) this.#objections.toWord('presencePenalty');
    if ((frequencyPenalty ?? 0) !== 0) this.#objections.toWord('frequencyPenalty');
    if ((choices ?? 1) !== 1) this.#objections.toWord('choices');
    if (verbosity !== null && verbosity !== 'medium') this.#objections.toWord('verbosity');
    if (format?.kind === 'json') this.#objections.toWord('format');
    if (temperature !== null && temperature > 1) this.#objections.toWord('temperature');
  }

  #toolChoice(): Json {
    const { tools, toolChoice, parallelToolCalls } = this.#request;
    if (tools.length === 0) return {};
    if (toolChoice?.kind === 'none') return { tool_choice: { type: 'none' } };
    const alone = parallelToolCalls === false;
    if (!toolChoice && !alone) return {};
    const parallel = parallelToolCalls !== null && { disable_parallel_tool_use: alone };
    switch (toolChoice?.kind) {
      case 'tool':
        return { tool_choice: { type: 'tool', name: toolChoice.name, ...parallel } };
      case 'required':
        return { tool_choice: { type: 'any', ...parallel } };
      default:
        return { tool_choice: { type: 'auto', ...parallel } };
    }
  }

  /** A budget where one was asked for, else as much as the model finds right; where it takes only one of these, by that. */
  #thinking(tokensMax: number): Json {
    const { reasoning } = this.#request;
    if (!reasoning) return {};
    if (reasoning.effort === 'none' || reasoning.tokensMax === 0) return { thinking: { type: 'disabled' } };
    const display = displayOf(reasoning);
    const asked = this.#budget(reasoning);
    if (asked === null) return { thinking: { type: 'adaptive', ...display } };
    const budget = Math.min(asked, tokensMax - 1);
    if (budget < THINKING_TOKENS_MIN) this.#objections.toWord('reasoning');
    return { thinking: { type: 'enabled', budget_tokens: budget, ...display } };
  }

  #budget({ effort, tokensMax }: Reasoning): number | null {
    const { thinking } = this.#sent.mapping;
    if (thinking === 'adaptive') return null;
    return thinking === 'budget' ? (tokensMax ?? budgetOf(effort ?? 'medium', THINKING_TOKENS_MIN)) : tokensMax;
  }

  #effort(): Effort | null {
    const { reasoning } = this.#request;
    if (!reasoning) return null;
    const { thinking } = this.#sent.mapping;
    if (thinking === 'budget') return null;
    return thinking === 'adaptive' ? effortOf(reasoning) : reasoning.effort;
  }

  #outputConfig(): Json {
    const { format } = this.#request;
    const word = this.#effort();
    const effort = word && EFFORTS[word];
    const schema = format?.kind === 'schema' ? { type: 'json_schema', schema: schemaOf(format) } : null;
    if (!effort && !schema) return {};
    return { output_config: { ...(effort && { effort }), ...(schema && { format: schema }) } };
  }
}

/** The next there is to `minimal`; without thinking there is none. */
const EFFORTS: Record<Effort, string | null> = {
  none: null,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
};

function displayOf({ shown }: Reasoning): Json {
  return shown === null ? {} : { display: shown ? 'summarized' : 'omitted' };
}

/** What is said of a schema the model reads in the schema itself. */
function schemaOf({ schema, description }: Extract<AnswerFormat, { kind: 'schema' }>): Json {
  return description === null ? schema : { description, ...schema };
}

function toolOf({ name, description, parameters, strict, cache }: Tool): Json {
  return {
    name,
    ...(description !== null && { description }),
    input_schema: parameters ?? { type: 'object', properties: {} },
    ...(strict !== null && { strict }),
    ...cacheControl(cache),
  };
}
