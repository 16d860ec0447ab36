/** `npm run deploy` over a Purser that runs: what it does, and whom it refuses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ACME, installation, OTHER, setUpCodeIn } from './installation.ts';

let deployed: Awaited<ReturnType<typeof installation>>;

beforeAll(async () => {
  deployed = await installation();
  await deployed.deploy();
  deployed.insert('members', { role: 'owner', user_id: 'usr_1' });
  deployed.forgetCalls();
});

/** One that is deployed and has an owner. */
const running = () => installation(deployed);

describe('an upgrade', () => {
  it('notes where to go back to, migrates, deploys, and says how to roll back', async () => {
    const purser = await running();
    const { worker: before } = purser.cloud();
    const migration = purser.release();
    const { refused, said } = await purser.deploy();
    expect(refused).toBe('');
    const { worker } = purser.cloud();
    const calls = purser.calls();
    const commands = calls.map(({ args }) => args.slice(0, 2).join(' '));
    const changing = ['d1 time-travel', 'd1 migrations', 'deploy --message', 'secret bulk', 'd1 create'];
    expect(commands.filter((command) => changing.includes(command))).toEqual([
      'd1 time-travel',
      'd1 migrations',
      'deploy --message',
    ]);
    expect(worker?.secrets).toEqual(before?.secrets);
    expect(said).toContain(`apply 1 migration to purser: ${migration}`);
    expect(said).toContain('Purser 0.2.0 (abc1234), over Purser 0.1.0 (abc1234)');
    expect(said).toContain(`npx wrangler rollback ${before?.versions.at(-1)?.id}`);
    expect(said).toContain('npx wrangler d1 time-travel restore DB --bookmark=00000085-');
    expect(setUpCodeIn(said)).toBeUndefined();
  });

  it('of code alone touches neither tables nor secrets', async () => {
    const purser = await running();
    await purser.deploy();
    expect(purser.changes()).toEqual(['deploy --message']);
  });

  it('dies at a migration: the code of before goes on, and the next run applies it', async () => {
    const purser = await running();
    const versions = purser.cloud().worker?.versions.length;
    const migration = purser.release();
    purser.change((cloud) => {
      cloud.fail = { command: 'd1 migrations', when: 'before' };
    });
    const died = await purser.deploy();
    expect(died.refused).toContain('stopped at step 2');
    expect(died.refused).toContain('--bookmark=00000085-');
    expect(purser.cloud().worker?.versions).toHaveLength(versions ?? 0);
    expect((await purser.deploy()).done).toBe(true);
    const applied = purser.database().prepare('SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1').get();
    expect(applied).toEqual({ name: migration });
  });

  it('makes a secret that has come to be needed, and leaves the others', async () => {
    const purser = await running();
    const keySecret = purser.cloud().worker?.secrets.KEY_SECRET;
    purser.change(({ worker }) => {
      delete worker?.secrets.PROVIDER_KEY_SECRET;
    });
    const { said } = await purser.deploy();
    expect(said).toContain('make the secrets PROVIDER_KEY_SECRET\n');
    const { secrets } = purser.cloud().worker ?? {};
    expect(secrets?.KEY_SECRET).toBe(keySecret);
    expect(secrets?.PROVIDER_KEY_SECRET).toHaveLength(43);
  });

  it('that does not answer as the new version says how to return', async () => {
    const purser = await running();
    const old = purser.cloud().worker?.versions.at(-1)?.id;
    purser.change((cloud) => {
      cloud.url = 'http://127.0.0.1:9';
    });
    const { refused } = await purser.deploy();
    expect(refused).toContain('http://127.0.0.1:9/health: it did not answer');
    expect(refused).toContain(`npx wrangler rollback ${old}`);
  });

  it('says which settings it takes away', async () => {
    const purser = await running();
    purser.settings({ vars: { MAIL_FROM: 'llm@example.com' } });
    await purser.deploy();
    purser.settings({});
    const { said } = await purser.deploy({ confirm: async () => false });
    expect(said).toContain('not in deployment.json: MAIL_FROM.');
  });

  it('knows what runs though a secret was put since, which makes a version without a message', async () => {
    const purser = await running();
    purser.change(({ worker }) => {
      const last = worker?.versions.at(-1);
      if (last) worker?.versions.push({ id: 'by-secret', bindings: last.bindings });
    });
    const { said } = await purser.deploy();
    expect(said).toContain('over another version (by-secret)');
    expect(said).toContain('npx wrangler rollback by-secret');
  });
});

