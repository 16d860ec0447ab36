/** Google's models, at AI Studio (`google`) and on Vertex: the same names and prices at both. */
import { ends, REASONING, type Row, row, type Sizes, sizes, surface } from '../row.ts';

const GEMINI = sizes(1_048_576, 65_536);
const GEMINI_IMAGE = sizes(131_072, 32_768);

const THINKS: Partial<Row> = { abilities: REASONING };
/** A budget of 0 turns it off (ai.google.dev/gemini-api/docs/thinking); the pro models and those after 2.5 always think. */
const MAY_BE_STILL: Partial<Row> = { ...THINKS, reasons: 'unless_off' };

/** Makes and edits images, in a conversation and by the routes for images; no tools, no schema. */
const DRAWS: Partial<Row> = {
  abilities: { tools: false, images: true, jsonSchema: false, reasoning: true },
  serves: ['conversation', 'images/generations', 'images/edits'],
};

export const GEMINI_ROWS: readonly Row[] = [
  ...both('gemini-3.8-flash', GEMINI),
  ...both('gemini-3.5-flash', GEMINI),
  ...both('gemini-3.5-flash-lite', GEMINI),
  ...both('gemini-3.1-pro-preview', GEMINI),
  ...both('gemini-3.1-flash-lite', GEMINI),
  ...both('gemini-3.1-flash-image-preview', GEMINI_IMAGE, DRAWS, ends('2026-06-25')),
  ...both('gemini-3.1-flash-lite-image', GEMINI_IMAGE, DRAWS),
  ...both('gemini-3-flash-preview', GEMINI),
  ...both('gemini-2.5-pro', GEMINI, THINKS, ends('2026-12-01')),
  ...both('gemini-2.5-flash', GEMINI, MAY_BE_STILL, ends('2026-12-01')),
  ...both('gemini-2.5-flash-lite', GEMINI, MAY_BE_STILL),
  surface('google', 'gemini-embedding-001', ['embeddings'], 2_048),
];

/** `ending`: at AI Studio. Vertex has dates of its own. */
function both(model: string, sized: Sizes, rest: Partial<Row> = THINKS, ending: Partial<Row> = {}): Row[] {
  return [row('google', model, sized, { ...rest, ...ending }), row('vertex', model, sized, rest)];
}
