/** Signing in to a started Purser: the demo's people, and the first owner of an empty one, with mails as files. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { npmRun, npmStart, temporaryDirectory, until } from '../support/purser.ts';
import { Visitor } from '../support/visitor.ts';

const PASSWORD = 'correct horse battery';

/** A browser that visits one origin. */
function browserAt(origin: string) {
  const visitor = new Visitor(origin);
  return (method: string, path: string, body?: object) => visitor.send(method, path, body);
}

describe('npm start', () => {
  const dataDir = temporaryDirectory();
  const outbox = join(dataDir, 'outbox');
  const mails = () => readdirSync(outbox).map((name) => join(outbox, name));

  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('has a sign-in for each role of the demo', async () => {
    const { npm, demo, exited, output } = await npmStart(dataDir);
    expect(output()).not.toContain('set-up code');
    expect(demo.signIns.map(({ role }) => role)).toEqual(['owner', 'admin', 'finance', 'developer', 'basic']);
    for (const { role, email, password } of demo.signIns) {
      const browser = browserAt(demo.baseUrl);
      expect(await browser('POST', '/auth/sign-in', { email, password })).toMatchObject({ status: 200 });
      const { memberships } = (await browser('GET', '/me')).body;
      expect(memberships).toContainEqual(expect.objectContaining({ organizationId: demo.organizationId, role }));
      const members = await browser('GET', `/orgs/${demo.organizationId}/members`);
      const names = (members.body.members as { role: string }[]).map((member) => member.role);
      if (['owner', 'admin', 'finance'].includes(role)) expect(names.length).toBeGreaterThan(1);
      else expect(names).toEqual([role]);
    }
    npm.kill('SIGTERM');
    await exited;
  });

  it('--no-demo tells the set-up code once, with which the first owner signs up by mail', async () => {
    const first = await npmRun(dataDir, ['--fresh', '--no-demo']);
    await until(() => first.output().includes('not shown again'), 'the set-up code');
    const setUpCode = /set-up code, .* is ([\w-]+)\./.exec(first.output())?.[1];
    const url = /ready at (\S+)/.exec(first.output())?.[1] ?? '';
    const browser = browserAt(url);
    const signUp = { email: 'ada@example.com', name: 'Ada Løvelace', password: PASSWORD, setUpCode };
    expect(await browser('POST', '/auth/sign-up', signUp)).toMatchObject({ status: 202, body: { next: 'email' } });

    await until(() => first.output().includes('Mail to ada@example.com: Confirm your e-mail address'), 'the mail');
    const [file = '', ...more] = mails();
    expect(more).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const mail = readFileSync(file, 'utf8');
    const token = /\/dashboard\/confirm#token=(\w+)\n/.exec(mail)?.[1];
    expect(mail).toContain(`${url}/dashboard/confirm#token=${token}`);
    // Who reads along in the terminal learns no way in.
    expect(first.output()).not.toContain(token);

    expect((await browser('POST', '/auth/sign-up/confirm', { token, password: PASSWORD })).status).toBe(201);
    const { memberships } = (await browser('GET', '/me')).body;
    expect(memberships).toEqual([expect.objectContaining({ name: "Ada Løvelace's team", role: 'owner' })]);
    first.npm.kill('SIGTERM');
    await first.exited;

    const second = await npmRun(dataDir, ['--no-demo']);
    const again = browserAt(/ready at (\S+)/.exec(second.output())?.[1] ?? '');
    const signIn = { email: 'ada@example.com', password: PASSWORD };
    expect((await again('POST', '/auth/sign-in', signIn)).status).toBe(200);
    expect(second.output()).not.toContain('set-up code');
    second.npm.kill('SIGTERM');
    await second.exited;
  });
});
