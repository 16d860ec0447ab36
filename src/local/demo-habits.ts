/** What the demo's people use their keys for: which app, when, how large its requests are, and which models it asks. */

/** What one app does with a key. */
export interface Habit {
  app: string;
  endpoint: 'chat/completions' | 'messages' | 'responses';
  /** When it runs: in office hours, in the evening, or around the clock. */
  schedule: 'office' | 'evening' | 'always';
  /** An agent sends a long, mostly cached context; a chat some messages; a job one document. */
  size: 'agent' | 'chat' | 'job';
  streamed: boolean;
  /** Requests on a weekday at the end of the year. */
  perDay: number;
  models: ModelShare[];
}

/** A pinned model and how much of a habit it gets, between two ages of a request where given. */
export interface ModelShare {
  mapping: string;
  share: number;
  fromDaysAgo?: number;
  untilDaysAgo?: number;
}

export const claudeCode: Omit<Habit, 'perDay'> = {
  app: 'claude-code',
  endpoint: 'messages',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'anthropic/claude-sonnet-5', share: 8 },
    { mapping: 'anthropic/claude-fable-5', share: 1, fromDaysAgo: 160 },
  ],
};

export const codex: Omit<Habit, 'perDay'> = {
  app: 'codex',
  endpoint: 'responses',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'openai/gpt-5.1', share: 5, untilDaysAgo: 240 },
    { mapping: 'openai/gpt-5.4', share: 5, fromDaysAgo: 240, untilDaysAgo: 110 },
    { mapping: 'openai/gpt-5.6-sol', share: 4, fromDaysAgo: 110 },
    { mapping: 'openai/gpt-5-mini', share: 2 },
  ],
};

export const cursor: Omit<Habit, 'perDay'> = {
  app: 'cursor',
  endpoint: 'chat/completions',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'anthropic/claude-sonnet-5', share: 3 },
    { mapping: 'openai/gpt-4.1', share: 2, untilDaysAgo: 150 },
    { mapping: 'openai/gpt-5.4-mini', share: 3, fromDaysAgo: 150 },
  ],
};

export const openWebUi: Omit<Habit, 'perDay'> = {
  app: 'open-webui',
  endpoint: 'chat/completions',
  schedule: 'office',
  size: 'chat',
  streamed: true,
  models: [
    { mapping: 'openai/gpt-4o', share: 2, untilDaysAgo: 200 },
    { mapping: 'openai/gpt-5.5', share: 2, fromDaysAgo: 200 },
    { mapping: 'openai/gpt-4o-mini', share: 3 },
  ],
};

export const pythonSdk: Omit<Habit, 'perDay'> = {
  app: 'python-sdk',
  endpoint: 'chat/completions',
  schedule: 'always',
  size: 'job',
  streamed: false,
  models: [
    { mapping: 'openai/gpt-5.4', share: 2 },
    { mapping: 'openai/o4-mini', share: 1, untilDaysAgo: 90 },
    { mapping: 'openai/gpt-5.6-terra', share: 1, fromDaysAgo: 90 },
    { mapping: 'anthropic/claude-sonnet-5', share: 1 },
  ],
};

export const cheapJob: ModelShare[] = [
  { mapping: 'openai/gpt-5.4-mini', share: 2 },
  { mapping: 'openai/gpt-5.4-nano', share: 3 },
];

export const translation: ModelShare[] = [
  { mapping: 'openai/gpt-5.4', share: 2 },
  { mapping: 'openai/gpt-5.4-mini', share: 3 },
];
