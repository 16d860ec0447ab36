/**
 * Every kind of secret there is, planted or used in one journey over the real Worker, and then looked for in everything
 * that came out of it: each answer, each line that was logged, each mail, and each byte on the disk (all of D1 and of the
 * objects). Where it may be stands beside it; anywhere else it was leaked.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOperator } from '../../scripts/operator-file.ts';
import { type Server, startServer } from '../../scripts/server.ts';
import { codeOf, secretOf } from '../support/authenticator-app.ts';
import { temporaryDirectory, until } from '../support/purser.ts';
import { type Heard, Visitor } from '../support/visitor.ts';

/** Where a secret may be found. What is not named here it may not be in. */
interface Place {
  /** The answer that shows it, once. */
  answer?: RegExp;
  /** In a mail to whom it belongs. */
  mail?: true;
  /** On the disk as it is, and why. */
  disk?: string;
}

const SHOWN_BY = (asked: string): Place => ({ answer: new RegExp(`^${asked}$`) });
const IN_A_MAIL: Place = { mail: true };
const NOWHERE: Place = {};

const PROVIDER_KEY = 'sk-planted-provider-key-0123456789';
const CLIENT_SECRET = 'planted-client-secret-of-github';
const PASSWORDS = {
  first: 'planted password one',
  changed: 'planted password two',
  reset: 'planted password three',
  wrong: 'planted password that is wrong',
  guest: 'planted password of a guest',
};
const PROMPT = 'planted zanzibar marzipan';

/** A provider that quotes what it was sent, credentials included, in each of its refusals. */
async function startIndiscreet() {
  const server = createServer((request, response) => {
    request.resume();
    const status = Number(/status-(\d+)/.exec(request.url ?? '')?.[1] ?? 400);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `You sent ${request.headers.authorization}`, code: 'no' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, stop: () => server.close() };
}

/** All that Purser wrote, file by file, but for what is there to hold a secret and its owner alone may read. */
function writtenTo(directory: string): Map<string, Buffer> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name));
  const kept = files.filter((file) => !/^(key-secret|operator\.json|outbox\/)/.test(relative(directory, file)));
  return new Map(kept.map((file) => [relative(directory, file), readFileSync(file)]));
}

