/** The operator's backfill over HTTP: begun once, gone on with until it is done, and told by the audit log. */
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { json } from '../support/gateway.ts';
import { callIn, request } from '../teams/management.ts';
import { forgetUsage, NOON, rows, usageEvents } from '../usage/events.ts';

const OPERATOR_SECRET = 'the-operator-of-these-tests-and-nobody-else';
const operated = { ...env, OPERATOR_SECRET } as Env;

const call = (body: object, secret = OPERATOR_SECRET) =>
  callIn(operated, request('POST', '/operator/backfill', secret, body));

beforeEach(forgetUsage);

it('tells how far it is and what was wrong', async () => {
  await shipEvents(env.DB, { memberId: 'mem_ann', organizationId: 'org_a' }, usageEvents(1, 5));
  await rollUp(env.DB, NOON);
  await env.DB.prepare('DELETE FROM usage_totals').run();
  let told = await json(await call({ begin: true, organizationId: 'org_a' }));
  while (told.more) told = await json(await call({ begin: false, organizationId: 'org_a' }));
  expect(told).toEqual({
    more: false,
    organizations: [{ organizationId: 'org_a', factsChanged: 0, totalsChanged: 9, doneUpTo: null, finished: true }],
  });
  expect(await rows("SELECT count(*) AS n FROM audit_entries WHERE action = 'usage.backfilled'")).toEqual([{ n: 1 }]);
  expect((await call({ begin: true, organizationId: 'org_of_nobody' })).status).toBe(404);
  expect((await call({ begin: true, organizationId: null }, 'another')).status).toBe(401);
});
