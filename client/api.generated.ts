// Written by `npm run generate:client` from /openapi.json. Not to be edited.

export type Activity = {
  activity: ({
    /** The local day, or when the hour begins. */
    date: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
    breakdown: ({
      /** Null: all the others together. */
      key: string | null;
      /** A name where there is one; of deleted keys and removed members too. */
      label: string;
      /** Decimal USD. */
      cost: string;
      /** Decimal USD. */
      inputCost: string;
      /** Decimal USD. */
      outputCost: string;
      requestCount: number;
      /** Failed at the provider. */
      errorCount: number;
      /** The request was wrong. */
      clientErrorCount: number;
      /** Refused by a limit or a rule. */
      refusedCount: number;
      inputTokens: number;
      outputTokens: number;
      cachedTokens: number;
      reasoningTokens: number;
      totalTokens: number;
      /** Of those that were neither refused nor wrong. */
      errorRate: number | null;
      /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP50: number | null;
      /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP95: number | null;
      /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP50: number | null;
      /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP95: number | null;
    })[];
  })[];
  totals: {
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
    breakdown: ({
      /** Null: all the others together. */
      key: string | null;
      /** A name where there is one; of deleted keys and removed members too. */
      label: string;
      /** Decimal USD. */
      cost: string;
      /** Decimal USD. */
      inputCost: string;
      /** Decimal USD. */
      outputCost: string;
      requestCount: number;
      /** Failed at the provider. */
      errorCount: number;
      /** The request was wrong. */
      clientErrorCount: number;
      /** Refused by a limit or a rule. */
      refusedCount: number;
      inputTokens: number;
      outputTokens: number;
      cachedTokens: number;
      reasoningTokens: number;
      totalTokens: number;
      /** Of those that were neither refused nor wrong. */
      errorRate: number | null;
      /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP50: number | null;
      /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP95: number | null;
      /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP50: number | null;
      /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP95: number | null;
    })[];
  };
  groupBy: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app';
  /** Usage that had arrived by then is in it. */
  rolledUpTo: string;
  /** Null: nothing is missing. Else sums are being made anew, and of usage after this some may be missing. */
  backfilledUpTo: string | null;
};

export type AnthropicError = {
  type: 'error';
  error: {
    type: string;
    message: string;
    code: string;
    /** The field that is wrong. */
    param: string | null;
  };
  /** What else a program may want to know. */
  metadata: Record<string, unknown>;
  request_id: string | null;
};

export type AnthropicModel = {
  type: 'model';
  id: string;
  display_name: string;
  /** Not known. */
  created_at: string;
  max_input_tokens: number;
  max_tokens: number;
  lifecycle: 'active' | 'deprecated' | 'retired';
  line: null;
  capabilities: null;
  deprecated_at: string | null;
  retires_at: string | null;
  canonical_model: string;
  /** What else it may be asked for by, also behind the provider as in openai/gpt-5.5-2026-04-23. */
  aliases: string[];
  abilities: Record<string, boolean>;
  /** As of now; null where no price is known. */
  pricing: {
    unit: 'USD per million tokens';
    version: string;
    tiers: ({
      above_input_tokens: number;
      /** Decimal USD. */
      input: string | null;
      /** Decimal USD. */
      cached_input: string | null;
      /** Decimal USD. */
      output: string | null;
      /** Tokens of other kinds that have a rate of their own: USD per million. */
      other_tokens: Record<string, string>;
      /** What is no token: USD per thousand characters, seconds, pages, images, searches or requests. */
      per_thousand: Record<string, string>;
    })[];
  } | null;
};

export type ApiKey = {
  id: string;
  projectId: string;
  memberId: string;
  name: string;
  maskedKey: string;
  status: 'active' | 'disabled';
  createdAt: string;
  expiresAt: string | null;
  usageLimit: string | null;
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  concurrency: number | null;
  rules: Rules;
  lastUsedAt: string | null;
  /** Decimal USD; null, and no other usage, where the member's object does not answer. */
  usage: string | null;
  /** Decimal USD. */
  remaining?: string | null;
  /** When the limit is reached at the present pace. */
  runsOutAt?: string | null;
  /** Decimal USD. */
  currentPeriodUsage?: string | null;
  /** Decimal USD. */
  currentPeriodRemaining?: string | null;
  currentPeriodResetAt?: string | null;
  /** When the limit is reached at the present pace. */
  currentPeriodRunsOutAt?: string | null;
};

export type ApiKeyBody = {
  projectId: string;
  name: string;
  /** Whose key it is; left out, the caller's own. */
  memberId?: string;
  expiresAt?: string | null;
  limits?: KeyLimitsBody;
  rules?: RulesBody | null;
};

export type ApiKeyPatch = {
  name?: string;
  status?: 'active' | 'disabled';
  expiresAt?: string | null;
  limits?: KeyLimitsBody;
  rules?: RulesBody | null;
};

export type ApiMember = {
  name: string;
  apiOnly: true;
  projects?: string[];
  budget?: BudgetBody;
};

export type AttemptedRequest = {
  /** As in the header x-request-id; retries and fallbacks share it. */
  requestId: string;
  /** Null: nothing was sent. */
  attemptId: string | null;
  /** When it was settled: the instant it counts at. */
  at: string;
  startedAt: string;
  /** cut: ended at a limit. expired: charged at its worst case, as nobody could know it. correction: the difference, once somebody could. refused: nothing was sent. */
  outcome: 'completed' | 'cut' | 'client_gone' | 'upstream_error' | 'client_error' | 'expired' | 'correction' | 'refused';
  /** How many it stands for: refusals of one kind are counted, a correction repeats one. */
  requestCount: number;
  refusal: string | null;
  /** The last of the refused requests that it counts. */
  refused: RefusedRequest[];
  endpoint: string;
  model: string;
  mapping: string;
  provider: string;
  app: string;
  project: {
    id: string;
    name: string | null;
  };
  apiKey: {
    id: string;
    name: string | null;
  };
  member: {
    id: string;
    name: string | null;
  };
  /** Cached ones included. */
  inputTokens: number;
  cachedTokens: number;
  /** Reasoning included. */
  outputTokens: number;
  reasoningTokens: number;
  /** Decimal USD. */
  cost: string;
  /** Decimal USD. */
  inputCost: string;
  /** Decimal USD. */
  outputCost: string;
  /** What the provider charged beyond the hold. */
  overrun: string;
  /** What it may have cost beyond that, where nobody can know any more. */
  unresolved: string;
  /** The cost is not by the provider's own count. */
  estimated: boolean;
  priceVersion: string;
  /** The organization's own provider key, if by one. */
  providerKeyId: string | null;
  streamed: boolean;
  latencyMs: number | null;
  firstTokenMs: number | null;
};

export type AuditEntry = {
  /** Its place in the chain. */
  n: number;
  at: string;
  actor: {
    kind: string;
    /** Null: the operator. */
    id: string | null;
    memberId: string | null;
    sessionId: string | null;
    /** As they are called now. */
    name: string | null;
  };
  action: string;
  target: {
    kind: string;
    id: string;
  };
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  from: {
    ip: string | null;
    userAgent: string | null;
    requestId: string | null;
  };
  /** SHA-256, hex. */
  previousHash: string;
  /** SHA-256, hex. */
  hash: string;
};

export type AuditVerdict = {
  ok: boolean;
  /** How many entries were found good, from the oldest on. */
  checked: number;
  /** The last of those; where nothing is wrong it is the newest. */
  head: {
    n: number;
    /** SHA-256, hex. */
    hash: string;
  };
  anchoredHead: {
    n: number;
    /** SHA-256, hex. */
    hash: string;
  };
  /** The last entry that was pruned; number 0 where none was. */
  beginning: {
    n: number;
    /** SHA-256, hex. */
    hash: string;
  };
  firstBad: {
    n: number;
    kind: 'edited' | 'missing' | 'out_of_order' | 'unlinked' | 'rewritten' | 'cut';
    message: string;
  } | null;
  /** Where D1 was restored to an earlier time, and what the log has lacked since. */
  restorations: ({
    at: string;
    /** The entry that tells it. */
    entry: number;
    restoredTo: string;
    /** What had been anchored, and is not in the log any more. */
    anchoredHead: {
      n: number;
      /** SHA-256, hex. */
      hash: string;
    };
    /** What the log had come to when that was told. */
    head: {
      n: number;
      /** SHA-256, hex. */
      hash: string;
    };
    firstLost: number;
    entriesLost: number;
    message: string;
  })[];
};

export type AutomaticTopUp = {
  /** Credit is bought when less than this is available; null: never. */
  below: string | null;
  /** So much of it, before taxes. */
  amount: string | null;
  /** At most so much in a calendar month of UTC, before taxes. */
  monthlyMax: string | null;
  /** What of it was bought, charges under way included. */
  boughtThisMonth: string;
  /** Saved with a payment; null: none is. */
  card: string | null;
  /** Since when it rests, because the card was refused. */
  failedAt: string | null;
  failure: string | null;
  /** When it is tried again; null with `failedAt`: not before another card is paid with or this is set again. */
  retryAt: string | null;
};

export type AutomaticTopUpBody = {
  below: string | null;
  amount: string | null;
  /** At least amount; null or not given: 1000, or the amount where that is more. */
  monthlyMax?: string | null;
};

export type BillingDetails = {
  name: string;
  email: string;
  address: string;
  country: string;
  taxId: string;
} | null;

export type BillingParty = {
  name: string;
  addressLines: string[];
  country: {
    /** ISO 3166-1; empty: not known. */
    code: string;
    name: string;
  };
  taxId: string | null;
  email: string | null;
};

export type Budget = {
  maxApiKeys: number | 'unlimited' | null;
  /** USD, or "unlimited". */
  usageLimit: string | null;
  usageLimitBasis: 'lifetime' | 'cycle' | null;
  /** USD, or "unlimited". */
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
  requestsPerMinute: number | 'unlimited' | null;
  tokensPerMinute: number | 'unlimited' | null;
  concurrency: number | 'unlimited' | null;
  version: number;
};

export type BudgetBody = {
  maxApiKeys?: number | 'unlimited' | null;
  /** USD, or "unlimited". */
  usageLimit?: string | null;
  usageLimitBasis?: 'lifetime' | 'cycle' | null;
  /** USD, or "unlimited". */
  periodUsageLimit?: string | null;
  periodUsageDurationValue?: number | null;
  periodUsageDurationUnit?: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment?: 'rolling' | 'first-use' | 'calendar' | null;
  requestsPerMinute?: number | 'unlimited' | null;
  tokensPerMinute?: number | 'unlimited' | null;
  concurrency?: number | 'unlimited' | null;
  newCycle?: boolean;
  version?: number;
};

