/** What a provider's refusal means: the caller's own affair passes, and trouble with an account or a key is never theirs. */
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest';
import { upstreamRefusal } from '../../src/gateway/upstream-refusal.ts';

const OURS = { provider: 'openai', keyOf: 'deployment', requestId: 'req_1' } as const;
const THEIRS = { ...OURS, keyOf: 'organization' } as const;

const LOW = 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.';

/** As the providers' documentation has them. */
const ACCOUNT: [string, number, object, 'credit' | 'credentials'][] = [
  ['Anthropic', 400, { type: 'error', error: { type: 'invalid_request_error', message: LOW } }, 'credit'],
  ['Anthropic', 402, { type: 'error', error: { type: 'billing_error', message: 'Pay.' } }, 'credit'],
  [
    'Anthropic',
    401,
    { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
    'credentials',
  ],
  [
    'Anthropic',
    403,
    { type: 'error', error: { type: 'permission_error', message: 'Your API key may not.' } },
    'credentials',
  ],
  [
    'OpenAI',
    429,
    { error: { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' } },
    'credit',
  ],
  ['OpenAI', 400, { error: { message: 'Hard limit.', code: 'billing_hard_limit_reached' } }, 'credit'],
  ['OpenAI', 429, { error: { message: 'Not active.', type: 'billing_not_active' } }, 'credit'],
  ['OpenAI', 401, { error: { message: 'Incorrect API key', code: 'invalid_api_key' } }, 'credentials'],
  ['OpenRouter', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'credit'],
  ['DeepSeek', 402, { error: { message: 'Insufficient Balance' } }, 'credit'],
  [
    'Google',
    400,
    { error: { code: 400, message: 'Please enable billing on your project.', status: 'FAILED_PRECONDITION' } },
    'credit',
  ],
];

let logged: MockInstance<typeof console.error>;
beforeEach(() => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => logged.mockRestore());

it.each(ACCOUNT)(
  '%s, %i: about the account, it is a failure of the provider, and the log tells the operator',
  async (_, status, body, reason) => {
    const refusal = await upstreamRefusal(Response.json(body, { status }), OURS);
    const message = expect.stringMatching(/^openai .*deployment.*operator/);
    // Not one of a moment: the same provider is not asked again.
    expect(refusal).toEqual({ kind: 'upstream_error', message });
    const line = {
      event: 'provider_account',
      provider: 'openai',
      reason,
      keyOf: 'deployment',
      status,
      requestId: 'req_1',
    };
    expect(logged.mock.calls.map(([text]) => JSON.parse(String(text)))).toEqual([line]);
  },
);

it.each(ACCOUNT)("%s, %i: of an organization's own key, its admins are named", async (_, status, body) => {
  const refusal = await upstreamRefusal(Response.json(body, { status }), THEIRS);
  expect(refusal).toMatchObject({
    kind: 'upstream_error',
    message: expect.stringMatching(/organization's own.*admins/),
  });
  expect(refusal).not.toMatchObject({ message: expect.stringContaining('deployment') });
});

it.each<[string, number, object]>([
  [
    'a wrong request',
    400,
    { error: { message: 'max_tokens is too large', code: 'invalid_value', param: 'max_tokens' } },
  ],
  ['a request that speaks of credit', 400, { error: { message: `messages.0.content: "${LOW}" is too long` } }],
  ['a model that is not there', 404, { error: { message: 'The model does not exist', code: 'model_not_found' } }],
  ['a rate limit', 429, { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }],
  [
    "Google's rate limit, whose words are those of a quota",
    429,
    {
      error: {
        code: 429,
        message: 'You exceeded your current quota, please check your plan.',
        status: 'RESOURCE_EXHAUSTED',
      },
    },
  ],
  [
    'what may not be asked where the caller is',
    400,
    { error: { message: 'User location is not supported.', status: 'FAILED_PRECONDITION' } },
  ],
])("%s stays the caller's own, and is no news for the operator", async (_, status, body) => {
  const refusal = await upstreamRefusal(Response.json(body, { status }), OURS);
  expect(refusal).toMatchObject({ kind: 'upstream_refused', status });
  expect(logged).not.toHaveBeenCalled();
});