describe('no secret', () => {
  const dataDir = temporaryDirectory();
  const logged: string[] = [];
  const heard: Heard[] = [];
  let provider: Awaited<ReturnType<typeof startIndiscreet>>;
  let server: Server;

  beforeAll(async () => {
    provider = await startIndiscreet();
    const bindings = {
      OPENAI_API_KEY: PROVIDER_KEY,
      OPENAI_BASE_URL: provider.baseUrl,
      GITHUB_CLIENT_ID: 'client',
      GITHUB_CLIENT_SECRET: CLIENT_SECRET,
    };
    server = await startServer({
      port: 0,
      dataDir,
      bindings,
      crons: false,
      say: (line) => logged.push(line),
      logged: (line) => logged.push(line),
    });
  });

  afterAll(async () => {
    provider?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const secrets = new Map<string, Place>();
  /** Remembers a secret with where it may be, and hands it back. */
  const secret = (text: unknown, where: Place): string => {
    if (typeof text !== 'string' || text.length < 6) throw new Error(`this is no secret: ${text}`);
    secrets.set(text, where);
    return text;
  };

  const mails = () => {
    const outbox = join(dataDir, 'outbox');
    return readdirSync(outbox)
      .toSorted()
      .map((name) => readFileSync(join(outbox, name), 'utf8'));
  };
  /** The token of the nth mail's link. */
  async function tokenOfMail(nth: number): Promise<string> {
    await until(() => {
      try {
        return mails().length >= nth;
      } catch {
        return false;
      }
    }, `mail ${nth}`);
    return secret(/#token=([\w.-]+)/.exec(mails()[nth - 1] ?? '')?.[1], IN_A_MAIL);
  }

  const visitor = () => new Visitor(server.url, (answer) => heard.push(answer));
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  /** The cookie's signed value opens the account, the token within does not. */
  const signedIn = ({ cookies }: Visitor) => {
    const value = decodeURIComponent(cookies.get('purser.session_token') ?? '');
    secret(value, NOWHERE);
    secret(value.split('.')[0], { disk: 'a copy of the table opens nothing without the signature' });
  };

  /** For a request that names a secret itself, in its path, which this test keeps beside the answer. */
  const hush = async (answer: Promise<Heard>) => {
    const { status } = await answer;
    const kept = heard.at(-1);
    if (kept) kept.asked = kept.asked.replace(/(invitations\/|key=)\w+/, '$1...');
    return status;
  };

  it('goes anywhere but where it is meant to', async () => {
    for (const password of Object.values(PASSWORDS)) secret(password, NOWHERE);
    for (const text of [PROVIDER_KEY, CLIENT_SECRET, server.keySecret, PROMPT]) secret(text, NOWHERE);
    const operator = secret(readOperator(dataDir)?.secret, NOWHERE);

    // The first owner: set-up code, confirmation, second factor.
    const ada = visitor();
    const made = await ada.send('POST', '/operator/set-up-code', undefined, bearer(operator));
    const setUpCode = secret(made.body.setUpCode, SHOWN_BY('POST /operator/set-up-code'));
    secret(setUpCode.replaceAll('-', ''), NOWHERE);
    const email = 'ada@example.com';
    const signUp = { email, name: 'Ada', password: PASSWORDS.first, setUpCode };
    await ada.send('POST', '/auth/sign-up', { ...signUp, extra: PASSWORDS.first });
    await ada.send('POST', '/auth/sign-up', { ...signUp, setUpCode: `${setUpCode}x` });
    expect((await ada.send('POST', '/auth/sign-up', signUp)).status).toBe(202);
    const token = await tokenOfMail(1);
    await ada.send('POST', '/auth/sign-up/confirm', { token, password: PASSWORDS.wrong });
    expect((await ada.send('POST', '/auth/sign-up/confirm', { token, password: PASSWORDS.first })).status).toBe(201);
    await ada.send('POST', '/auth/sign-up/confirm', { token, password: PASSWORDS.first });
    signedIn(ada);
    const me = await ada.send('GET', '/me');
    const { organizationId, memberId } = me.body.memberships[0];
    const org = `/orgs/${organizationId}`;
    await ada.send('POST', '/auth/second-factor', { password: PASSWORDS.wrong });
    const begun = await ada.send('POST', '/auth/second-factor', { password: PASSWORDS.first });
    const totp = begun.body as { totpUri: string; backupCodes: string[] };
    const once = SHOWN_BY('POST /auth/second-factor');
    secret(new URL(totp.totpUri).searchParams.get('secret'), once);
    // As the library makes it: text, of which the address has the base32.
    secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(secretOf(totp.totpUri)), NOWHERE);
    for (const code of totp.backupCodes) secret(code, once);
    await ada.send('POST', '/auth/second-factor/confirm', { code: '000000' });
    const confirmed = await ada.send('POST', '/auth/second-factor/confirm', { code: await codeOf(totp.totpUri) });
    expect(confirmed.status).toBe(204);
    signedIn(ada);

    // In and out again, by backup code; the password changed, forgotten and set anew.
    await ada.send('POST', '/auth/sign-out');
    await ada.send('POST', '/auth/sign-in', { email, password: PASSWORDS.wrong });
    await ada.send('POST', '/auth/sign-in', { email, password: PASSWORDS.first });
    await ada.send('POST', '/auth/sign-in/second-factor', { kind: 'backup', code: 'nosuch-code' });
    const backup = { kind: 'backup', code: totp.backupCodes[0] };
    expect((await ada.send('POST', '/auth/sign-in/second-factor', backup)).status).toBe(200);
    signedIn(ada);
    ada.address = '192.0.2.2';
    const renewed = await ada.send('POST', '/auth/second-factor/backup-codes', { password: PASSWORDS.first });
    const again = SHOWN_BY('POST /auth/second-factor/backup-codes');
    for (const code of renewed.body.backupCodes as string[]) secret(code, again);
    const change = { password: PASSWORDS.first, newPassword: PASSWORDS.changed };
    expect((await ada.send('PUT', '/auth/password', change)).status).toBe(204);
    await ada.send('PUT', '/auth/password', change);
    await ada.send('POST', '/auth/password-reset', { email });
    const reset = { token: await tokenOfMail(2), password: PASSWORDS.reset };
    expect((await ada.send('POST', '/auth/password-reset/confirm', reset)).status).toBe(204);
    await ada.send('POST', '/auth/password-reset/confirm', reset);
    await ada.send('POST', '/auth/sign-in', { email, password: PASSWORDS.reset });
    const code = { code: await codeOf(totp.totpUri) };
    expect((await ada.send('POST', '/auth/sign-in/second-factor', code)).status).toBe(200);
    signedIn(ada);

    // Keys: made, used, rolled, misused, deleted.
    const { body: projects } = await ada.send('GET', `${org}/projects`);
    const projectId = projects.projects[0].id;
    const key = (await ada.send('POST', `${org}/keys`, { projectId, name: 'Laptop' })).body;
    const first = secret(key.secret, SHOWN_BY(`POST ${org}/keys`));
    const chat = (presented: string, model: string, more: object = {}, headers = {}) =>
      ada.send(
        'POST',
        '/v1/chat/completions',
        { model, messages: [{ role: 'user', content: PROMPT }], ...more },
        { ...bearer(presented), ...headers },
      );
    for (const headers of [{}, { 'idempotency-key': 'once-and-again' }, { 'idempotency-key': 'once-and-again' }]) {
      expect((await chat(first, 'demo/words', {}, headers)).status).toBe(200);
    }
    expect((await chat(first, 'demo/words', { stream: true })).status).toBe(200);
    for (const stream of [false, true]) expect((await chat(first, 'gpt-4o-mini', { stream })).status).toBe(400);
    expect((await ada.send('GET', '/v1/key', undefined, { 'x-api-key': first })).status).toBe(200);
    expect(await hush(ada.send('GET', `/v1/models?key=${first}`))).toBe(401);
    const rolled = await ada.send('POST', `${org}/keys/${key.id}/roll`);
    const second = secret(rolled.body.secret, SHOWN_BY(`POST ${org}/keys/${key.id}/roll`));
    expect((await chat(first, 'demo/words')).status).toBe(401);
    expect((await chat(second, 'demo/words')).status).toBe(200);
    expect((await chat(`${second}x`, 'demo/words')).status).toBe(401);
    const master = await ada.send('POST', `${org}/master-keys`, { name: 'Script' });
    const masterKey = secret(master.body.secret, SHOWN_BY(`POST ${org}/master-keys`));
    expect((await visitor().send('GET', `${org}/members`, undefined, bearer(masterKey))).status).toBe(200);
    expect((await chat(masterKey, 'demo/words')).status).toBe(401);
    expect((await visitor().send('GET', `${org}/members`, undefined, bearer(second))).status).toBe(401);

    // A guest: invited, invited again, signed up by the link, a member.
    const invitation = await ada.send('POST', `${org}/invitations`, { email: 'guest@example.com', role: 'basic' });
    const dead = await tokenOfMail(3);
    expect((await ada.send('POST', `${org}/invitations/${invitation.body.id}/resend`)).status).toBe(200);
    const invited = await tokenOfMail(4);
    const guest = visitor();
    expect(await hush(guest.send('GET', `/invitations/${dead}`))).toBe(404);
    expect(await hush(guest.send('GET', `/invitations/${invited}`))).toBe(200);
    const join = { email: 'guest@example.com', name: 'Guest', password: PASSWORDS.guest, invitationToken: invited };
    expect((await guest.send('POST', '/auth/sign-up', join)).status).toBe(201);
    signedIn(guest);
    expect(await hush(guest.send('POST', `/invitations/${invited}/accept`))).toBe(201);
    expect(await hush(guest.send('POST', `/invitations/${invited}/accept`))).toBe(400);
    expect(await hush(guest.send('POST', `/invitations/${invited}x/accept`))).toBe(404);

    // Everything that can be read, also by the master key.
    for (const path of [
      org,
      `${org}/members`,
      `${org}/members/${memberId}`,
      `${org}/keys`,
      `${org}/keys/${key.id}`,
      `${org}/master-keys`,
      `${org}/invitations`,
      `${org}/wallet`,
      `${org}/requests`,
      `${org}/requests?format=csv`,
      `${org}/health`,
      `${org}/audit-log?limit=100`,
      `${org}/audit-log?format=jsonl`,
      `${org}/audit-log?format=csv`,
      `${org}/audit-log/verify`,
      '/auth/sessions',
      '/auth/passkeys',
      '/auth/methods',
      '/me',
      '/orgs',
      '/no/such/path',
    ]) {
      await ada.send('GET', path);
      await visitor().send('GET', path, undefined, bearer(masterKey));
    }
    expect((await ada.send('DELETE', `${org}/master-keys/${master.body.id}`)).status).toBe(204);
    expect((await ada.send('DELETE', `${org}/keys/${key.id}`)).status).toBe(204);
    await ada.send('POST', `${org}/rollups`);
    for (const cron of ['* * * * *', '*/5 * * * *', '*/15 * * * *', '7 * * * *']) await server.cron(cron);
    await server.stop();

    const written = writtenTo(dataDir);
    expect([...written.keys()].filter((file) => file.endsWith('.sqlite')).length).toBeGreaterThan(4);
    const posted = mails();
    const found: string[] = [];
    for (const [text, { answer, mail, disk }] of secrets) {
      for (const form of [text, encodeURIComponent(text), Buffer.from(text).toString('base64').replace(/=+$/, '')]) {
        for (const one of heard) {
          if (!answer?.test(one.asked) && `${one.asked} ${one.text} ${one.headers}`.includes(form)) {
            found.push(`${text} in the answer to ${one.asked}`);
          }
        }
        for (const line of logged) if (line.includes(form)) found.push(`${text} in the log: ${line}`);
        for (const one of posted) if (!mail && one.includes(form)) found.push(`${text} in a mail`);
        for (const [file, bytes] of written) {
          if (disk === undefined && bytes.includes(form)) found.push(`${text} in ${file}`);
        }
      }
    }
    expect(found).toEqual([]);

    // What may be somewhere was there: so the places were searched.
    const shown = [...secrets].filter(([, { answer }]) => answer);
    const wasShown = ([text, { answer }]: [string, Place]) =>
      heard.filter((one) => answer?.test(one.asked) && one.text.includes(text)).length;
    expect(shown.map(wasShown).filter((times) => times !== 1)).toEqual([]);
    const mailed = [...secrets].filter(([, { mail }]) => mail).map(([text]) => text);
    expect(mailed.map((text) => posted.filter((one) => one.includes(text)).length)).toEqual(mailed.map(() => 1));
    const onDisk = [...secrets].filter(([, { disk }]) => disk).map(([text]) => text);
    const bytes = Buffer.concat([...written.values()]);
    expect(onDisk.some((text) => bytes.includes(text))).toBe(true);
    const toGateway = heard.filter(({ asked }) => / \/v1\//.test(asked));
    const lines = logged.filter((line) => line.startsWith('{"event":"request",'));
    expect([lines.length, lines.length > 10]).toEqual([toGateway.length, true]);
  });
});
