/** docs/limits.md is the table of src/limits.ts. After a change there: `npx vitest run --project core test/limits.test.ts -u`. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { WINDOW_VALUE_MAX } from '../src/budgets/windows.ts';
import { LIMITS } from '../src/limits.ts';
import { PLAN_AUDIT_DAYS, PLAN_KEYS_MAX, PLAN_NAMES, PLAN_SEATS, PLANS } from '../src/teams/roles.ts';

/** Each entry of the first table in src/limits.ts, with its why. */
function asked(): { name: string; value: string; why: string }[] {
  const source = readFileSync('src/limits.ts', 'utf8');
  const table = /const ASKED = \{\n([\s\S]*?)\n\} as const;/.exec(source)?.[1] ?? '';
  const entries = [...table.matchAll(/ {2}\/\*\* (.*) \*\/\n {2}(\w+): .*\n?/g)];
  const named = [...table.matchAll(/^ {2}(\w+): /gm)];
  expect(entries.length, 'every limit has its why in one line').toBe(named.length);
  return entries.map(([, why = '', name = '']) => ({ name, why, value: shown(name) }));
}

function shown(name: string): string {
  const value = LIMITS[name as keyof typeof LIMITS];
  if (!name.includes('Bytes')) return value.toLocaleString('en');
  return value < 2 ** 20 ? `${value / 2 ** 10} KB` : `${value / 2 ** 20} MB`;
}

it('docs/limits.md shows every limit on what can be asked for', async () => {
  const rows = asked().map(({ name, value, why }) => `| \`${name}\` | ${value} | ${why} |`);
  const plans = PLANS.map((plan) => {
    const { included, priceUsd } = PLAN_SEATS[plan];
    const seats = included === null ? 'by contract' : `${included}${priceUsd === null ? '' : `, more at $${priceUsd}`}`;
    return `| ${PLAN_NAMES[plan]} | ${seats} | ${PLAN_KEYS_MAX[plan]} | ${PLAN_AUDIT_DAYS[plan]} days |`;
  });
  const page = `# Limits

What can be asked for, as \`src/limits.ts\` has it; a test keeps this page true. What is beyond is a 400 that names the field, a body too large a 413, too
many tries a 429. An amount is at most 1,000,000 USD with at most 9 decimals; a period at most ${Object.entries(
    WINDOW_VALUE_MAX,
  )
    .map(([unit, max]) => `${max.toLocaleString('en')} ${unit}s`)
    .join(', ')}. A query's values are bounded by the URL, which
the platform ends at 16 KB.

| limit | | why |
|---|---|---|
${rows.join('\n')}

| plan | seats | active API keys of an organization | audit log |
|---|---|---|---|
${plans.join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../docs/limits.md');
});