export type BudgetDecision = {
  /** Its place in the audit log. */
  n: number;
  at: string;
  action: string;
  /** Null for who may not see other members. */
  by: {
    kind: string;
    id: string | null;
    /** As they are called now. */
    name: string | null;
  } | null;
  /** The fields that changed. */
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

export type BudgetDeclineBody = {
  note?: string | null;
};

export type BudgetGrantBody = {
  /** The extra amount; left out, what was asked for. */
  amount?: string | null;
  /** When it lapses; left out, with the window (a rolling one: after its duration), on a total after 30 days. */
  until?: string | null;
  note?: string | null;
};

export type BudgetRequest = {
  id: string;
  memberId: string;
  memberName: string;
  limit: 'usageLimit' | 'periodUsageLimit';
  /** Null: whoever grants says. */
  amount: string | null;
  note: string | null;
  status: 'open' | 'granted' | 'declined';
  createdAt: string;
  decidedAt: string | null;
  /** The member who decided; null: nobody has, or a master key. */
  decidedBy: string | null;
  decisionNote: string | null;
  grant: {
    /** Decimal USD. */
    amount: string;
    until: string | null;
  } | null;
};

export type BudgetRequestBody = {
  limit: 'usageLimit' | 'periodUsageLimit';
  /** How much more; left out, whoever grants says. */
  amount?: string | null;
  note?: string | null;
};

export type BudgetSimulation = {
  memberId: string;
  timezone: string;
  /** The limits as they would have applied. */
  budget: {
    /** Decimal USD. */
    usageLimit: string | null;
    /** Decimal USD. */
    periodUsageLimit: string | null;
    periodUsageDurationValue: number | null;
    periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
    periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
    usageLimitBasis: 'lifetime' | 'cycle' | null;
  };
  requests: number;
  /** Decimal USD. */
  cost: string;
  refusedRequests: number;
  /** Decimal USD. */
  refusedCost: string;
  admittedRequests: number;
  /** Decimal USD. */
  admittedCost: string;
  firstRefusalAt: string | null;
  /** The first 100. */
  refusals: ({
    at: string;
    scope: 'member_total' | 'member_period' | 'api_key_total' | 'api_key_period' | 'wallet';
    /** Decimal USD. */
    limit: string;
    /** Decimal USD. */
    spent: string;
    /** Of the request. */
    cost: string;
    resetsAt: string | null;
  })[];
  days: ({
    date: string;
    requests: number;
    /** Decimal USD. */
    cost: string;
    refusedRequests: number;
    /** Decimal USD. */
    refusedCost: string;
  })[];
};

export type ChangePasswordBody = {
  password: string;
  newPassword: string;
};

export type ChatCompletion = {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: ({
    index: number;
    message: {
      role: string;
      content: string | null;
      [field: string]: unknown;
    };
    finish_reason: string | null;
    [field: string]: unknown;
  })[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type ChatCompletionBody = {
  model: string;
  messages: ({
    role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function';
    content?: string | ({
      type: string;
      [field: string]: unknown;
    })[] | null;
    [field: string]: unknown;
  })[];
  stream?: boolean | null;
  stream_options?: {
    include_usage?: boolean | null;
    [field: string]: unknown;
  } | null;
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  n?: number | null;
  tools?: (Record<string, unknown>)[] | null;
  modalities?: string[] | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type CodeBody = {
  code: string;
};

export type ConfirmSignUpBody = {
  token: string;
  password: string;
};

export type ConvertOrganization = {
  name?: string;
};

export type CountTokensBody = {
  model: string;
  messages: ({
    role: 'user' | 'assistant' | 'system';
    content: string | ({
      type: string;
      [field: string]: unknown;
    })[];
    [field: string]: unknown;
  })[];
  system?: string | ({
    type: string;
    [field: string]: unknown;
  })[] | null;
  tools?: ({
    type?: string | null;
    name?: string;
    [field: string]: unknown;
  })[] | null;
  thinking?: {
    type: string;
    budget_tokens?: number | null;
    [field: string]: unknown;
  } | null;
  [field: string]: unknown;
};

export type CustomModelBody = {
  name: string;
  serves?: ('conversation' | 'embeddings')[];
  contextTokens?: number;
  maxOutputTokens?: number;
  /** Whether it may bill output that its stream does not show; then the most that an answer may cost is held. */
  reasoning?: boolean;
  inputPrice?: string | null;
  cachedInputPrice?: string | null;
  outputPrice?: string | null;
};

export type DeletedVideo = {
  id: string;
  object: 'video.deleted';
  deleted: true;
};

export type EffectiveBudget = {
  maxApiKeys: number | null;
  /** Decimal USD. */
  usageLimit: string | null;
  /** Decimal USD. */
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
  usageLimitBasis: 'lifetime' | 'cycle' | null;
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  concurrency: number | null;
  /** What was granted on top, and is in force. */
  extras: ({
    limit: 'usageLimit' | 'periodUsageLimit';
    /** Decimal USD. */
    amount: string;
    until: string;
  })[];
  /** The fields that the developer default gave. */
  inherited: string[];
};

export type EmailBody = {
  email: string;
};

export type EmbeddingBody = {
  model: string;
  input: string | number[] | string[] | number[][];
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Embeddings = {
  object: 'list';
  data: ({
    object: 'embedding';
    index: number;
    embedding: number[] | string;
    [field: string]: unknown;
  })[];
  model: string;
  usage: {
    prompt_tokens: number;
    total_tokens: number;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type Error = {
  error: {
    message: string;
    type: string;
    /** The field that is wrong. */
    param: string | null;
    code: string;
    /** What else a program may want to know. */
    metadata: Record<string, unknown>;
  };
};

export type GenerateContentAnswer = {
  candidates: ({
    content: {
      role: string;
      parts: ({
        text?: string;
        [field: string]: unknown;
      })[];
      [field: string]: unknown;
    };
    finishReason?: string;
    index: number;
    [field: string]: unknown;
  })[];
  usageMetadata: {
    promptTokenCount: number;
    candidatesTokenCount: number;
    totalTokenCount: number;
    [field: string]: unknown;
  };
  modelVersion?: string;
  responseId?: string;
  [field: string]: unknown;
};

export type GenerateContentBody = {
  contents: ({
    role?: string | null;
    parts?: ({
      text?: string | null;
      thought?: boolean | null;
      thoughtSignature?: string | null;
      inlineData?: {
        mimeType?: string | null;
        data?: string | null;
        [field: string]: unknown;
      } | null;
      fileData?: {
        mimeType?: string | null;
        fileUri?: string | null;
        [field: string]: unknown;
      } | null;
      mediaResolution?: {
        level?: string | null;
        numTokens?: unknown;
        [field: string]: unknown;
      } | null;
      functionCall?: {
        id?: string | null;
        name: string;
        args?: Record<string, unknown> | null;
        [field: string]: unknown;
      } | null;
      functionResponse?: {
        id?: string | null;
        name: string;
        response?: Record<string, unknown> | null;
        parts?: ({
          inlineData?: {
            mimeType?: string | null;
            data?: string | null;
            [field: string]: unknown;
          } | null;
          fileData?: {
            mimeType?: string | null;
            fileUri?: string | null;
            [field: string]: unknown;
          } | null;
          [field: string]: unknown;
        })[] | null;
        [field: string]: unknown;
      } | null;
      [field: string]: unknown;
    })[] | null;
    [field: string]: unknown;
  })[];
  systemInstruction?: {
    role?: string | null;
    parts?: ({
      text?: string | null;
      thought?: boolean | null;
      thoughtSignature?: string | null;
      inlineData?: {
        mimeType?: string | null;
        data?: string | null;
        [field: string]: unknown;
      } | null;
      fileData?: {
        mimeType?: string | null;
        fileUri?: string | null;
        [field: string]: unknown;
      } | null;
      mediaResolution?: {
        level?: string | null;
        numTokens?: unknown;
        [field: string]: unknown;
      } | null;
      functionCall?: {
        id?: string | null;
        name: string;
        args?: Record<string, unknown> | null;
        [field: string]: unknown;
      } | null;
      functionResponse?: {
        id?: string | null;
        name: string;
        response?: Record<string, unknown> | null;
        parts?: ({
          inlineData?: {
            mimeType?: string | null;
            data?: string | null;
            [field: string]: unknown;
          } | null;
          fileData?: {
            mimeType?: string | null;
            fileUri?: string | null;
            [field: string]: unknown;
          } | null;
          [field: string]: unknown;
        })[] | null;
        [field: string]: unknown;
      } | null;
      [field: string]: unknown;
    })[] | null;
    [field: string]: unknown;
  } | string | null;
  tools?: ({
    functionDeclarations?: ({
      name: string;
      description?: string | null;
      parameters?: Record<string, unknown> | null;
      parametersJsonSchema?: Record<string, unknown> | null;
      [field: string]: unknown;
    })[] | null;
    [field: string]: unknown;
  })[] | null;
  generationConfig?: {
    maxOutputTokens?: number | null;
    candidateCount?: number | null;
    responseModalities?: string[] | null;
    [field: string]: unknown;
  } | null;
  serviceTier?: string | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type GoogleError = {
  error: {
    code: number;
    status: string;
    message: string;
    /** The first tells our code as `reason`, and what else a program may want to know. */
    details: (Record<string, unknown>)[];
  };
};

export type GoogleModel = {
  name: string;
  baseModelId: string;
  version: string;
  displayName: string;
  inputTokenLimit: number;
  outputTokenLimit: number;
  supportedGenerationMethods: string[];
  thinking: boolean;
  /** What else it may be asked for by, also behind the provider as in openai/gpt-5.5-2026-04-23. */
  aliases: string[];
  abilities: Record<string, boolean>;
  /** As of now; null where no price is known. */
  pricing: {
    unit: 'USD per million tokens';
    version: string;
    tiers: ({
      above_input_tokens: number;
      /** Decimal USD. */
      input: string | null;
      /** Decimal USD. */
      cached_input: string | null;
      /** Decimal USD. */
      output: string | null;
      /** Tokens of other kinds that have a rate of their own: USD per million. */
      other_tokens: Record<string, string>;
      /** What is no token: USD per thousand characters, seconds, pages, images, searches or requests. */
      per_thousand: Record<string, string>;
    })[];
  } | null;
};

export type Health = {
  /** Everything is proven and nothing differs. */
  ok: boolean;
  wallet: WalletBooks;
  /** Nanodollars, over all members that are shown. */
  difference: string;
  /** Decimal USD. */
  overrun: string;
  /** Decimal USD. */
  unresolved: string;
  members: number;
  differing: number;
  unproven: number;
  /** Those that differ first; there may be more members than these. */
  books: MemberBooks[];
  /** Parts that have not been looked at for too long. */
  stale: ({
    part: 'member' | 'proof' | 'rollups';
    memberId?: string;
    since: string | null;
  })[];
  /** Nobody's proof is older; null where somebody has none. */
  provenAt: string | null;
  /** Every day of the history was compared since; null before the first round is complete. */
  daysComparedSince: string | null;
  /** Usage that had arrived by then is in the rollups. */
  rolledUpTo: string | null;
};

export type ImageBody = {
  model: string;
  prompt: string;
  n?: number | null;
  size?: string | null;
  quality?: string | null;
  stream?: boolean | 'true' | 'false' | null;
  partial_images?: number | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type ImageEditForm = {
  model: string;
  prompt: string;
  /** Up to 16: then `image[]`. */
  image: string;
  mask?: string;
  n?: number;
  size?: string;
  quality?: string;
  [field: string]: unknown;
};

export type Images = {
  created: number;
  data: ({
    b64_json?: string;
    [field: string]: unknown;
  })[];
  [field: string]: unknown;
};

export type ImportedInvitations = {
  invitations: Invitation[];
  errors: ({
    line: number;
    param: string | null;
    message: string;
  })[];
};

export type Invitation = {
  id: string;
  email: string;
  role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
  projects: string[];
  budget: Budget;
  status: 'pending' | 'expired';
  createdAt: string;
  expiresAt: string;
};

export type InvitationBody = {
  email?: string;
  /** Instead of an address: columns email, role, projects (ids or names, parted by ;), fields of a budget.. */
  csv?: string;
  /** Invite those of a CSV whose line is good; else nobody is invited where any is bad.. */
  skipBad?: boolean;
  role?: 'owner' | 'admin' | 'finance' | 'developer' | 'basic';
  projects?: string[];
  budget?: BudgetBody;
  acceptSeatCost?: string;
};

export type KeyLimitsBody = {
  usageLimit?: string | null;
  periodUsageLimit?: string | null;
  periodUsageDurationValue?: number | null;
  periodUsageDurationUnit?: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment?: 'rolling' | 'first-use' | 'calendar' | null;
  requestsPerMinute?: number | null;
  tokensPerMinute?: number | null;
  concurrency?: number | null;
};

export type KeyUsage = {
  key: {
    id: string;
    projectId: string;
    memberId: string;
    name: string;
    maskedKey: string;
    status: 'active' | 'disabled';
    createdAt: string;
    expiresAt: string | null;
    usageLimit: string | null;
    periodUsageLimit: string | null;
    periodUsageDurationValue: number | null;
    periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
    periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
    requestsPerMinute: number | null;
    tokensPerMinute: number | null;
    concurrency: number | null;
    rules: Rules;
    lastUsedAt: string | null;
    /** Decimal USD; null, and no other usage, where the member's object does not answer. */
    usage: string | null;
    /** Decimal USD. */
    remaining?: string | null;
    /** When the limit is reached at the present pace. */
    runsOutAt?: string | null;
    /** Decimal USD. */
    currentPeriodUsage?: string | null;
    /** Decimal USD. */
    currentPeriodRemaining?: string | null;
    currentPeriodResetAt?: string | null;
    /** When the limit is reached at the present pace. */
    currentPeriodRunsOutAt?: string | null;
    /** It works no more, its usage stays. */
    deleted: boolean;
  };
  summary: Usage;
  /** By requests; null where nothing was used. */
  mostUsed: {
    model: string | null;
    provider: string | null;
    app: string | null;
  };
  costByModel: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  topProviders: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  topApps: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  activity: ({
    /** The local day, or when the hour begins. */
    date: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
    breakdown: ({
      /** Null: all the others together. */
      key: string | null;
      /** A name where there is one; of deleted keys and removed members too. */
      label: string;
      /** Decimal USD. */
      cost: string;
      /** Decimal USD. */
      inputCost: string;
      /** Decimal USD. */
      outputCost: string;
      requestCount: number;
      /** Failed at the provider. */
      errorCount: number;
      /** The request was wrong. */
      clientErrorCount: number;
      /** Refused by a limit or a rule. */
      refusedCount: number;
      inputTokens: number;
      outputTokens: number;
      cachedTokens: number;
      reasoningTokens: number;
      totalTokens: number;
      /** Of those that were neither refused nor wrong. */
      errorRate: number | null;
      /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP50: number | null;
      /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP95: number | null;
      /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP50: number | null;
      /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP95: number | null;
    })[];
  })[];
  groupBy: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app';
  /** Usage that had arrived by then is in it. */
  rolledUpTo: string;
  /** Null: nothing is missing. Else sums are being made anew, and of usage after this some may be missing. */
  backfilledUpTo: string | null;
  timezone: string;
};

export type ListedMember = {
  id: string;
  /** Null for API-only members. */
  userId: string | null;
  name: string;
  email: string | null;
  role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
  projects: string[];
  rules: Rules;
  budget: Budget;
  effectiveBudget: EffectiveBudget;
  /** Percents of a limit at which they want to be warned, besides those of the organization. */
  budgetWarnings: number[];
  createdAt: string;
  version: number;
  status: MemberStatus;
  /** When the status was told; null: not yet. */
  statusAt: string | null;
};

export type MasterKey = {
  id: string;
  name: string;
  maskedKey: string;
  createdAt: string;
};

export type MasterKeyBody = {
  name: string;
};

export type Me = {
  user: {
    id: string;
    name: string;
    email: string;
    secondFactor: boolean;
  };
  session: {
    id: string;
    expiresAt: string;
  };
  memberships: ({
    organizationId: string;
    name: string;
    kind: 'personal' | 'team';
    plan: 'free' | 'pro' | 'enterprise';
    timeZone: string;
    /** Null for a master key. */
    memberId: string | null;
    role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
    /** Since when it is deleted; only owners see it then. */
    deletedAt: string | null;
    abilities: ('organization.read' | 'organization.own' | 'organization.write' | 'settings.write' | 'billing.write' | 'seats.read' | 'seats.buy' | 'members.read' | 'members.write' | 'budgets.read' | 'budgets.write' | 'budgets.ask' | 'projects.read' | 'projects.write' | 'keys.own' | 'keys.manage' | 'playground' | 'master_keys.read' | 'master_keys.write' | 'provider_keys.read' | 'provider_keys.write' | 'wallet.read' | 'transactions.read' | 'statements.read' | 'health.read' | 'requests.own' | 'requests.read' | 'analytics.organization' | 'analytics.members' | 'analytics.projects' | 'audit.read' | 'rollups.run')[];
    features: ('analytics.organization' | 'analytics.members' | 'projects.scoped' | 'audit.export')[];
  })[];
};

export type MeBody = {
  name: string;
};

export type Member = {
  id: string;
  /** Null for API-only members. */
  userId: string | null;
  name: string;
  email: string | null;
  role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
  projects: string[];
  rules: Rules;
  budget: Budget;
  effectiveBudget: EffectiveBudget;
  /** Percents of a limit at which they want to be warned, besides those of the organization. */
  budgetWarnings: number[];
  createdAt: string;
  version: number;
  /** Null where the member's object does not answer. */
  status: MemberStatus | null;
};

export type MemberBooks = {
  memberId: string;
  /** Of removed members too; null: usage is recorded of somebody who was never a member. */
  name: string | null;
  /** Nanodollars: how far the books are apart in all, without sign. */
  difference: string;
  /** Nanodollars: the member's object less D1's ledger; null where the object did not answer. */
  objectDifference: string | null;
  /** Nanodollars: D1's ledger less its rollups and the events that wait for them. */
  rollupDifference: string;
  findings: ({
    side: 'object' | 'ledger' | 'events' | 'rollups' | 'days' | 'totals';
    /** Nanodollars: what that side has too much, below zero too little. */
    amount: string;
    /** The UTC day in which it is, where that is known. */
    day: string | null;
    /** The member's sequence numbers that are missing there, where they can be told. */
    sequences: string | null;
  })[];
  /** The sequence number up to which all this was compared. */
  shipped: number;
  /** Events that the object has yet to ship; null where it did not answer. */
  unshipped: number | null;
  /** Decimal USD. */
  held: string | null;
  /** What providers charged beyond holds. */
  overrun: string;
  /** Charged at most, where nobody can know any more. */
  unresolved: string;
  /** When both sides were last compared; null: never. */
  provenAt: string | null;
  /** Why they could not be compared at the last look. */
  unproven: {
    since: string | null;
    why: string;
  } | null;
};

export type MemberChange = {
  role?: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
  projects?: string[];
  rules?: RulesBody;
  /** With the role owner: the owner who says so becomes an admin in the same step.. */
  handOver?: boolean;
  version?: number;
};

export type MemberStatus = {
  budgetType: 'unlimited' | 'one-time' | 'total' | 'periodic';
  /** Spent of the total limit: ever, or since its cycle began. */
  usage: string;
  /** Decimal USD. */
  lifetimeUsage: string;
  cycleStartedAt: string | null;
  /** Set aside for requests in flight. */
  held: string;
  /** Decimal USD. */
  remaining: string | null;
  /** When the limit is reached at the present pace. */
  runsOutAt: string | null;
  /** Decimal USD. */
  currentPeriodUsage: string | null;
  /** Decimal USD. */
  currentPeriodHeld: string | null;
  /** Decimal USD. */
  currentPeriodRemaining: string | null;
  currentPeriodStartedAt: string | null;
  currentPeriodResetAt: string | null;
  /** When the limit is reached at the present pace. */
  currentPeriodRunsOutAt: string | null;
  activeApiKeys: number | null;
  /** The budget's version that is in force. */
  version: number | null;
};

export type MemberUsage = {
  member: {
    /** Null for API-only members. */
    userId: string | null;
    memberId: string;
    name: string;
    email: string | null;
    role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
    /** Whether they have left; their usage stays. */
    removed: boolean;
  };
  /** What limits the member, and how far it is used up; null of one who was removed. */
  caps: {
    effectiveBudget: EffectiveBudget;
    /** Null where the member's object does not answer. */
    status: MemberStatus | null;
  } | null;
  summary: Usage;
  /** By requests; null where nothing was used. */
  mostUsed: {
    model: string | null;
    provider: string | null;
    app: string | null;
  };
  costByModel: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  topProviders: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  topApps: ({
    /** Null: all the others together. */
    key: string | null;
    /** A name where there is one; of deleted keys and removed members too. */
    label: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  activity: ({
    /** The local day, or when the hour begins. */
    date: string;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
    breakdown: ({
      /** Null: all the others together. */
      key: string | null;
      /** A name where there is one; of deleted keys and removed members too. */
      label: string;
      /** Decimal USD. */
      cost: string;
      /** Decimal USD. */
      inputCost: string;
      /** Decimal USD. */
      outputCost: string;
      requestCount: number;
      /** Failed at the provider. */
      errorCount: number;
      /** The request was wrong. */
      clientErrorCount: number;
      /** Refused by a limit or a rule. */
      refusedCount: number;
      inputTokens: number;
      outputTokens: number;
      cachedTokens: number;
      reasoningTokens: number;
      totalTokens: number;
      /** Of those that were neither refused nor wrong. */
      errorRate: number | null;
      /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP50: number | null;
      /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
      latencyMsP95: number | null;
      /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP50: number | null;
      /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
      firstTokenMsP95: number | null;
    })[];
  })[];
  groupBy: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app';
  /** Usage that had arrived by then is in it. */
  rolledUpTo: string;
  /** Null: nothing is missing. Else sums are being made anew, and of usage after this some may be missing. */
  backfilledUpTo: string | null;
  timezone: string;
};

export type MembersUsage = {
  members: ({
    /** Null for API-only members. */
    userId: string | null;
    memberId: string;
    name: string;
    email: string | null;
    role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
    /** Whether they have left; their usage stays. */
    removed: boolean;
    /** Keys that are not deleted. */
    apiKeyCount: number;
    /** Decimal USD. */
    cost: string;
    /** Decimal USD. */
    inputCost: string;
    /** Decimal USD. */
    outputCost: string;
    requestCount: number;
    /** Failed at the provider. */
    errorCount: number;
    /** The request was wrong. */
    clientErrorCount: number;
    /** Refused by a limit or a rule. */
    refusedCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    /** Of those that were neither refused nor wrong. */
    errorRate: number | null;
    /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP50: number | null;
    /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
    latencyMsP95: number | null;
    /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP50: number | null;
    /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
    firstTokenMsP95: number | null;
  })[];
  totals: Usage;
  timezone: string;
  /** Usage that had arrived by then is in it. */
  rolledUpTo: string;
  /** Null: nothing is missing. Else sums are being made anew, and of usage after this some may be missing. */
  backfilledUpTo: string | null;
};

export type Membership = {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: 'free' | 'pro' | 'enterprise';
  timeZone: string;
  /** Null for a master key. */
  memberId: string | null;
  role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
  /** Since when it is deleted; only owners see it then. */
  deletedAt: string | null;
};

export type Message = {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: ({
    type: string;
    text?: string;
    [field: string]: unknown;
  })[];
  stop_reason: string | null;
  stop_sequence: string | null;
  usage: {
    input_tokens: number;
    output_tokens: number;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type MessagesBody = CountTokensBody & {
  max_tokens: number;
  stream?: boolean | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Model = {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  canonical_model: string;
  /** What else it may be asked for by, also behind the provider as in openai/gpt-5.5-2026-04-23. */
  aliases: string[];
  context_length: number;
  max_output_tokens: number;
  serves: string[];
  deprecated_on: string | null;
  retires_on: string | null;
  abilities: Record<string, boolean>;
  /** As of now; null where no price is known. */
  pricing: {
    unit: 'USD per million tokens';
    version: string;
    tiers: ({
      above_input_tokens: number;
      /** Decimal USD. */
      input: string | null;
      /** Decimal USD. */
      cached_input: string | null;
      /** Decimal USD. */
      output: string | null;
      /** Tokens of other kinds that have a rate of their own: USD per million. */
      other_tokens: Record<string, string>;
      /** What is no token: USD per thousand characters, seconds, pages, images, searches or requests. */
      per_thousand: Record<string, string>;
    })[];
  } | null;
};

export type ModerationBody = {
  model?: string;
  input: string | string[] | ({
    type: 'text';
    text: string;
    [field: string]: unknown;
  } | {
    type: 'image_url';
    image_url: {
      url: string;
      [field: string]: unknown;
    };
    [field: string]: unknown;
  })[];
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Moderations = {
  id: string;
  model: string;
  results: ({
    flagged: boolean;
    [field: string]: unknown;
  })[];
  [field: string]: unknown;
};

export type MoreSeats = {
  seats: number;
  acceptSeatCost?: string;
};

export type NewOrganization = {
  name: string;
  kind?: 'personal' | 'team';
  timeZone?: string;
};

export type NewPasskeyBody = {
  name: string;
  response: NewPasskeyCredential;
};

export type NewPasskeyCredential = {
  id: string;
  rawId: string;
  type: 'public-key';
  clientExtensionResults?: Record<string, unknown>;
  response: {
    clientDataJSON: string;
    attestationObject: string;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type OcrBody = {
  model: string;
  document: {
    type: 'document_url';
    document_url: string;
    [field: string]: unknown;
  } | {
    type: 'image_url';
    image_url: string | {
      url: string;
      [field: string]: unknown;
    };
    [field: string]: unknown;
  } | {
    type: 'file';
    file_id: string;
    [field: string]: unknown;
  };
  pages?: number[] | string | number | null;
  document_annotation_format?: Record<string, unknown> | null;
  bbox_annotation_format?: Record<string, unknown> | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type OcrPages = {
  pages: ({
    index: number;
    markdown: string;
    [field: string]: unknown;
  })[];
  model: string;
  usage_info: {
    pages_processed: number;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type Organization = {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: 'free' | 'pro' | 'enterprise';
  timeZone: string;
  /** Whether requests are paid from prepaid credit, and refused without; the operator sets it. */
  metered: boolean;
  /** Whether answers are recorded for repeats under an Idempotency-Key. What /v1/responses stores is no such record: a request with `store: false` has nothing stored.. */
  replay: boolean;
  /** Whether answers and refusals of the gateway name limits without their amounts. */
  hideAmounts: boolean;
  /** Percents of a limit at which members are warned by mail. */
  budgetWarnings: number[];
  billingDetails?: BillingDetails;
  createdAt: string;
  /** Since when it is deleted. */
  deletedAt: string | null;
};

export type OrganizationSettings = {
  name?: string;
  timeZone?: string;
  replay?: boolean;
  hideAmounts?: boolean;
  budgetWarnings?: number[];
  billingDetails?: {
    name?: string;
    email?: string | '';
    address?: string;
    country?: string;
    taxId?: string;
  } | null;
};

export type OwnKey = {
  id: string;
  projectId: string;
  memberId: string;
  name: string;
  maskedKey: string;
  status: 'active' | 'disabled';
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  /** Decimal USD. */
  usageLimit: string | null;
  /** Decimal USD. */
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
  periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  concurrency: number | null;
  /** Decimal USD. */
  usage: string;
  /** Decimal USD. */
  remaining: string | null;
  /** When the limit is reached at the present pace. */
  runsOutAt: string | null;
  /** Decimal USD. */
  currentPeriodUsage: string | null;
  /** Decimal USD. */
  currentPeriodRemaining: string | null;
  currentPeriodResetAt: string | null;
  /** When the limit is reached at the present pace. */
  currentPeriodRunsOutAt: string | null;
  member: {
    budgetType: 'unlimited' | 'one-time' | 'total' | 'periodic';
    limits: {
      /** Decimal USD. */
      usageLimit: string | null;
      /** Decimal USD. */
      periodUsageLimit: string | null;
      periodUsageDurationValue: number | null;
      periodUsageDurationUnit: 'hour' | 'day' | 'week' | 'month' | null;
      periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
      usageLimitBasis: 'lifetime' | 'cycle' | null;
      requestsPerMinute: number | null;
      tokensPerMinute: number | null;
      concurrency: number | null;
    };
    status: MemberStatus;
  };
};

export type OwnSettings = {
  budgetWarnings: number[];
};

export type Passkey = {
  id: string;
  name: string | null;
  createdAt: string;
  /** Whether other devices of its owner have it too. */
  backedUp: boolean;
};

export type PasskeyCredential = {
  id: string;
  rawId: string;
  type: 'public-key';
  clientExtensionResults?: Record<string, unknown>;
  response: {
    clientDataJSON: string;
    authenticatorData: string;
    signature: string;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

export type PasskeyOptions = Record<string, unknown>;

export type PasskeySignInBody = {
  response: PasskeyCredential;
};

export type PasswordBody = {
  password: string;
};

export type PlanChange = {
  plan: 'free' | 'pro' | 'enterprise';
};

export type PlaygroundKey = {
  id: string;
  /** The key itself, shown this once. */
  secret: string;
  projectId: string;
  expiresAt: string;
  pending?: true;
};

export type PlaygroundKeyBody = {
  /** Left out: the first by name that you may use. */
  projectId?: string;
};

export type Project = {
  id: string;
  name: string;
  archived: boolean;
  createdAt: string;
  archivedAt: string | null;
};

export type ProjectBody = {
  name: string;
};

export type ProjectPatch = {
  name?: string;
  archived?: boolean;
};

export type ProviderKey = {
  id: string;
  provider: 'openai' | 'anthropic' | 'google' | 'mistral' | 'cerebras' | 'groq' | 'openrouter' | 'azure' | 'vertex' | 'bedrock' | 'custom';
  slug: string | null;
  name: string;
  maskedKey: string;
  baseUrl: string | null;
  settings: Record<string, string>;
  models: ({
    name: string;
    serves: ('conversation' | 'embeddings')[];
    contextTokens: number;
    maxOutputTokens: number;
    reasoning: boolean;
    inputPrice: string | null;
    cachedInputPrice: string | null;
    outputPrice: string | null;
  })[] | null;
  createdAt: string;
  /** The member who made it; null: a master key. */
  createdBy: string | null;
  /** How calling the provider with it went; null: nobody has tried. */
  lastTest: {
    at: string;
    ok: boolean;
    problem: string | null;
  } | null;
};

export type ProviderKeyBody = {
  name: string;
  /** The key itself; it is sealed, and in no answer. */
  key: string;
  /** Null: the provider's own. */
  baseUrl?: string | null;
  /** vertex: project, region; bedrock: accessKeyId, region; azure: apiVersion. */
  settings?: Record<string, string>;
  models?: CustomModelBody[] | null;
  provider: 'openai' | 'anthropic' | 'google' | 'mistral' | 'cerebras' | 'groq' | 'openrouter' | 'azure' | 'vertex' | 'bedrock' | 'custom';
  /** Of a custom provider: its models are asked for as `<slug>/<name>`. */
  slug?: string | null;
};

export type ProviderKeyPatch = {
  name?: string;
  /** The key itself; it is sealed, and in no answer. */
  key?: string;
  /** Null: the provider's own. */
  baseUrl?: string | null;
  /** vertex: project, region; bedrock: accessKeyId, region; azure: apiVersion. */
  settings?: Record<string, string>;
  models?: CustomModelBody[] | null;
};

export type ProviderSignInBody = {
  returnTo?: string;
};

export type RefusedRequest = {
  requestId: string;
  at: string;
  code: string;
  message: string;
  /** As its caller was told: which limit, its amounts as they stood, when it resets. */
  metadata: Record<string, unknown>;
};

export type Request = {
  requestId: string;
  /** cut: ended at a limit. expired: charged at its worst case, as nobody could know it. correction: the difference, once somebody could. refused: nothing was sent. */
  outcome: 'completed' | 'cut' | 'client_gone' | 'upstream_error' | 'client_error' | 'expired' | 'correction' | 'refused';
  startedAt: string;
  at: string;
  /** More than 1 where refusals were counted together, or retries were sent. */
  requestCount: number;
  /** Of all its attempts. */
  cost: string;
  /** Decimal USD. */
  inputCost: string;
  /** Decimal USD. */
  outputCost: string;
  /** Each attempt at a provider, in the order of their ends. */
  attempts: (AttemptedRequest & {
    /** They sum to the cost; null where they are not known. */
    costParts: ({
      unit: 'input' | 'cachedInput' | 'output' | 'reasoning' | 'request' | 'rounding';
      count: number;
      /** Decimal USD. */
      pricePerMillion: string | null;
      /** Decimal USD. */
      cost: string;
    })[] | null;
    /** Why not. */
    costPartsUnknown: string | null;
  })[];
  /** There are older ones under this id: list them by `requestId`. */
  moreAttempts: boolean;
  /** Of what was settled before, only sums are kept. */
  keptSince: string;
};

export type RerankBody = {
  model: string;
  query: string;
  documents: (string | Record<string, unknown>)[];
  top_n?: number | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Reranked = {
  results: ({
    index: number;
    relevance_score: number;
    [field: string]: unknown;
  })[];
  [field: string]: unknown;
};

export type ResetPasswordBody = {
  token: string;
  password: string;
};

export type Response = {
  id: string;
  object: 'response';
  created_at: number;
  model: string;
  status: 'completed' | 'incomplete' | 'failed' | 'in_progress';
  /** Whether it can be asked for, and gone on from. */
  store: boolean;
  previous_response_id: string | null;
  output: ({
    type: string;
    [field: string]: unknown;
  })[];
  usage: {
    input_tokens: number;
    output_tokens: number;
    total_tokens: number;
    [field: string]: unknown;
  } | null;
  [field: string]: unknown;
};

export type ResponsesBody = {
  model: string;
  input: string | (Record<string, unknown>)[];
  instructions?: string | null;
  stream?: boolean | null;
  store?: boolean | null;
  previous_response_id?: string | null;
  max_output_tokens?: number | null;
  max_tool_calls?: number | null;
  tools?: ({
    type: string;
    [field: string]: unknown;
  })[] | null;
  include?: string[] | null;
  text?: Record<string, unknown> | null;
  reasoning?: Record<string, unknown> | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Routing = {
  order: string[];
  region: string | null;
  allow: string[] | null;
  deny: string[];
  fallbackModels: string[];
  maxCostPerRequest: string | null;
  maxInputPrice: string | null;
  maxOutputPrice: string | null;
  version: number;
};

export type RoutingBody = {
  order?: string[];
  region?: string | null;
  allow?: string[] | null;
  deny?: string[];
  fallbackModels?: string[];
  maxCostPerRequest?: string | null;
  maxInputPrice?: string | null;
  maxOutputPrice?: string | null;
  /** The version that was read; a 409 where it is not the newest any more. */
  version?: number;
};

export type Rules = {
  models: {
    allow: string[] | null;
    deny: string[];
  };
  providers: {
    allow: string[] | null;
    deny: string[];
  };
  endpoints: {
    allow: string[] | null;
  };
  maxInputPrice: string | null;
  maxOutputPrice: string | null;
  ips: {
    allow: string[] | null;
    deny: string[];
  };
};

export type RulesBody = {
  models?: {
    allow?: string[] | null;
    deny?: string[];
  };
  providers?: {
    allow?: string[] | null;
    deny?: string[];
  };
  endpoints?: {
    allow?: string[] | null;
  };
  maxInputPrice?: string | null;
  maxOutputPrice?: string | null;
  ips?: {
    allow?: string[] | null;
    deny?: string[];
  };
};

export type Seats = {
  /** Null: no number is set. */
  included: number | null;
  bought: number;
  used: number;
  /** Held by invitations. */
  pending: number;
  /** Null: there is no end of them. */
  left: number | null;
  /** A month; null: no more are sold. */
  pricePerSeat: string | null;
  /** One more until the period ends: what `acceptSeatCost` takes. */
  proratedCost: string | null;
  billingCycleEndsAt: string;
};

export type SecondFactorBody = {
  code: string;
  kind?: 'app' | 'backup';
};

export type Session = {
  id: string;
  current: boolean;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  ipAddress: string | null;
  userAgent: string | null;
};

export type SignInBody = {
  email: string;
  password: string;
  remember?: boolean;
};

export type SignUpBody = {
  email: string;
  name: string;
  password: string;
  setUpCode?: string;
  invitationToken?: string;
  organizationName?: string;
  timeZone?: string;
};

export type SpeechBody = {
  model: string;
  input: string;
  voice: string | Record<string, unknown>;
  instructions?: string | null;
  speed?: number | null;
  stream_format?: string | null;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type Statement = {
  organizationId: string;
  organization: string;
  month: string;
  timezone: string;
  from: string;
  to: string;
  startsAt: string;
  endsAt: string;
  /** Null: of all projects. */
  projectId: string | null;
  /** Null: of all members. */
  memberId: string | null;
  /** Whether usage of the month may still come. */
  preliminary: boolean;
  /** Usage that had arrived by then is in it. */
  rolledUpTo: string;
  totals: {
    /** Decimal USD. */
    cost: string;
    requestCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
  };
  projects: ({
    projectId: string;
    /** Its name. */
    project: string;
    /** Decimal USD. */
    cost: string;
    requestCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
  })[];
  members: ({
    memberId: string;
    /** Their name. */
    member: string;
    /** Decimal USD. */
    cost: string;
    requestCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
    ledger: StatementLedger;
  })[];
  lines: ({
    projectId: string;
    /** Its name. */
    project: string;
    memberId: string;
    /** Their name. */
    member: string;
    model: string;
    /** Decimal USD. */
    cost: string;
    requestCount: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    reasoningTokens: number;
    totalTokens: number;
  })[];
};

export type StatementLedger = {
  /** The ledger entries' first number in the month; null: they were not counted yet. */
  firstSequence: number | null;
  /** Their last number in the month; null: they were not counted yet. */
  lastSequence: number | null;
  /** From the first to the last. */
  entries: number | null;
  /** A correction is an entry and no request. */
  requestCount: number;
  /** What these entries add up to, in all projects. */
  cost: string;
};

export type TokenCount = {
  input_tokens: number;
  [field: string]: unknown;
};

export type TopUp = {
  /** From 5 to 999,999.99 USD, whole cents. */
  amount: string;
  /** Whether Stripe keeps the card, for automatic top-ups. */
  saveCard?: boolean;
};

export type Transaction = {
  id: string;
  kind: 'top_up' | 'auto_top_up' | 'subscription' | 'seats' | 'refund' | 'dispute' | 'correction';
  status: 'pending' | 'completed' | 'failed';
  /** Its first line. */
  description: string;
  /** With fees and taxes, decimal, in the currency; of a refund below 0. */
  amount: string;
  /** ISO 4217. */
  currency: string;
  /** What the wallet gets, decimal USD; of a refund below 0. */
  credit: string;
  /** Of a refund: the charge. */
  refundOf: string | null;
  /** Its document's. */
  number: string | null;
  /** Null: there is no document. */
  fileName: string | null;
  /** The document's day. */
  issuedOn: string | null;
  /** Of an invoice that is sent before it is paid. */
  dueOn: string | null;
  paidThrough: 'manual' | 'stripe';
  /** What it is called there. */
  reference: string | null;
  createdAt: string;
  completedAt: string | null;
  failedAt: string | null;
  /** Why it failed. */
  failure: string | null;
  /** Until when seats that the card was refused for can be paid on a page; then they are taken back. */
  payBy: string | null;
};

export type TransactionWhole = Transaction & {
  seller: BillingParty;
  buyer: BillingParty;
  lines: ({
    description: string;
    period: {
      from: string;
      to: string;
    } | null;
    quantity: string;
    /** Decimal, in the currency. */
    unitPrice: string;
    taxPercent: string | null;
    /** Decimal, in the currency. */
    amount: string;
  })[];
  fees: ({
    description: string;
    taxPercent: string | null;
    /** Decimal, in the currency. */
    amount: string;
  })[];
  taxes: ({
    name: string;
    percent: string;
    /** Decimal, in the currency. */
    taxable: string;
    /** Decimal, in the currency. */
    amount: string;
  })[];
  /** Decimal, in the currency. */
  subtotal: string;
  /** The buyer owes the tax. */
  reverseCharge: boolean;
  /** What refunds have taken of it, those under way included. */
  refunded: string;
};

export type Transcription = {
  text: string;
  [field: string]: unknown;
};

export type TranscriptionForm = {
  model: string;
  file: string;
  response_format?: string;
  [field: string]: unknown;
};

export type Usage = {
  /** Decimal USD. */
  cost: string;
  /** Decimal USD. */
  inputCost: string;
  /** Decimal USD. */
  outputCost: string;
  requestCount: number;
  /** Failed at the provider. */
  errorCount: number;
  /** The request was wrong. */
  clientErrorCount: number;
  /** Refused by a limit or a rule. */
  refusedCount: number;
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  totalTokens: number;
  /** Of those that were neither refused nor wrong. */
  errorRate: number | null;
  /** Half of the answers took at most so long, in ms, within 10 %; null where nothing was measured. */
  latencyMsP50: number | null;
  /** 95 of 100 answers took at most so long, in ms, within 10 %; null where nothing was measured. */
  latencyMsP95: number | null;
  /** Half of the streams began within, in ms, within 10 %; null where nothing was measured. */
  firstTokenMsP50: number | null;
  /** 95 of 100 streams began within, in ms, within 10 %; null where nothing was measured. */
  firstTokenMsP95: number | null;
};

export type User = {
  id: string;
  name: string;
  email: string;
};

export type Video = {
  id: string;
  object: 'video';
  model: string;
  status: 'queued' | 'in_progress' | 'completed' | 'failed';
  progress: number;
  created_at: number;
  completed_at: number | null;
  expires_at: number | null;
  seconds: string;
  size: string;
  prompt: null;
  remixed_from_video_id: null;
  error: {
    code: string;
    message: string;
  } | null;
  /** Once it is settled. */
  cost?: string;
};

export type VideoBody = {
  model: string;
  prompt: string;
  seconds?: number;
  size?: string;
  /** A picture to begin with: `image_url` or, with a provider key of your own, `file_id`; or in a form a file. */
  input_reference?: Record<string, never>;
  demo?: {
    outputTokens?: number;
    cachedTokens?: number;
    reasoningTokens?: number;
    delayMs?: number;
    tokensPerSecond?: number;
    failAfterTokens?: number;
    failStatus?: number;
    silentMs?: number;
    overrunTokens?: number;
  };
  [field: string]: unknown;
};

export type VideoForm = {
  model: string;
  prompt: string;
  seconds?: string;
  size?: string;
  input_reference?: string;
  [field: string]: unknown;
};

export type Wallet = {
  /** Posted less what members told to have spent; below 0 after overruns or refunds beyond it. */
  balance: string;
  /** The part that members may spend without asking, some of which they may have spent by now. */
  lent: string;
  /** What is left to lend. */
  available: string;
  /** The newest, newest first. */
  entries: ({
    id: string;
    kind: 'top_up' | 'refund';
    /** Decimal USD. */
    amount: string;
    /** Decimal USD. */
    credits: string;
    at: string;
  })[];
};

export type WalletBooks = {
  /** Entries that differ; empty: all agree. */
  findings: ({
    /** The transaction, or an entry of no transaction. */
    id: string;
    /** Null: the wallet has not taken it. */
    inWallet: string | null;
    /** Null: there is no completed transaction. */
    inTransactions: string | null;
  })[];
  /** Compared just now; false: the wallet could not be asked. */
  proven: boolean;
};

/** What each route takes and answers. */
export interface Routes {
  /** Chat in OpenAI's protocol, whole or as a stream. */
  'POST /v1/chat/completions': {
    body: ChatCompletionBody;
    answer: ChatCompletion | string;
  };
  /** Messages in Anthropic's protocol, whole or as a stream. */
  'POST /v1/messages': {
    body: MessagesBody;
    answer: Message | string;
  };
  /** How many tokens a message would have as input; free of charge. */
  'POST /v1/messages/count_tokens': {
    body: CountTokensBody;
    answer: TokenCount;
  };
  /** Content in Google's protocol: generated, streamed or counted. */
  'POST /v1beta/models/{model}': {
    path: { model: string };
    query?: { alt?: string };
    body: GenerateContentBody;
    answer: GenerateContentAnswer | string;
  };
  /** One model, in Google's shape. */
  'GET /v1beta/models/{model}': {
    path: { model: string };
    answer: GoogleModel;
  };
  /** Content in Google's protocol: generated, streamed or counted. */
  'POST /v1/models/{model}': {
    path: { model: string };
    query?: { alt?: string };
    body: GenerateContentBody;
    answer: GenerateContentAnswer | string;
  };
  /** One model. */
  'GET /v1/models/{model}': {
    path: { model: string };
    answer: Model | AnthropicModel;
  };
  /** Vectors of texts, in OpenAI's protocol. */
  'POST /v1/embeddings': {
    body: EmbeddingBody;
    answer: Embeddings;
  };
  /** Whether texts and images are harmful, in OpenAI's protocol. */
  'POST /v1/moderations': {
    body: ModerationBody;
    answer: Moderations;
  };
  /** Documents in the order of how well they answer a query. */
  'POST /v1/rerank': {
    body: RerankBody;
    answer: Reranked;
  };
  /** Images, in OpenAI's protocol. */
  'POST /v1/images/generations': {
    body: ImageBody;
    answer: Images;
  };
  /** Images made of others, in OpenAI's protocol. */
  'POST /v1/images/edits': {
    answer: Images;
  };
  /** Text read aloud, in OpenAI's protocol. */
  'POST /v1/audio/speech': {
    body: SpeechBody;
    answer: string;
  };
  /** What is said in a recording, in OpenAI's protocol. */
  'POST /v1/audio/transcriptions': {
    answer: Transcription | string;
  };
  /** Documents as text, in Mistral's protocol. */
  'POST /v1/ocr': {
    body: OcrBody;
    answer: OcrPages;
  };
  /** A video, in OpenAI's protocol: a job, held for from its start and settled when it ends. */
  'POST /v1/videos': {
    body: VideoBody;
    answer: Video;
  };
  /** How a video is, and what it cost once it is settled. */
  'GET /v1/videos/{id}': {
    path: { id: string };
    answer: Video;
  };
  /** Deletes a video, and cancels one that is not done. */
  'DELETE /v1/videos/{id}': {
    path: { id: string };
    answer: DeletedVideo;
  };
  /** The video itself, as its provider has it; in part, with `Range`. */
  'GET /v1/videos/{id}/content': {
    path: { id: string };
    query?: { variant?: 'video' | 'thumbnail' | 'spritesheet' };
    answer: string;
  };
  /** OpenAI's Responses, whole or as a stream. */
  'POST /v1/responses': {
    body: ResponsesBody;
    answer: Response | string;
  };
  /** A stored response; another key has none of this id. */
  'GET /v1/responses/{id}': {
    path: { id: string };
    query?: { include?: string };
    answer: Response;
  };
  /** Erases a stored response. */
  'DELETE /v1/responses/{id}': {
    path: { id: string };
    answer: {
      id: string;
      object: 'response';
      deleted: true;
    };
  };
  /** What the model had before it answered, earlier turns included. */
  'GET /v1/responses/{id}/input_items': {
    path: { id: string };
    query?: { limit?: number; order?: 'asc' | 'desc'; after?: string };
    answer: {
      object: 'list';
      data: ({
        id: string;
        type: string;
        [field: string]: unknown;
      })[];
      first_id: string | null;
      last_id: string | null;
      has_more: boolean;
    };
  };
  /** The models that the key may use, with prices and abilities. */
  'GET /v1/models': {
    answer: {
      object: 'list';
      data: Model[];
    } | {
      data: AnthropicModel[];
      has_more: false;
      first_id: string | null;
      last_id: string | null;
    };
  };
  /** The models that the key may use, in Google's shape. */
  'GET /v1beta/models': {
    query?: { pageSize?: number; pageToken?: string };
    answer: {
      models: GoogleModel[];
      /** Absent on the last page. */
      nextPageToken?: string;
    };
  };
  /** The key's limits and usage, and its member's; readable when over budget. */
  'GET /v1/key': {
    answer: OwnKey;
  };
  /** How one can sign in here, and whether one can sign up. */
  'GET /auth/methods': {
    answer: {
      password: boolean;
      passkey: boolean;
      providers: ('google' | 'github')[];
      signUp: 'open' | 'invited';
      /** Whether there is no owner yet. */
      waitsForSetUp: boolean;
    };
  };
  /** Ask for an account: invited, with the set-up code, or where sign-up is open. */
  'POST /auth/sign-up': {
    body: SignUpBody;
    answer: {
      user: User;
    } | {
      next: 'email';
    };
  };
  /** Make the account of a sign-up, by the mailed link and the password chosen then. */
  'POST /auth/sign-up/confirm': {
    body: ConfirmSignUpBody;
    answer: {
      user: User;
    };
  };
  /** Sign in with e-mail address and password. */
  'POST /auth/sign-in': {
    body: SignInBody;
    answer: {
      user: User;
    } | {
      next: 'second_factor';
    };
  };
  /** The second step of signing in: a code of the authenticator app, or a backup code. */
  'POST /auth/sign-in/second-factor': {
    body: SecondFactorBody;
    answer: {
      user: User;
    };
  };
  /** What a browser needs to sign in with a passkey. */
  'POST /auth/sign-in/passkey/options': {
    answer: PasskeyOptions;
  };
  /** Sign in with a passkey. */
  'POST /auth/sign-in/passkey': {
    body: PasskeySignInBody;
    answer: {
      user: User;
    };
  };
  /** Where to go to sign in with a provider. */
  'POST /auth/sign-in/with/{provider}': {
    path: { provider: 'google' | 'github' };
    body: ProviderSignInBody;
    answer: {
      url: string;
    };
  };
  /** Where a provider sends the browser back to. */
  'GET /auth/callback/{provider}': {
    path: { provider: 'google' | 'github' };
    answer: undefined;
  };
  /** End this session. */
  'POST /auth/sign-out': {
    answer: undefined;
  };
  /** Mail a link that sets a new password. */
  'POST /auth/password-reset': {
    body: EmailBody;
    answer: {
      next: 'email';
    };
  };
  /** Set a new password by the mailed link; ends all sessions. */
  'POST /auth/password-reset/confirm': {
    body: ResetPasswordBody;
    answer: undefined;
  };
  /** The browsers in which you are signed in, the last used first. */
  'GET /auth/sessions': {
    answer: {
      sessions: Session[];
      nextCursor: string | null;
    };
  };
  /** Sign out all your browsers but this one. */
  'DELETE /auth/sessions': {
    answer: undefined;
  };
  /** Sign out one of your browsers. */
  'DELETE /auth/sessions/{sessionId}': {
    path: { sessionId: string };
    answer: undefined;
  };
  /** Change the password; signs out all other browsers. */
  'PUT /auth/password': {
    body: ChangePasswordBody;
    answer: undefined;
  };
  /** Begin with a second factor: the secret for an authenticator app, and backup codes, shown once. */
  'POST /auth/second-factor': {
    body: PasswordBody;
    answer: {
      totpUri: string;
      backupCodes: string[];
    };
  };
  /** Turn the second factor on, by a first code of the app. */
  'POST /auth/second-factor/confirm': {
    body: CodeBody;
    answer: undefined;
  };
  /** New backup codes in place of the old ones, shown once. */
  'POST /auth/second-factor/backup-codes': {
    body: PasswordBody;
    answer: {
      backupCodes: string[];
    };
  };
  /** Turn the second factor off. */
  'POST /auth/second-factor/off': {
    body: PasswordBody;
    answer: undefined;
  };
  /** Your passkeys, newest first. */
  'GET /auth/passkeys': {
    answer: {
      passkeys: Passkey[];
      nextCursor: string | null;
    };
  };
  /** Keep a passkey that the browser has made. */
  'POST /auth/passkeys': {
    body: NewPasskeyBody;
    answer: Passkey;
  };
  /** What a browser needs to make a passkey. */
  'POST /auth/passkeys/options': {
    answer: PasskeyOptions;
  };
  /** Remove a passkey. */
  'DELETE /auth/passkeys/{passkeyId}': {
    path: { passkeyId: string };
    answer: undefined;
  };
  /** Who is signed in, in which organizations, and what they may in each. */
  'GET /me': {
    answer: Me;
  };
  /** Change one's own name, in every organization whose member one is. */
  'PATCH /me': {
    body: MeBody;
    answer: {
      name: string;
    };
  };
  /** One's own organizations; with a master key, the one that it opens. */
  'GET /orgs': {
    answer: {
      organizations: Membership[];
      nextCursor: string | null;
    };
  };
  /** Make an organization of one’s own. */
  'POST /orgs': {
    body: NewOrganization;
    answer: Organization;
  };
  /** The organization and its settings. */
  'GET /orgs/{orgId}': {
    path: { orgId: string };
    answer: Organization;
  };
  /** Change the organization's settings; owners and finance admins: its billing details. */
  'PATCH /orgs/{orgId}': {
    path: { orgId: string };
    body: OrganizationSettings;
    answer: Organization & {
      applied: number;
      pending: number;
    };
  };
  /** Delete the organization: its keys are refused; its owners can undo that until `undoUntil`. */
  'DELETE /orgs/{orgId}': {
    path: { orgId: string };
    answer: {
      id: string;
      deletedAt: string;
      undoUntil: string;
      applied: number;
      pending: number;
    };
  };
  /** Undo the deletion. */
  'POST /orgs/{orgId}/restore': {
    path: { orgId: string };
    answer: Organization & {
      applied: number;
      pending: number;
    };
  };
  /** Make a team of a personal organization. */
  'POST /orgs/{orgId}/convert': {
    path: { orgId: string };
    body: ConvertOrganization;
    answer: Organization;
  };
  /** Seats: how many there are, taken and left, and what one more costs. */
  'GET /orgs/{orgId}/seats': {
    path: { orgId: string };
    answer: Seats;
  };
  /** Buy more seats for exactly their price, which the 402 without it tells. */
  'POST /orgs/{orgId}/seats': {
    path: { orgId: string };
    body: MoreSeats;
    answer: Seats;
  };
  /** List members with budget, status as of `statusAt` and usage in the range; who may not see all gets themselves. */
  'GET /orgs/{orgId}/members': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'name' | '-name' | 'email' | '-email' | 'role' | '-role' | 'createdAt' | '-createdAt' | 'lifetimeUsage' | '-lifetimeUsage'; from?: string; to?: string; timezone?: string };
    answer: {
      members: (ListedMember & {
        /** In the range; null where the plan does not have it. */
        usage: {
          /** Decimal USD. */
          cost: string;
          tokens: number;
          requests: number;
        } | null;
        /** The plan that has it. */
        planRequired?: 'enterprise';
      })[];
      nextCursor: string | null;
    };
  };
  /** Add an API-only member: no sign-in, no seat. */
  'POST /orgs/{orgId}/members': {
    path: { orgId: string };
    body: ApiMember;
    answer: Member;
  };
  /** One's own budget and live status, and what was used in the range. */
  'GET /orgs/{orgId}/members/me': {
    path: { orgId: string };
    query?: { from?: string; to?: string; timezone?: string };
    answer: Member & {
      /** In the range; null where the plan does not have it. */
      usage: {
        /** Decimal USD. */
        cost: string;
        tokens: number;
        requests: number;
      } | null;
      /** The plan that has it. */
      planRequired?: 'enterprise';
    };
  };
  /** Say at which percents of a limit one wants to be warned by mail, besides those of the organization. */
  'PATCH /orgs/{orgId}/members/me': {
    path: { orgId: string };
    body: OwnSettings;
    answer: Member;
  };
  /** One member with budget and live status, and what they used in the range. */
  'GET /orgs/{orgId}/members/{memberId}': {
    path: { orgId: string; memberId: string };
    query?: { from?: string; to?: string; timezone?: string };
    answer: Member & {
      /** In the range; null where the plan does not have it. */
      usage: {
        /** Decimal USD. */
        cost: string;
        tokens: number;
        requests: number;
      } | null;
      /** The plan that has it. */
      planRequired?: 'enterprise';
    };
  };
  /** Change a member's role, projects or rules, or hand the organization over to them. */
  'PATCH /orgs/{orgId}/members/{memberId}': {
    path: { orgId: string; memberId: string };
    body: MemberChange;
    answer: Member & {
      pending?: true;
    };
  };
  /** Remove a member, or leave: keys are revoked and the seat is free at once, history stays. */
  'DELETE /orgs/{orgId}/members/{memberId}': {
    path: { orgId: string; memberId: string };
    answer: {
      id: string;
      pending?: true;
    };
  };
  /** List invitations that were neither accepted nor revoked. */
  'GET /orgs/{orgId}/invitations': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'createdAt' | '-createdAt' | 'email' | '-email' | 'role' | '-role' | 'expiresAt' | '-expiresAt' };
    answer: {
      invitations: Invitation[];
      nextCursor: string | null;
    };
  };
  /** Invite an address, or many by CSV: as a field, or as the body with all other fields in the query. */
  'POST /orgs/{orgId}/invitations': {
    path: { orgId: string };
    body: InvitationBody;
    answer: Invitation | ImportedInvitations;
  };
  /** Replace the budget that the invited will have from the first key on. */
  'PUT /orgs/{orgId}/invitations/{invitationId}/budget': {
    path: { orgId: string; invitationId: string };
    body: BudgetBody;
    answer: Invitation;
  };
  /** Mail a new link, good for 30 days; the one before is dead. */
  'POST /orgs/{orgId}/invitations/{invitationId}/resend': {
    path: { orgId: string; invitationId: string };
    answer: Invitation;
  };
  /** Revoke an invitation: its link is dead, its seat free. */
  'DELETE /orgs/{orgId}/invitations/{invitationId}': {
    path: { orgId: string; invitationId: string };
    answer: {
      id: string;
    };
  };
  /** What a link invites to, for whoever has it. */
  'GET /invitations/{token}': {
    path: { token: string };
    answer: {
      organization: {
        id: string;
        name: string;
      };
      email: string;
      role: 'owner' | 'admin' | 'finance' | 'developer' | 'basic' | 'api';
      expiresAt: string;
      hasAccount: boolean;
    };
  };
  /** Become a member, signed in with the address that was invited. */
  'POST /invitations/{token}/accept': {
    path: { token: string };
    answer: Member & {
      organizationId: string;
      pending?: true;
    };
  };
  /** Replace a member's budget. */
  'PUT /orgs/{orgId}/members/{memberId}/budget': {
    path: { orgId: string; memberId: string };
    body: BudgetBody;
    answer: Member & {
      pending?: true;
    };
  };
  /** What was decided about a member's budget, newest first. */
  'GET /orgs/{orgId}/members/{memberId}/budget/history': {
    path: { orgId: string; memberId: string };
    query?: { limit?: number; cursor?: string };
    answer: {
      history: BudgetDecision[];
      nextCursor: string | null;
    };
  };
  /** The budget that developers inherit. */
  'GET /orgs/{orgId}/default-developer-budget': {
    path: { orgId: string };
    answer: Budget;
  };
  /** Replace the budget that developers inherit. */
  'PUT /orgs/{orgId}/default-developer-budget': {
    path: { orgId: string };
    body: BudgetBody;
    answer: Budget & {
      applied: number;
      pending: number;
    };
  };
  /** List requests for more budget; who may not set budgets gets their own. */
  'GET /orgs/{orgId}/budget-requests': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; status?: 'open' | 'granted' | 'declined' };
    answer: {
      budgetRequests: BudgetRequest[];
      nextCursor: string | null;
    };
  };
  /** Ask for more on one of one's own limits; whoever may set it is mailed. */
  'POST /orgs/{orgId}/budget-requests': {
    path: { orgId: string };
    body: BudgetRequestBody;
    answer: BudgetRequest;
  };
  /** Grant an extra amount on the limit until an instant; the member is mailed. */
  'POST /orgs/{orgId}/budget-requests/{requestId}/grant': {
    path: { orgId: string; requestId: string };
    body: BudgetGrantBody;
    answer: BudgetRequest & {
      pending?: true;
    };
  };
  /** Decline a request; the member is mailed. */
  'POST /orgs/{orgId}/budget-requests/{requestId}/decline': {
    path: { orgId: string; requestId: string };
    body: BudgetDeclineBody;
    answer: BudgetRequest;
  };
  /** List projects; developers see those granted to them. */
  'GET /orgs/{orgId}/projects': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'name' | '-name' | 'createdAt' | '-createdAt'; archived?: 'true' | 'false' };
    answer: {
      projects: Project[];
      nextCursor: string | null;
    };
  };
  /** Make a project. */
  'POST /orgs/{orgId}/projects': {
    path: { orgId: string };
    body: ProjectBody;
    answer: Project;
  };
  /** One project. */
  'GET /orgs/{orgId}/projects/{projectId}': {
    path: { orgId: string; projectId: string };
    answer: Project;
  };
  /** Rename, archive or restore a project. */
  'PATCH /orgs/{orgId}/projects/{projectId}': {
    path: { orgId: string; projectId: string };
    body: ProjectPatch;
    answer: Project & {
      applied: number;
      pending: number;
    };
  };
  /** Archive a project: its keys are refused, its history stays. */
  'DELETE /orgs/{orgId}/projects/{projectId}': {
    path: { orgId: string; projectId: string };
    answer: Project & {
      applied: number;
      pending: number;
    };
  };
  /** What a project wants of the choice among a model's providers. */
  'GET /orgs/{orgId}/projects/{projectId}/routing': {
    path: { orgId: string; projectId: string };
    answer: Routing;
  };
  /** Replace a project's routing; what is left out is no wish. */
  'PUT /orgs/{orgId}/projects/{projectId}/routing': {
    path: { orgId: string; projectId: string };
    body: RoutingBody;
    answer: Routing & {
      applied: number;
      pending: number;
    };
  };
  /** List API keys: one's own, for owners and admins everybody's. */
  'GET /orgs/{orgId}/keys': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'createdAt' | '-createdAt' | 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'expiresAt' | '-expiresAt'; memberId?: string; projectId?: string };
    answer: {
      keys: ApiKey[];
      nextCursor: string | null;
    };
  };
  /** Make an API key; the secret is shown this once. */
  'POST /orgs/{orgId}/keys': {
    path: { orgId: string };
    body: ApiKeyBody;
    answer: ApiKey & {
      pending?: true;
      /** The key itself, shown this once. */
      secret: string;
    };
  };
  /** One API key. */
  'GET /orgs/{orgId}/keys/{keyId}': {
    path: { orgId: string; keyId: string };
    answer: ApiKey & {
      pending?: true;
    };
  };
  /** Rename, limit, rule, disable or enable a key; limits and rules are given whole. */
  'PATCH /orgs/{orgId}/keys/{keyId}': {
    path: { orgId: string; keyId: string };
    body: ApiKeyPatch;
    answer: ApiKey & {
      pending?: true;
    };
  };
  /** Delete a key: it is refused, its usage and history stay. */
  'DELETE /orgs/{orgId}/keys/{keyId}': {
    path: { orgId: string; keyId: string };
    answer: {
      id: string;
      pending?: true;
    } | undefined;
  };
  /** Give a key another secret, shown this once; the old one is refused at once. */
  'POST /orgs/{orgId}/keys/{keyId}/roll': {
    path: { orgId: string; keyId: string };
    answer: ApiKey & {
      pending?: true;
      /** The key itself, shown this once. */
      secret: string;
    };
  };
  /** A key to ask the gateway as yourself for some minutes: your budget and rules, in no list of keys. */
  'POST /orgs/{orgId}/playground-key': {
    path: { orgId: string };
    body: PlaygroundKeyBody;
    answer: PlaygroundKey;
  };
  /** List master keys. */
  'GET /orgs/{orgId}/master-keys': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'createdAt' | '-createdAt' | 'name' | '-name' };
    answer: {
      masterKeys: MasterKey[];
      nextCursor: string | null;
    };
  };
  /** Make a master key; the secret is shown this once. */
  'POST /orgs/{orgId}/master-keys': {
    path: { orgId: string };
    body: MasterKeyBody;
    answer: MasterKey & {
      /** The key itself, shown this once. */
      secret: string;
    };
  };
  /** Delete a master key: it is refused with its next request. */
  'DELETE /orgs/{orgId}/master-keys/{masterKeyId}': {
    path: { orgId: string; masterKeyId: string };
    answer: undefined;
  };
  /** List the organization's own provider keys. */
  'GET /orgs/{orgId}/provider-keys': {
    path: { orgId: string };
    query?: { limit?: number; cursor?: string; q?: string; sort?: 'createdAt' | '-createdAt' | 'name' | '-name' | 'provider' | '-provider' };
    answer: {
      providerKeys: ProviderKey[];
      nextCursor: string | null;
    };
  };
  /** Add a provider key, or a provider of your own; the key is sealed and never shown again. */
  'POST /orgs/{orgId}/provider-keys': {
    path: { orgId: string };
    body: ProviderKeyBody;
    answer: ProviderKey & {
      applied: number;
      pending: number;
    };
  };
  /** One provider key. */
  'GET /orgs/{orgId}/provider-keys/{providerKeyId}': {
    path: { orgId: string; providerKeyId: string };
    answer: ProviderKey;
  };
  /** Change a provider key; another baseUrl needs the key again. */
  'PATCH /orgs/{orgId}/provider-keys/{providerKeyId}': {
    path: { orgId: string; providerKeyId: string };
    body: ProviderKeyPatch;
    answer: ProviderKey & {
      applied: number;
      pending: number;
    };
  };
  /** Delete a provider key: nobody is served with it any more. */
  'DELETE /orgs/{orgId}/provider-keys/{providerKeyId}': {
    path: { orgId: string; providerKeyId: string };
    answer: {
      id: string;
      pending?: true;
    } | undefined;
  };
  /** Try a provider key with a call that costs nothing; lastTest tells how it went. */
  'POST /orgs/{orgId}/provider-keys/{providerKeyId}/test': {
    path: { orgId: string; providerKeyId: string };
    answer: ProviderKey;
  };
  /** Usage by local day or hour, broken down by one dimension; who does not see all sees their own. */
  'GET /analytics/activity': {
    query: { organizationId: string; from?: string; to?: string; timezone?: string; format?: 'json' | 'csv'; groupBy?: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app'; granularity?: 'day' | 'hour'; limit?: number; projectId?: string; apiKeyId?: string; memberId?: string };
    answer: Activity & {
      timezone: string;
    } | string;
  };
  /** What each member used in the range, dearest first; also those who were removed. */
  'GET /analytics/members': {
    query: { organizationId: string; from?: string; to?: string; timezone?: string; format?: 'json' | 'csv' };
    answer: MembersUsage | string;
  };
  /** What one member used, by its user id or its own. */
  'GET /analytics/members/{userId}': {
    path: { userId: string };
    query: { organizationId: string; from?: string; to?: string; timezone?: string; format?: 'json' | 'csv'; groupBy?: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app'; granularity?: 'day' | 'hour'; limit?: number };
    answer: MemberUsage | string;
  };
  /** What oneself used. */
  'GET /analytics/me': {
    query: { organizationId: string; from?: string; to?: string; timezone?: string; format?: 'json' | 'csv'; groupBy?: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app'; granularity?: 'day' | 'hour'; limit?: number };
    answer: MemberUsage | string;
  };
  /** What one API key was used for: one's own, for owners and admins everybody's, also a deleted one. */
  'GET /analytics/keys/{keyId}': {
    path: { keyId: string };
    query: { organizationId: string; from?: string; to?: string; timezone?: string; format?: 'json' | 'csv'; groupBy?: 'project' | 'apiKey' | 'member' | 'mapping' | 'model' | 'provider' | 'app'; granularity?: 'day' | 'hour'; limit?: number };
    answer: KeyUsage | string;
  };
  /** The books of every member, as last proven. */
  'GET /orgs/{orgId}/health': {
    path: { orgId: string };
    query?: { prove?: 'now' | 'stored' };
    answer: Health;
  };
  /** When and by how much a budget would have refused a member's requests of some days. */
  'GET /orgs/{orgId}/budget-simulation': {
    path: { orgId: string };
    query: { memberId: string; from?: string; to?: string; timezone?: string; maxApiKeys?: string; usageLimit?: string; usageLimitBasis?: string; periodUsageLimit?: string; periodUsageDurationValue?: string; periodUsageDurationUnit?: string; periodAlignment?: string; requestsPerMinute?: string; tokensPerMinute?: string; concurrency?: string; newCycle?: string; version?: string };
    answer: BudgetSimulation;
  };
  /** Requests, one for each attempt, newest first; a filtered page may be short and yet not the last. */
  'GET /orgs/{orgId}/requests': {
    path: { orgId: string };
    query?: { from?: string; to?: string; requestId?: string; projectId?: string; apiKeyId?: string; memberId?: string; model?: string; mapping?: string; provider?: string; app?: string; endpoint?: string; outcome?: 'completed' | 'cut' | 'client_gone' | 'upstream_error' | 'client_error' | 'expired' | 'correction' | 'refused'; minCost?: string; limit?: number; cursor?: string; format?: 'json' | 'csv' };
    answer: {
      requests: AttemptedRequest[];
      nextCursor: string | null;
      /** Of what was settled before, only sums are kept. */
      keptSince: string;
    } | string;
  };
  /** One request: its cost by part, each attempt, and what refused it. */
  'GET /orgs/{orgId}/requests/{requestId}': {
    path: { orgId: string; requestId: string };
    answer: Request;
  };
  /** The prepaid credit: what is left, what is lent to members, what was paid in and out. */
  'GET /orgs/{orgId}/wallet': {
    path: { orgId: string };
    answer: Wallet;
  };
  /** What was paid and given back, newest first. */
  'GET /orgs/{orgId}/transactions': {
    path: { orgId: string };
    query?: { kind?: 'top_up' | 'auto_top_up' | 'subscription' | 'seats' | 'refund' | 'dispute' | 'correction'; status?: 'pending' | 'completed' | 'failed'; from?: string; to?: string; q?: string; limit?: number; cursor?: string; sort?: 'createdAt' | '-createdAt' | 'amount' | '-amount' | 'kind' | '-kind' | 'status' | '-status'; format?: 'json' | 'csv' };
    answer: {
      transactions: Transaction[];
      nextCursor: string | null;
    } | string;
  };
  /** One transaction, with all that its document says. */
  'GET /orgs/{orgId}/transactions/{transactionId}': {
    path: { orgId: string; transactionId: string };
    answer: TransactionWhole;
  };
  /** Its invoice, or of a refund its credit note, as a PDF that never changes. */
  'GET /orgs/{orgId}/transactions/{transactionId}/invoice': {
    path: { orgId: string; transactionId: string };
    answer: string;
  };
  /** A month's invoices and credit notes in one file. */
  'GET /orgs/{orgId}/invoices.zip': {
    path: { orgId: string };
    query: { month: string };
    answer: string;
  };
  /** Buy credit: opens a transaction and tells where to pay for it. */
  'POST /orgs/{orgId}/wallet/checkout': {
    path: { orgId: string };
    body: TopUp;
    answer: {
      transactionId: string;
      /** Where to pay; null: the operator says how, and records it. */
      url: string | null;
      /** With taxes. */
      total: string;
    };
  };
  /** Pay for seats that the card was refused for, before they are taken back (`payBy`). */
  'POST /orgs/{orgId}/transactions/{transactionId}/checkout': {
    path: { orgId: string; transactionId: string };
    answer: {
      transactionId: string;
      /** Where to pay; null: the operator says how, and records it. */
      url: string | null;
      /** With taxes. */
      total: string;
    };
  };
  /** When credit is bought by itself, and with which card. */
  'GET /orgs/{orgId}/wallet/automatic-top-up': {
    path: { orgId: string };
    answer: AutomaticTopUp;
  };
  /** Have credit bought by itself, or no more. */
  'PUT /orgs/{orgId}/wallet/automatic-top-up': {
    path: { orgId: string };
    body: AutomaticTopUpBody;
    answer: AutomaticTopUp;
  };
  /** Forget the saved card, here and at Stripe; nothing is bought by itself then. */
  'DELETE /orgs/{orgId}/wallet/card': {
    path: { orgId: string };
    answer: AutomaticTopUp;
  };
  /** Change the plan: a larger one once it is paid for, a smaller one as its period ends. */
  'POST /orgs/{orgId}/plan': {
    path: { orgId: string };
    body: PlanChange;
    answer: {
      /** As it is now. */
      plan: 'free' | 'pro' | 'enterprise';
      /** Where to pay first; null: nothing is to be paid now. */
      url: string | null;
      /** When a plan that was given up ends. */
      endsAt: string | null;
    };
  };
  /** What was used in a month of the organization's zone, by project, member and model, as a PDF, CSV or JSON. */
  'GET /orgs/{orgId}/statements/{month}': {
    path: { orgId: string; month: string };
    query?: { format?: 'pdf' | 'csv' | 'json'; projectId?: string; memberId?: string };
    answer: string | Statement;
  };
  /** Who changed what, newest first; as csv or jsonl all of it, oldest first, with what verifies it. */
  'GET /orgs/{orgId}/audit-log': {
    path: { orgId: string };
    query?: { actor?: string; action?: string; target?: string; from?: string; to?: string; q?: string; limit?: number; cursor?: string; format?: 'json' | 'csv' | 'jsonl' };
    answer: {
      entries: AuditEntry[];
      nextCursor: string | null;
    } | string;
  };
  /** Whether any entry was edited, removed or reordered, or the end cut off. */
  'GET /orgs/{orgId}/audit-log/verify': {
    path: { orgId: string };
    answer: AuditVerdict;
  };
  /** Whether the service answers, and which version of it. */
  'GET /health': {
    answer: {
      ok: true;
      version: string;
    };
  };
  /** This document. */
  'GET /openapi.json': {
    answer: Record<string, unknown>;
  };
  /** This document as a page. */
  'GET /docs': {
    answer: string;
  };
}
