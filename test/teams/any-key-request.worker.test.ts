/** Any request at all to change keys, projects and rules, and to list them: taken or refused, and never a failure of ours. */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, keysPath, refusal } from './management.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '\u0000', '\ud800', '*', '10.0.0.0/8', '::', 'demo/*', '5', 'me'),
);
const value = fc.oneof(fc.jsonValue(), text, fc.constantFrom(null, 0, -1, 1e308, true, [], {}));

const listed = fc.oneof(value, fc.array(text, { maxLength: 3 }));
const lists = fc.oneof(value, fc.record({ allow: listed, deny: listed }, { requiredKeys: [] }));
const rules = fc.oneof(
  value,
  fc.record(
    {
      models: lists,
      providers: lists,
      endpoints: lists,
      ips: lists,
      maxInputPrice: fc.oneof(value, fc.constantFrom('0', '1.5')),
    },
    { requiredKeys: [] },
  ),
);
const keyChange = fc.record(
  {
    name: value,
    status: fc.oneof(value, fc.constantFrom('active', 'disabled')),
    expiresAt: fc.oneof(value, fc.constantFrom('2999-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z')),
    limits: value,
    rules,
  },
  { requiredKeys: [] },
);
const projectChange = fc.record({ name: value, archived: fc.oneof(value, fc.boolean()) }, { requiredKeys: [] });

let seeded: Seeded;
beforeAll(async () => {
  seeded = await seedOrganization();
});

/** Statuses seen, so that it was not all refusals. */
async function sound(response: Response, seen: Set<number>): Promise<void> {
  seen.add(response.status);
  if (response.ok) await response.text();
  else await refusal(response);
  expect(response.status).toBeLessThan(500);
}

it('to change a key is taken or refused', async () => {
  const seen = new Set<number>();
  const path = `${keysPath(seeded)}/${seeded.keyId}`;
  await fc.assert(
    fc.asyncProperty(keyChange, async (change) => {
      await sound(await call('PATCH', path, seeded.masterKey, JSON.stringify(change)), seen);
    }),
    // Chance alone may refuse them all.
    { numRuns: 200, examples: [[{ name: 'Taken' }], [{ name: 5 }]] },
  );
  expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
});

it('to make or change a project is taken or refused', async () => {
  const seen = new Set<number>();
  const path = `/orgs/${seeded.organizationId}/projects`;
  await fc.assert(
    fc.asyncProperty(projectChange, async (change) => {
      await sound(await call('POST', path, seeded.masterKey, JSON.stringify(change)), seen);
      await sound(await call('PATCH', `${path}/${seeded.projectId}`, seeded.masterKey, JSON.stringify(change)), seen);
    }),
    { numRuns: 100, examples: [[{ name: 'Taken' }], [{ name: 5 }]] },
  );
  expect([...seen]).toEqual(expect.arrayContaining([200, 201, 400]));
});

it('to make a master key is taken or refused', async () => {
  const { send } = await person(seeded.organizationId, 'owner');
  await fc.assert(
    fc.asyncProperty(value, async (name) => {
      const { status } = await send('POST', `/orgs/${seeded.organizationId}/master-keys`, { name });
      expect([201, 400]).toContain(status);
    }),
    { numRuns: 40 },
  );
});

it.each(['keys', 'projects', 'master-keys'])('to list %s is answered or refused', async (what) => {
  const names = ['limit', 'cursor', 'q', 'sort', 'memberId', 'projectId', 'archived'];
  const query = fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(text, fc.constantFrom('-name', 'true', '5'))), {
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(query, text, async (pairs, id) => {
      const path = `/orgs/${seeded.organizationId}/${what}`;
      await sound(await call('GET', `${path}?${new URLSearchParams(pairs)}`, seeded.masterKey), new Set());
      const segment = encodeURIComponent(id.toWellFormed()).replaceAll('.', '%2E');
      if (segment !== '') await sound(await call('DELETE', `${path}/${segment}`, seeded.masterKey), new Set());
    }),
    { numRuns: 60 },
  );
});
