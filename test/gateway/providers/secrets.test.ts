/** A credential is found in whatever form a provider may quote it, and nothing else is touched. */
import { expect, it } from 'vitest';
import type { Credential } from '../../../src/gateway/providers/provider.ts';
import { withoutSecrets } from '../../../src/gateway/providers/secrets.ts';
import { withoutCredential } from '../../../src/gateway/providers/without-credential.ts';
import { upstreamRefusal } from '../../../src/gateway/upstream-refusal.ts';

const KEY = 'sk-DEPLOY/abc+123.xyz_{7}';
const credential: Credential = { key: KEY, baseUrl: null, settings: {}, of: 'deployment' };

const escaped = [...KEY].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

it.each<[string, string]>([
  ['as it is', KEY],
  ['as a bearer', `Bearer ${KEY}`],
  ['escaped as JSON', escaped],
  ['escaped as JSON, in capitals', escaped.replace(/[\da-f]{4}/g, (hex) => hex.toUpperCase())],
  ['in a JSON within a JSON', JSON.stringify(JSON.stringify({ raw: escaped }))],
  ['with its slash escaped', KEY.replace('/', '\\/')],
  ['as in a URL', encodeURIComponent(KEY)],
  ['in base64', btoa(KEY)],
  ['in base64 behind a name', btoa(`user:${KEY}`)],
  ['in base64 behind a longer one', btoa(`user1:${KEY}@`)],
  ['in base64 behind the longest', btoa(`user12:${KEY}`)],
  ['in base64 for URLs', btoa(`??${KEY}`).replaceAll('+', '-').replaceAll('/', '_')],
])('a key %s is hidden', (_, quoted) => {
  const said = withoutSecrets(`Incorrect API key provided: ${quoted}. Ask.`, credential);
  expect(said).toContain('(hidden)');
  expect(said).toMatch(/^Incorrect API key provided: .* Ask\.$/);
  expect(said).not.toContain('DEPLOY');
  expect(said).not.toContain(quoted);
});

it('hides the private key of a key file, line by line, and what goes with a key of AWS', () => {
  const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
  const pem = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
  const file = JSON.stringify({ client_email: 'a@b.example', private_key: pem });
  expect(withoutSecrets(`bad: ${line}`, { ...credential, key: file })).toBe('bad: (hidden)');
  const aws = {
    ...credential,
    key: 'secret',
    settings: { accessKeyId: 'AKID', sessionToken: 'tok', region: 'eu-west-1' },
  };
  expect(withoutSecrets('AKID tok secret eu-west-1', aws)).toBe('(hidden) (hidden) (hidden) eu-west-1');
});

it('of a refusal whose JSON escapes the key nothing is left once it is read', async () => {
  const body = `{"error":{"message":"Incorrect: ${escaped}","code":"${escaped}"}}`;
  const answered = await withoutCredential(new Response(body, { status: 400 }), credential);
  const refusal = await upstreamRefusal(answered, { provider: 'openai', keyOf: 'deployment', requestId: 'req_1' });
  expect(refusal).toMatchObject({ message: 'Incorrect: (hidden)', code: '(hidden)' });
});

it.each([
  ['30', '30'],
  ['1.5', '1.5'],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT'],
  [KEY, null],
  [`30; ${KEY}`, null],
  ['-1', null],
])('Retry-After: %s is told as %s', async (said, told) => {
  const answer = Response.json({ error: { message: 'slow' } }, { status: 429, headers: { 'retry-after': said } });
  const refusal = await upstreamRefusal(answer, { provider: 'openai', keyOf: 'deployment', requestId: 'req_1' });
  expect(refusal).toMatchObject({ retryAfter: told });
});
