/** The operator's commands against a running server, as a person types them. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/server.ts';
import { startEmpty } from '../support/purser.ts';

describe('npm run purser', () => {
  let purser: Awaited<ReturnType<typeof startEmpty>>;
  beforeAll(async () => {
    purser = await startEmpty();
  });
  afterAll(() => purser?.stop());

  /** Runs a command; its output, or what it complained of. */
  function run(...args: string[]): Promise<{ ok: boolean; output: string }> {
    return new Promise((resolve) => {
      execFile('npm', ['run', '--silent', 'purser', '--', ...args], { cwd: ROOT }, (error, stdout, stderr) =>
        resolve({ ok: error === null, output: stdout + stderr }),
      );
    });
  }

  it('tops up and refunds a wallet once for an id, and meters an organization', async () => {
    const { organizationId: organization } = await purser.seed();
    const here = ['--organization', organization, '--data', purser.dataDir];
    const wallet = async (...args: string[]) => {
      const { ok, output } = await run(...args, ...here);
      expect(ok, output).toBe(true);
      return JSON.parse(output) as { balance: string };
    };
    for (let i = 0; i < 2; i++) {
      expect((await wallet('wallet-top-up', '--amount', '12.50', '--id', 'a')).balance).toBe('12.50');
    }
    expect((await wallet('wallet-refund', '--amount', '2.5', '--id', 'b')).balance).toBe('10');
    expect(await wallet('metered', '--on')).toMatchObject({ metered: true, applied: 1 });
    const row = await purser.server.db.prepare('SELECT metered FROM organizations WHERE id = ?').bind(organization);
    expect(await row.first('metered')).toBe(1);
  });

  it('sets plan and seats, and gives the first owner a code', async () => {
    const { organizationId: organization } = await purser.seed();
    const here = ['--organization', organization, '--data', purser.dataDir];
    const answer = async (...args: string[]) => {
      const { ok, output } = await run(...args);
      expect(ok, output).toBe(true);
      return JSON.parse(output) as unknown;
    };
    expect(await answer('plan', '--plan', 'pro', ...here)).toMatchObject({ plan: 'pro', applied: 1 });
    expect(await answer('seats', '--seats', '2', ...here)).toMatchObject({ included: 3, bought: 2, left: 5 });
    expect(await answer('seats', '--seats', 'none', ...here)).toMatchObject({ bought: 0 });
    const code = { setUpCode: expect.stringMatching(/^\w{4}(-\w{4}){3}$/) };
    expect(await answer('set-up-code', '--data', purser.dataDir)).toEqual(code);
  });

  it("rebuilds a member's object and tells of a restored D1, both only with --yes", async () => {
    const { organizationId: organization, memberId } = await purser.seed();
    const here = ['--organization', organization, '--data', purser.dataDir];
    const rebuild = ['rebuild', '--member', memberId, ...here];
    const plan = await run(...rebuild);
    expect([plan.ok, plan.output]).toEqual([true, expect.stringContaining('repeat it with --yes')]);
    expect(plan.output).toContain('"rebuilt": false');
    const done = await run(...rebuild, '--yes');
    expect([done.ok, JSON.parse(done.output)]).toEqual([true, expect.objectContaining({ memberId, rebuilt: true })]);
    const told = await run('d1-restored', '--to', new Date().toISOString(), '--yes', ...here);
    expect([told.ok, JSON.parse(told.output)]).toEqual([true, expect.objectContaining({ told: true, entriesLost: 0 })]);
  });

  it("moves an organization's usage to the other database, as far as its old place may be read", async () => {
    const { organizationId: organization, apiKey, masterKey } = await purser.seed();
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'demo/words', messages: [{ role: 'user', content: 'one two' }] });
    const asked = await fetch(`${purser.server.url}/v1/chat/completions`, { method: 'POST', headers, body });
    expect(asked.status).toBe(200);
    const management = { authorization: `Bearer ${masterKey}` };
    const rollups = `${purser.server.url}/orgs/${organization}/rollups`;
    expect((await fetch(rollups, { method: 'POST', headers: management })).status).toBe(200);
    const analytics = async () =>
      (
        await fetch(`${purser.server.url}/analytics/activity?organizationId=${organization}`, { headers: management })
      ).json();
    const { rolledUpTo: _, ...before } = (await analytics()) as { rolledUpTo: string };
    // By the route and not the command, which would wait for minutes until what is left in the old place may go.
    const path = `${purser.server.url}/operator/orgs/${organization}/usage-database`;
    const { secret } = JSON.parse(readFileSync(join(purser.dataDir, 'operator.json'), 'utf8')) as { secret: string };
    const operator = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const move = (database: string) =>
      fetch(path, { method: 'PUT', headers: operator, body: JSON.stringify({ database }) });
    const moved = await move('USAGE_DB_1');
    expect([moved.status, await moved.json()]).toMatchObject([
      202,
      { phase: 'switched', waits: { ms: expect.any(Number) } },
    ]);
    const { rolledUpTo: __, ...after } = (await analytics()) as { rolledUpTo: string };
    expect(after).toEqual(before);
    expect((await move('USAGE_DB_2')).status).toBe(400);
    const there = ['--organization', organization, '--data', purser.dataDir];
    const elsewhere = await run('move-usage', '--to', 'DB', ...there);
    expect([elsewhere.ok, elsewhere.output]).toEqual([false, expect.stringContaining('being moved elsewhere')]);
    const another = await purser.seed();
    const stays = await run(
      'move-usage',
      '--to',
      'DB',
      '--organization',
      another.organizationId,
      '--data',
      purser.dataDir,
    );
    expect([stays.ok, stays.output]).toEqual([true, expect.stringContaining('The usage lies in DB.')]);
  });

  it('lists its commands', async () => {
    const { ok, output } = await run('help');
    expect(ok).toBe(true);
    for (const command of ['set-up-code', 'restore', 'rebuild', 'd1-restored', 'move-usage'])
      expect(output).toContain(`  ${command}`);
  });

  it.each([
    [['rebuild'], '--member'],
    [['d1-restored'], '--to'],
    [['move-usage'], '--to USAGE_DB_1'],
    [['move-usage', '--to', 'NOWHERE'], 'one of DB, USAGE_DB_1'],
    [['d1-restored', '--to', 'yesterday'], 'ISO 8601'],
    [['restore'], 'not deleted'],
    [['wallet-top-up', '--amount', '1', '--id', 'x', '--organization', 'org_nobody'], 'no such organization'],
    [['wallet-top-up', '--amount', '1e3', '--id', 'x'], 'amount must be decimal USD'],
    [['wallet-refund', '--amount', '1'], '--id X'],
    [['wallet-top-up', '--id', 'x'], '--amount'],
    [['metered', '--on', '--off'], 'either --on or --off'],
    [['plan', '--plan', 'gold'], 'plan must be free, pro or enterprise'],
    [['seats', '--seats', 'many'], 'seats must be a whole number'],
    [['seats'], '--seats none'],
    [['give-everything'], 'no command give-everything'],
    [['metered', '--on', '--data', '/nowhere'], 'npm start'],
    [['metered', '--on', '--remote'], 'PURSER_URL'],
  ])('says what is wrong: %s', async (args, complaint) => {
    const { organizationId } = await purser.seed();
    const { ok, output } = await run('--organization', organizationId, '--data', purser.dataDir, ...args);
    expect([ok, output]).toEqual([false, expect.stringContaining(complaint)]);
  });

  it('leaves the secret to be read by its owner only', () => {
    expect(statSync(join(purser.dataDir, 'operator.json')).mode & 0o777).toBe(0o600);
  });
});
