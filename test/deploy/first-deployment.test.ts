/** `npm run deploy` into an account that has nothing, against a wrangler that is a process (test/support/fake-wrangler.ts). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setUpCodeHash } from '../../src/sign-in/set-up-code.ts';
import { ACME, CHANGING, installation, setUpCodeIn } from './installation.ts';

const SECRETS = ['KEY_SECRET', 'PROVIDER_KEY_SECRET'];

describe('a first deployment', () => {
  it('makes database, tables, secrets, Worker and set-up code, and says where it is', async () => {
    const purser = await installation();
    const { done, refused, said } = await purser.deploy();
    expect(refused).toBe('');
    expect(done).toBe(true);
    expect(purser.changes()).toEqual(CHANGING);
    const { databases, worker } = purser.cloud();
    expect(Object.keys(databases)).toEqual(['purser']);
    expect(Object.keys(worker?.secrets ?? {}).sort()).toEqual(SECRETS);
    expect(new Set(Object.values(worker?.secrets ?? {})).size).toBe(2);
    expect(worker?.versions.at(-1)?.message).toBe('Purser 0.1.0 (abc1234)');
    expect(purser.config().d1_databases).toMatchObject([{ binding: 'DB', database_id: databases.purser }]);
    expect(JSON.parse(readFileSync(purser.settingsFile, 'utf8'))).toEqual({ account: ACME.id });

    const code = setUpCodeIn(said);
    const kept = purser.database().prepare('SELECT hash, used_at FROM set_up_codes').all();
    expect(kept).toEqual([{ hash: await setUpCodeHash(code ?? ''), used_at: null }]);
    expect(said.split(code ?? 'none')).toHaveLength(2);
    expect(said).toContain(`Purser is deployed: ${purser.url}`);
    expect(said).not.toContain('rollback');
  });

  it('never has a secret in an argument, the environment, a file or what it says', async () => {
    const purser = await installation();
    const given = 'a secret that the operator keeps in a vault, too';
    const { said } = await purser.deploy({ env: { KEY_SECRET: given } });
    const { worker } = purser.cloud();
    const calls = purser.calls();
    const secrets = Object.values(worker?.secrets ?? {});
    expect(worker?.secrets.KEY_SECRET).toBe(given);
    expect(worker?.secrets.PROVIDER_KEY_SECRET).toMatch(/^[\w-]{43}$/);
    expect(secrets).toHaveLength(2);
    const files = readdirSync(purser.root)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(purser.root, name), 'utf8'));
    const seen = JSON.stringify([calls.map(({ args, env }) => [args, env]), said, files]);
    for (const secret of secrets) expect(seen).not.toContain(secret);
    // They are told to one command only, and the set-up code to none: D1 gets its hash.
    expect(calls.filter(({ stdin }) => stdin !== '').map(({ args }) => args.slice(0, 2).join(' '))).toEqual([
      'secret bulk',
    ]);
    expect(JSON.stringify(calls)).not.toContain(setUpCodeIn(said));
    expect(JSON.stringify(calls)).not.toContain(setUpCodeIn(said)?.replaceAll('-', ''));
  });

  it.each(CHANGING)('that dies at %s, before and after it was done, is whole once it is run again', async (command) => {
    const purser = await installation();
    const dieWhen = (when: 'before' | 'after') =>
      purser.change((cloud) => {
        cloud.fail = { command, when };
      });
    for (const when of ['before', 'after'] as const) {
      dieWhen(when);
      const { done, refused } = await purser.deploy();
      expect(done).toBe(false);
      expect(refused).toContain('run it again');
    }
    const secrets = { ...purser.cloud().worker?.secrets };

    const again = await purser.deploy();
    expect(again.refused).toBe('');
    const { databases, worker } = purser.cloud();
    expect(Object.keys(databases)).toEqual(['purser']);
    // What was put is not made again: something may be sealed with it by now.
    expect(worker?.secrets).toMatchObject(secrets);
    expect(Object.keys(worker?.secrets ?? {}).sort()).toEqual(SECRETS);
    const times = (what: string) => purser.changes().filter((change) => change === what).length;
    expect(times('secret bulk')).toBe(command === 'secret bulk' ? 2 : 1);
    // A code that was made and could not be told is not known to anybody: it is renewed when asked.
    const codeIsLost = command.startsWith('d1 execute');
    if (codeIsLost) expect(again.said).toContain('npm run deploy -- --new-set-up-code');
    const told = codeIsLost ? await purser.deploy({ newSetUpCode: true }) : again;
    const kept = purser.database().prepare('SELECT hash FROM set_up_codes').all();
    expect(kept).toEqual([{ hash: await setUpCodeHash(setUpCodeIn(told.said) ?? '') }]);
  });

  it('changes nothing until it is confirmed', async () => {
    const purser = await installation();
    const { done, said } = await purser.deploy({ confirm: async () => false });
    expect(done).toBe(false);
    expect(said).toContain('1. create the D1 database purser (DB)');
    expect(purser.changes()).toEqual([]);
    expect(existsSync(purser.settingsFile)).toBe(false);
  });

  it('goes by deployment.json: names, further databases, a domain, what is no secret', async () => {
    const purser = await installation();
    purser.settings({
      name: 'llm',
      database: 'llm-main',
      usageDatabases: { USAGE_DB_1: 'llm-usage-1' },
      location: 'weur',
      domain: 'llm.example.com',
      vars: { MAIL_FROM: 'llm@example.com' },
    });
    // Nothing answers at that domain, so that this is where it stops.
    const { refused } = await purser.deploy();
    expect(refused).toContain('https://llm.example.com/health');
    const { databases } = purser.cloud();
    const calls = purser.calls();
    expect(Object.keys(databases)).toEqual(['llm-main', 'llm-usage-1']);
    expect(calls.filter(({ args }) => args[1] === 'create').map(({ args }) => args.slice(3, 5))).toEqual([
      ['--location', 'weur'],
      ['--location', 'weur'],
    ]);
    expect(purser.config()).toMatchObject({
      name: 'llm',
      workers_dev: false,
      routes: [{ pattern: 'llm.example.com', custom_domain: true }],
      vars: { MAIL_FROM: 'llm@example.com' },
      d1_databases: [
        { binding: 'DB', database_id: databases['llm-main'] },
        { binding: 'USAGE_DB_1', database_id: databases['llm-usage-1'] },
      ],
    });
    const migrated = (name: string) => purser.database(name).prepare('SELECT count(*) AS n FROM d1_migrations').get();
    expect(migrated('llm-usage-1')).toEqual(migrated('llm-main'));
    expect(JSON.parse(readFileSync(purser.settingsFile, 'utf8'))).toMatchObject({ account: ACME.id, name: 'llm' });
  });

  it('is rehearsed without an account: only a build is run', async () => {
    const purser = await installation();
    purser.settings({ name: 'unlike', account: 'c'.repeat(32) });
    const { done, said } = await purser.deploy({ dryRun: true });
    expect(done).toBe(true);
    expect(purser.calls().map(({ args }) => args.filter((arg) => /^(deploy|--dry-run)$/.test(arg)))).toEqual([
      ['deploy', '--dry-run'],
    ]);
    for (const command of ['d1 create purser', 'd1 migrations apply DB --remote', 'secret bulk', 'deploy --message'])
      expect(said).toContain(`npx wrangler ${command}`);
    expect(said).toContain('gzip: 1448.39 KiB');
    expect(setUpCodeIn(said)).toBeUndefined();
    expect(readdirSync(purser.root).sort()).toEqual(['d1-migrations', 'deployment.json', 'wrangler.toml']);
  });
});
