/**
 * What every official client can be asked in the same words, so that one table of tests holds for all of them. An adapter
 * only says it in its client's own way: it gives the client nothing but base URL, key and model, and repairs nothing.
 */
import { z } from 'zod';

export interface At {
  /** Of the gateway, without a path. */
  origin: string;
  apiKey: string;
  model: string;
}

/** What a tool was called with, and what the model said once it had the tool's result. */
interface ToolTurns {
  called: { name: string; input: unknown };
  answer: string;
}

export interface Refused {
  /** Whether it is the error that this client's users catch. */
  isOwnError: boolean;
  status: number | undefined;
  /** All that the client tells of it: message and body. */
  told: string;
  /** Seconds, where the client tells how long to wait. */
  retryAfter: string | null;
}

export interface OfficialClient {
  name: string;
  whole(at: At, text: string): Promise<string>;
  /** Ends when the signal is given: by itself or with an error, as the client has it. */
  streamed(at: At, text: string, signal: AbortSignal): AsyncIterable<string>;
  /** Offers `LOOK`, answers its call with `RESULT`, and goes on. */
  tool(at: At, text: string): Promise<ToolTurns>;
  /** An answer after `SHIP`, as the client parses it. */
  structured(at: At, text: string): Promise<unknown>;
  refused(error: unknown): Refused;
}

/** Of what is not the client's own error. */
export const notOwn = (error: unknown): Refused => ({
  isOwnError: false,
  status: undefined,
  told: String(error),
  retryAfter: null,
});

export const LOOK = {
  name: 'look',
  description: 'Looks at something.',
  parameters: {
    type: 'object' as const,
    properties: { at: { type: 'string' as const } },
    required: ['at'],
    additionalProperties: false,
  },
};

export const RESULT = 'calm sea';

export const Look = z.object({ at: z.string() });
export const Ship = z.object({ ship: z.string(), masts: z.int() });

export const SHIP = {
  type: 'object' as const,
  properties: { ship: { type: 'string' as const }, masts: { type: 'integer' as const } },
  required: ['ship', 'masts'],
  additionalProperties: false,
};
