/** What Chat Completions and Responses say in the same words: read and written here, once for both. */
import { Fields } from './fields.ts';
import type { AnswerFormat, ToolChoice } from './neutral.ts';
import type { Json } from './protocol.ts';
import { isObject } from './reported.ts';

export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export const VERBOSITIES = ['low', 'medium', 'high'] as const;

/** `nameOf` takes the name of the one tool that is chosen, which stands elsewhere in each. */
export function readToolChoice(fields: Fields, nameOf: (chosen: Fields) => string): ToolChoice | null {
  const choice = fields.take('tool_choice');
  if (choice === null) return null;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
  if (!isObject(choice) || choice.type !== 'function') {
    // Allowed tools, and tools that are no functions.
    fields.reading.refuseUntranslatable('tool_choice', choice);
    return null;
  }
  const chosen = new Fields(choice, 'tool_choice', fields.reading);
  chosen.leaveOut('type');
  const name = nameOf(chosen);
  chosen.end();
  return { kind: 'tool', name };
}

type SchemaFormat = Extract<AnswerFormat, { kind: 'schema' }>;

/** What stands beside `type: "json_schema"`. */
export function readSchema(fields: Fields): SchemaFormat {
  return {
    kind: 'schema',
    name: fields.text('name'),
    description: fields.text('description'),
    schema: fields.object('schema') ?? {},
    strict: fields.boolean('strict'),
  };
}

/** `schemaBeside` puts the schema where it stands. */
export function writeFormat(format: AnswerFormat, schemaBeside: (schema: Json) => Json): Json {
  switch (format.kind) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'schema': {
      const { name, description, schema, strict } = format;
      // OpenAI wants a name, and other protocols have none.
      return {
        type: 'json_schema',
        ...schemaBeside(withoutNulls({ name: name ?? 'answer', description, schema, strict })),
      };
    }
  }
}

export function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}
