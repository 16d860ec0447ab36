/**
 * Bad budgets, one table for every route that takes one: each is refused by the name of its field, with the same words, and
 * nothing has changed afterwards: not what the API shows, not the policy's version, not what the object enforces.
 */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { budgetPath, call, defaultPath, type Json, keysPath, memberOf, refusal } from './management.ts';

const AMOUNT = 'Spend limits must be non-negative numbers.';
const PERIOD = 'A period spend limit requires both a duration value and unit.';
const NO_PERIOD = 'A period duration or alignment requires a periodUsageLimit.';
const DURATION = 'Invalid period duration.';

const COUNTS = {
  maxApiKeys: LIMITS.apiKeysPerMemberMax,
  requestsPerMinute: LIMITS.requestsPerMinuteMax,
  tokensPerMinute: LIMITS.tokensPerMinuteMax,
  concurrency: LIMITS.concurrencyMax,
};

const lasting = (value: unknown, unit: unknown, more: Json = {}): Json => ({
  periodUsageLimit: '1',
  periodUsageDurationValue: value,
  periodUsageDurationUnit: unit,
  ...more,
});

type Bad = [what: string, fields: Json, field: string, message: string | RegExp];

const AMOUNTS: unknown[] = [
  '1e3',
  'NaN',
  'Infinity',
  '-1',
  '+1',
  '1.0000000001',
  '1000000.01',
  '1000001',
  '',
  ' 5',
  '5 ',
  '$5',
  '1,5',
  '05',
  '٣',
  5,
  -1,
  1e3,
  true,
  [],
  {},
];

const BAD: Bad[] = [
  ...AMOUNTS.flatMap((amount): Bad[] => [
    [`a total of ${JSON.stringify(amount)}`, { usageLimit: amount }, 'usageLimit', AMOUNT],
    [
      `a period limit of ${JSON.stringify(amount)}`,
      lasting(1, 'hour', { periodUsageLimit: amount }),
      'periodUsageLimit',
      AMOUNT,
    ],
  ]),
  ...Object.entries(COUNTS).flatMap(([field, max]) =>
    [1.5, -1, max + 1, 1e300, '3', '1e3', 'NaN', 'Unlimited', '', true, [], {}].map(
      (value): Bad => [
        `${field} of ${JSON.stringify(value)}`,
        { [field]: value },
        field,
        new RegExp(`^${field} must be a whole number from 0 to ${max}(\\.|, or "unlimited"\\.)$`),
      ],
    ),
  ),
  ['a period limit alone', { periodUsageLimit: '1' }, 'periodUsageDurationValue', PERIOD],
  ['a period limit without value', lasting(null, 'hour'), 'periodUsageDurationValue', PERIOD],
  ['a period limit without unit', lasting(1, null), 'periodUsageDurationUnit', PERIOD],
  ['a duration without limit', lasting(1, 'hour', { periodUsageLimit: null }), 'periodUsageLimit', NO_PERIOD],
  ['13 months', lasting(13, 'month'), 'periodUsageDurationValue', DURATION],
  ['366 days', lasting(366, 'day'), 'periodUsageDurationValue', DURATION],
  ['53 weeks', lasting(53, 'week'), 'periodUsageDurationValue', DURATION],
  ['8761 hours', lasting(8761, 'hour'), 'periodUsageDurationValue', DURATION],
  ['0 hours', lasting(0, 'hour'), 'periodUsageDurationValue', DURATION],
  ['-1 hours', lasting(-1, 'hour'), 'periodUsageDurationValue', DURATION],
  ['1.5 hours', lasting(1.5, 'hour'), 'periodUsageDurationValue', DURATION],
  ['hours as text', lasting('1', 'hour'), 'periodUsageDurationValue', DURATION],
  ['an unknown unit', lasting(1, 'year'), 'periodUsageDurationUnit', DURATION],
  ['a property of objects as unit', lasting(1, 'constructor'), 'periodUsageDurationUnit', DURATION],
  [
    'an unknown alignment',
    lasting(1, 'hour', { periodAlignment: 'lunar' }),
    'periodAlignment',
    /^periodAlignment must/,
  ],
  ['an alignment alone', { periodAlignment: 'calendar' }, 'periodUsageLimit', NO_PERIOD],
  ...[5, 7, 9, 10, 16, 23, 25, 48, 8760].map(
    (value): Bad => [
      `${value} calendar hours`,
      lasting(value, 'hour', { periodAlignment: 'calendar' }),
      'periodUsageDurationValue',
      'Invalid period duration: the hours of a calendar period must divide 24.',
    ],
  ),
  ['an unknown field', { usageLimit: '1', usagelimit: '1' }, 'usagelimit', /^Unknown field: (limits\.)?usagelimit\.$/],
];

/** Of what only a member's own budget and the default have. */
const BAD_OF_BUDGETS: Bad[] = [
  [
    'a duration of an unlimited period',
    lasting(1, 'hour', { periodUsageLimit: 'unlimited' }),
    'periodUsageLimit',
    NO_PERIOD,
  ],
  [
    'an alignment of an unlimited period',
    { periodUsageLimit: 'unlimited', periodAlignment: 'rolling' },
    'periodUsageLimit',
    NO_PERIOD,
  ],
  ['a basis without limit', { usageLimitBasis: 'cycle' }, 'usageLimit', 'A usageLimitBasis requires a usageLimit.'],
  ['an unknown basis', { usageLimitBasis: 'weekly' }, 'usageLimitBasis', /./],
  ['newCycle as text', { newCycle: 'yes' }, 'newCycle', /./],
  ['a version as text', { version: '1' }, 'version', /./],
  ['version 0', { version: 0 }, 'version', /./],
];

