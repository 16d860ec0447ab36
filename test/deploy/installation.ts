/** A checkout of Purser (its wrangler.toml and migrations) and an account of the fake wrangler, for one test. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { readSource } from '../../scripts/deploy/config.ts';
import { type DeployOptions, deploy } from '../../scripts/deploy/deploy.ts';
import { wranglerAt } from '../../scripts/deploy/wrangler.ts';
import { type Cloud, forgetCalls, openDatabase, readCalls, readCloud, writeCloud } from '../support/fake-wrangler.ts';

export const ACME = { id: 'a'.repeat(32), name: 'Acme' };
export const OTHER = { id: 'b'.repeat(32), name: 'Another' };

/** What each command that changes something begins with, in the order of a first deployment. */
export const CHANGING = [
  'd1 create',
  'd1 migrations',
  'secret bulk',
  'deploy --message',
  'd1 execute DB --remote --json --command INSERT',
];

/** Without its types, once: node would take them away at each of its many starts. */
const programs = mkdtempSync(join(tmpdir(), 'purser-wrangler-'));
const program = join(programs, 'wrangler.mjs');
writeFileSync(program, stripTypeScriptTypes(readFileSync('test/support/fake-wrangler.ts', 'utf8')));

const installations: { remove(): void }[] = [];

afterAll(() => {
  for (const { remove } of installations) remove();
  rmSync(programs, { recursive: true, force: true });
});

/** With nothing in the account; or as another one was left. */
export async function installation(like?: { root: string; folder: string }) {
  const root = mkdtempSync(join(tmpdir(), 'purser-checkout-'));
  const folder = mkdtempSync(join(tmpdir(), 'purser-cloud-'));
  const copy = (from: string, to: string) => cpSync(from, to, { recursive: true });
  if (like) {
    copy(like.root, root);
    copy(like.folder, folder);
  } else {
    for (const part of ['wrangler.toml', 'd1-migrations']) copy(part, join(root, part));
    const nothing = { loggedIn: true, accounts: [ACME], databases: {}, worker: null, url: '', fail: null };
    writeCloud(folder, nothing);
  }

  // What is deployed: of it only /health is asked.
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: true, version: readCloud(folder).worker?.versions.at(-1)?.id }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeCloud(folder, { ...readCloud(folder), url });
  const remove = () => {
    server.close();
    for (const path of [root, folder]) rmSync(path, { recursive: true, force: true });
  };

  const settingsFile = join(root, 'deployment.json');
  let release = 1;

  const made = {
    root,
    folder,
    remove,
    url,
    settingsFile,
    cloud: () => readCloud(folder),
    calls: () => readCalls(folder),
    forgetCalls: () => forgetCalls(folder),
    change(change: (cloud: Cloud) => void) {
      const cloud = readCloud(folder);
      change(cloud);
      writeCloud(folder, cloud);
    },
    database: (name = 'purser') => openDatabase(folder, name),
    /** A row of the table, with anything where it must not be null. */
    insert(table: string, values: Record<string, string> = {}) {
      const db = openDatabase(folder, 'purser');
      const columns = db.prepare(`SELECT name FROM pragma_table_info(?) WHERE "notnull" = 1 OR pk > 0`).all(table);
      const row = { ...Object.fromEntries(columns.map(({ name }) => [String(name), '1'])), ...values };
      const places = Object.keys(row).map(() => '?');
      db.prepare(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${places})`).run(...Object.values(row));
    },
    settings: (content: object) => writeFileSync(settingsFile, JSON.stringify(content)),
    config: () => JSON.parse(readFileSync(join(root, 'wrangler.deployment.json'), 'utf8')),
    /** The commands so far that changed something, as their first words. */
    changes: () =>
      readCalls(folder)
        .map(({ args }) => CHANGING.find((command) => args.join(' ').startsWith(command)))
        .filter((command) => command !== undefined),
    /** A newer code: one more migration, with whatever else is in it. */
    release(sql = 'ALTER TABLE organizations ADD COLUMN later TEXT;') {
      release += 1;
      const name = `99${String(release).padStart(2, '0')}_release.sql`;
      writeFileSync(join(root, 'd1-migrations', name), sql);
      return name;
    },
    /** Runs the deployment; its answer, or what it threw, and all that it said. */
    async deploy(options: Partial<DeployOptions> = {}) {
      const said: string[] = [];
      const env = { PATH: process.env.PATH, ...options.env };
      const outcome = await deploy({
        root,
        settingsFile,
        code: {
          version: `Purser 0.${release}.0 (abc1234)`,
          migrations: readdirSync(join(root, 'd1-migrations'))
            .filter((name) => name.endsWith('.sql'))
            .sort(),
          objectsTags: readSource(root).migrations.map(({ tag }) => tag),
        },
        wrangler: wranglerAt({
          program: [process.execPath, program, folder],
          cwd: root,
          env,
        }),
        say: (line) => said.push(line),
        confirm: async () => true,
        nowMs: Date.UTC(2026, 10, 22),
        dryRun: false,
        newSetUpCode: false,
        newSecrets: false,
        waiting: { waitMsMax: 200, askEveryMs: 20 },
        ...options,
        env,
      }).catch((error: Error) => error);
      const text = outcome instanceof Error ? outcome.message : '';
      return { done: outcome === true, refused: text, said: said.join('\n') };
    },
  };
  installations.push(made);
  return made;
}

/** The code in what was said, as its reader would type it. */
export const setUpCodeIn = (said: string): string | undefined => said.match(/shown this once: ([a-z0-9-]+)/)?.[1];
