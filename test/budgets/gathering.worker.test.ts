/** Settlements that wait to be written together, in a real object. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/deadlines.ts';
import { admit } from '../../src/gateway/admission.ts';
import { LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { checkKey } from '../../src/teams/keys.ts';
import { ABOUT } from '../support/about.ts';
import { seedOrganization } from '../support/seed.ts';

it('a release waits for others to be written with, and not for the row of a young hold, which is due much later', async () => {
  const { apiKey } = await seedOrganization();
  const caller = await checkKey(apiKey, env.KEY_SECRET);
  if (!caller) throw new Error('the seeded key is not one');
  const held = async () => {
    const request = new Request('https://purser.example/v1/chat/completions');
    const context = { env, ctx: createExecutionContext(), deadlines: new Deadlines(), request };
    const admission = await admit(context, caller, ABOUT, { amount: nanos(100), otherwise: null });
    if ('refusal' in admission) throw new Error(admission.refusal.kind);
    return admission.admitted.hold;
  };
  const young = await held();
  const other = await held();
  const startedAtMs = Date.now();
  expect(await other.release()).toBe(true);
  expect(Date.now() - startedAtMs).toBeLessThan(LIMITS.youngHoldMsMax / 2);
  await young.release();
});
