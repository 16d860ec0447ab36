/** Every model that a deployment knows by itself, without prices: for the catalogue, and for whoever generates those. */
import type { Row } from './row.ts';
import { CLAUDE } from './rows/claude.ts';
import { GEMINI_ROWS } from './rows/gemini.ts';
import { OPEN } from './rows/open.ts';
import { AZURE, OPENAI } from './rows/openai.ts';

export const ROWS: readonly Row[] = [...OPENAI, ...CLAUDE, ...GEMINI_ROWS, ...OPEN, ...AZURE];