describe('nothing is changed where', () => {
  it('the database is ahead of the code', async () => {
    const purser = await running();
    purser.database().exec("INSERT INTO d1_migrations (name) VALUES ('0099_of_next_year.sql')");
    const { refused } = await purser.deploy();
    expect(refused).toContain('ahead of this code: it has had 0099_of_next_year.sql');
    expect(purser.changes()).toEqual([]);
  });

  it('the object classes are ahead of the code', async () => {
    const purser = await running();
    purser.change(({ worker }) => {
      const last = worker?.versions.at(-1);
      if (last) last.objectsTag = 'of-next-year';
    });
    expect((await purser.deploy()).refused).toContain('at of-next-year, which wrangler.toml does not have');
    expect(purser.changes()).toEqual([]);
  });

  it('the login has another account than the one deployed to', async () => {
    const purser = await running();
    purser.change((cloud) => {
      cloud.accounts = [OTHER];
    });
    const { refused } = await purser.deploy();
    expect(refused).toContain(`in the account ${ACME.id}, which this login does not have`);
    expect(refused).toContain('Another');
    purser.change((cloud) => {
      cloud.accounts = [ACME, OTHER];
    });
    const named = await purser.deploy({ env: { CLOUDFLARE_ACCOUNT_ID: OTHER.id } });
    expect(named.refused).toContain(`but this deployment is in ${ACME.id}`);
    expect(purser.changes()).toEqual([]);
  });

  it('nobody has said which of several accounts', async () => {
    const purser = await installation();
    purser.change((cloud) => {
      cloud.accounts = [ACME, OTHER];
    });
    expect((await purser.deploy()).refused).toContain('export CLOUDFLARE_ACCOUNT_ID=');
    expect(purser.changes()).toEqual([]);
    expect((await purser.deploy({ env: { CLOUDFLARE_ACCOUNT_ID: OTHER.id } })).done).toBe(true);
    expect(purser.config().account_id).toBe(OTHER.id);
  });

  it('nobody is logged in', async () => {
    const purser = await installation();
    purser.change((cloud) => {
      cloud.loggedIn = false;
    });
    const { refused } = await purser.deploy();
    expect(refused).toContain('npx wrangler login');
    expect(refused).toContain('CLOUDFLARE_API_TOKEN');
  });

  it('a secret is lost that rows were made under, until it is given or given up', async () => {
    const purser = await running();
    purser.insert('api_keys');
    purser.change(({ worker }) => {
      delete worker?.secrets.KEY_SECRET;
    });
    const { refused } = await purser.deploy();
    expect(refused).toContain('has no KEY_SECRET');
    expect(refused).toContain('every API key and every session ends');
    expect(purser.changes()).toEqual([]);
    const short = await purser.deploy({ env: { KEY_SECRET: 'short' } });
    expect(short.refused).toContain('too short');
    expect(purser.cloud().worker?.secrets.KEY_SECRET).toBeUndefined();
    expect((await purser.deploy({ newSecrets: true })).done).toBe(true);
    expect(purser.cloud().worker?.secrets.KEY_SECRET).toHaveLength(43);
  });

  it('deployment.json is not that of this deployment: it lacks a database in which usage lies', async () => {
    const purser = await running();
    purser.insert('organizations', { usage_database: 'USAGE_DB_1' });
    expect((await purser.deploy()).refused).toContain('lies in USAGE_DB_1, which deployment.json does not have');
    expect(purser.changes()).toEqual([]);
  });

  it("a Worker or a database of that name is another program's", async () => {
    const purser = await installation();
    purser.change((cloud) => {
      cloud.worker = { secrets: { SOMETHING: 'x' }, versions: [{ id: 'v', message: 'shop', bindings: ['CARTS'] }] };
    });
    expect((await purser.deploy()).refused).toContain("it may be another program's");
    purser.change((cloud) => {
      cloud.worker = null;
      cloud.databases = { purser: 'some-id' };
    });
    purser.database().exec('CREATE TABLE carts (id TEXT)');
    expect((await purser.deploy()).refused).toContain('has tables (carts, ...) that no Purser made');
    expect(purser.changes()).toEqual([]);
  });

  it.each([
    [{ vars: { OPENAI_API_KEY: 'sk-x' } }, 'npx wrangler secret put OPENAI_API_KEY'],
    [{ vars: { KEY_SECRET: 'x' } }, 'npx wrangler secret put KEY_SECRET'],
    [{ vars: { ALLOW_LOOPBACK_UPSTREAMS: '1' } }, 'for development only'],
    [{ domian: 'llm.example.com' }, 'domian'],
    [{ usageDatabases: { USAGE_DB_1: 'purser' } }, 'Two databases have one name'],
  ])('deployment.json says %j', async (content, why) => {
    const purser = await installation();
    purser.settings(content);
    expect((await purser.deploy()).refused).toContain(why);
    expect(purser.changes()).toEqual([]);
  });
});