/** Not said as fields. */
const BAD_JSON: [what: string, body: unknown, field: string | null, message: RegExp][] = [
  ['a prototype', '{"__proto__":{"usageLimit":"1"}}', '__proto__', /^Unknown field: __proto__\.$/],
  ['malformed JSON', '{"usageLimit":"1"', null, /Malformed JSON/],
  ['an empty body', '', null, /empty/],
  ['an array', '[]', null, /object/],
  ['a string', '"5"', null, /object/],
  ['null', 'null', null, /object/],
  ['too deep', `{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`, null, /nested deeper/],
  ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), null, /UTF-8/],
];

/** What a query cannot say, or what is good in it because all of it is text. */
function sameInQuery(fields: Json): boolean {
  return Object.entries(fields).every(([name, value]) => {
    if (name === 'usageLimit' || name === 'periodUsageLimit') return typeof value === 'string';
    if (value === null || typeof value === 'number') return true;
    return typeof value === 'string' && !/^\d+$/.test(value);
  });
}

let seeded: Seeded;
let before: unknown;

/** What the API shows of the member and what its object enforces, and all that D1 has. */
async function state(): Promise<unknown> {
  const { organizationId, memberId } = seeded;
  const inD1 = await env.DB.prepare(
    `SELECT
       default_developer_budget, default_budget_version,
       (SELECT count(*) FROM api_keys WHERE organization_id = ?1) AS keys,
       (SELECT policy_version FROM members WHERE id = ?2) AS policy,
       (SELECT count(*) FROM policy_pushes WHERE member_id = ?2) AS waiting
     FROM organizations
     WHERE id = ?1`,
  )
    .bind(organizationId, memberId)
    .first();
  return { inD1, shown: await memberOf(seeded) };
}

beforeAll(async () => {
  seeded = await seedOrganization({ budget: { concurrency: 9 } });
  // Its status stands still: a window from the first use that has not come.
  const period = { ...lasting(1, 'day'), periodAlignment: 'first-use' };
  for (const [path, budget] of [
    [budgetPath(seeded), { usageLimit: '1', maxApiKeys: 9 }],
    [defaultPath(seeded), { usageLimit: '2', ...period }],
  ] as const) {
    expect((await call('PUT', path, seeded.masterKey, budget)).status).toBe(200);
  }
  before = await state();
});

interface Route {
  name: string;
  send: (body: unknown) => Promise<Response>;
  bad: Bad[];
  /** Before the field's name. */
  prefix?: string;
  /** Fields that this route has not. */
  lacks?: string[];
}

const put = (pathOf: (of: Seeded) => string) => (body: unknown) => call('PUT', pathOf(seeded), seeded.masterKey, body);

const makeKey = (body: unknown) => {
  const { projectId, memberId } = seeded;
  return call('POST', keysPath(seeded), seeded.masterKey, { projectId, memberId, name: 'New', limits: body });
};

const simulate = (fields: unknown) => {
  const query = new URLSearchParams({ memberId: seeded.memberId, ...(fields as Record<string, string>) });
  return call('GET', `/orgs/${seeded.organizationId}/budget-simulation?${query}`, seeded.masterKey);
};

const ROUTES: Route[] = [
  { name: "a member's budget", send: put(budgetPath), bad: [...BAD, ...BAD_OF_BUDGETS] },
  { name: 'the developer default', send: put(defaultPath), bad: [...BAD, ...BAD_OF_BUDGETS] },
  { name: 'the limits of a new key', send: makeKey, bad: BAD, prefix: 'limits.', lacks: ['maxApiKeys'] },
  {
    name: 'a budget that is tried out',
    send: simulate,
    bad: [...BAD, ...BAD_OF_BUDGETS].filter(([, fields]) => sameInQuery(fields)),
  },
];

describe.each(ROUTES)('$name', ({ send, bad, prefix = '', lacks = [] }) => {
  it.each(bad)('of %s is a 400 that names the field and changes nothing', async (_, fields, field, message) => {
    const refused = await refusal(await send(fields));
    expect(refused).toMatchObject({ status: 400, code: 'invalid_request_error', param: prefix + field });
    const words = lacks.includes(field) ? `Unknown field: ${prefix}${field}.` : message;
    if (typeof words === 'string') expect(refused.message).toBe(words);
    else expect(refused.message).toMatch(words);
    expect(await state()).toEqual(before);
  });
});

describe.each(ROUTES.slice(0, 2))('$name', ({ send }) => {
  it.each(BAD_JSON)('that is %s is a 400 and changes nothing', async (_, body, param, message) => {
    const refused = await refusal(await send(body));
    expect(refused).toMatchObject({ status: 400, code: 'invalid_request_error', param });
    expect(refused.message).toMatch(message);
    expect(await state()).toEqual(before);
  });

  it.each([1, 3, 1_000_000])(
    'for version %i, which is not its own, is a 409 that names it and changes nothing',
    async (version) => {
      const refused = await refusal(await send({ usageLimit: '0', newCycle: true, version }));
      expect(refused).toMatchObject({ status: 409, code: 'version_conflict', param: 'version' });
      expect(await state()).toEqual(before);
    },
  );
});
