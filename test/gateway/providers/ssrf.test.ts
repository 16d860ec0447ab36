import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBaseUrl } from '../../../src/gateway/providers/ssrf.ts';
import { LIMITS } from '../../../src/limits.ts';

const DEPLOYED = { loopback: false, own: 'https://purser.example.com/v1/chat/completions' };
const HERE = { ...DEPLOYED, loopback: true };

const passes = (text: string, rules = DEPLOYED) => 'url' in checkBaseUrl(text, rules);

describe('a base URL that an organization gives', () => {
  it.each([
    ['https://llm.acme.com', 'https://llm.acme.com'],
    ['https://llm.acme.com/', 'https://llm.acme.com'],
    ['https://llm.acme.com/openai/v1/', 'https://llm.acme.com/openai/v1'],
    ['https://LLM.Acme.com:443/v1', 'https://llm.acme.com/v1'],
    ['https://acme.openai.azure.com/openai/v1', 'https://acme.openai.azure.com/openai/v1'],
    ['https://bücher.de/v1', 'https://xn--bcher-kva.de/v1'],
    ['https://llm.acme.xn--p1ai', 'https://llm.acme.xn--p1ai'],
    ['https://8.8.8.8/v1', 'https://8.8.8.8/v1'],
    ['https://[2606:4700:4700::1111]/v1', 'https://[2606:4700:4700::1111]/v1'],
  ])('%s may be called, as %s', (text, url) => {
    expect(checkBaseUrl(text, DEPLOYED)).toEqual({ url });
  });

  it.each([
    // Not https, or no URL at all.
    'http://llm.acme.com',
    'ftp://llm.acme.com',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:alert(1)',
    '//llm.acme.com',
    'llm.acme.com',
    'https:llm.acme.com',
    'https:///llm.acme.com',
    '',
    // Ports of what is not meant for strangers.
    'https://llm.acme.com:8443/v1',
    'https://llm.acme.com:80/v1',
    'https://llm.acme.com:6379',
    'https://8.8.8.8:22',
    // Credentials, queries, what parsers bend.
    'https://user:secret@llm.acme.com',
    'https://user@llm.acme.com',
    'https://@llm.acme.com',
    'https://llm.acme.com@169.254.169.254/',
    'https://llm.acme.com?x=1',
    'https://llm.acme.com/v1?',
    'https://llm.acme.com/v1#x',
    'https://llm.acme.com\\@10.0.0.1',
    'https://10.0.0.1\t',
    ' https://llm.acme.com',
    'https://llm.ac\nme.com',
    // Addresses of the inside.
    'https://0.0.0.0',
    'https://10.1.2.3',
    'https://100.64.0.1',
    'https://100.100.100.200',
    'https://127.0.0.1',
    'https://127.255.255.254',
    'https://168.63.129.16',
    'https://169.254.169.254',
    'https://172.16.0.1',
    'https://172.31.255.255',
    'https://192.0.0.192',
    'https://192.168.1.1',
    'https://198.18.0.1',
    'https://224.0.0.1',
    'https://239.255.255.250',
    'https://255.255.255.255',
    'https://[::]',
    'https://[::1]',
    'https://[fe80::1]',
    'https://[fc00::1]',
    'https://[fd00:ec2::254]',
    'https://[ff02::1]',
    'https://[2001::1]',
    'https://[2001:db8::1]',
    // In disguise.
    'https://2130706433',
    'https://017700000001',
    'https://0x7f000001',
    'https://0x7f.1',
    'https://127.1',
    'https://0177.0.0.1',
    'https://3232235777',
    'https://0',
    'https://127.0.0.1.',
    'https://10.0.0.1../',
    'https://①②⑦.⓪.⓪.①',
    'https://１２７.０.０.１',
    'https://127。0。0。1',
    'https://%31%32%37.0.0.1',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:a9fe:a9fe]',
    'https://[::127.0.0.1]',
    'https://[64:ff9b::169.254.169.254]',
    'https://[64:ff9b:1::a00:1]',
    'https://[2002:7f00:1::]',
    // Names of the inside.
    'https://localhost',
    'https://LOCALHOST.',
    'https://app.localhost',
    'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'https://metadata',
    'https://metadata.google.internal',
    'https://metadata.google.internal.',
    'https://metadata.goog',
    'https://instance-data.ec2.internal',
    'https://router.local',
    'https://db.corp',
    'https://nas.home.arpa',
    'https://1.0.0.127.in-addr.arpa',
    'https://intranet',
    'https://printer.lan',
    'https://a..b.com',
    'https://-a.com',
    'https://kubernetes.default.svc',
    'https://vllm.models.svc.cluster.local/v1',
    'https://vault.service.consul',
    'https://host.docker.internal',
    'https://web.docker',
    'https://API.Models.SVC.',
    'https://vault。service。consul',
    'https://vault．ｓｅｒｖｉｃｅ．consul',
    'https://db｡internal',
    'https://router.ⓛⓞⓒⓐⓛ',
    'https://llm.intranet',
    'https://localhost.localdomain',
    // Ourselves.
    'https://purser.example.com',
    'https://purser.example.com./v1',
    'https://PURSER。example.com/v1',
    'https://purser.someone.workers.dev/v1',
    'https://4f1c2a3b-purser.someone.workers.dev',
    `https://llm.acme.com/${'x'.repeat(LIMITS.baseUrlLengthMax)}`,
  ])('%j may not be called', (text) => {
    const checked = checkBaseUrl(text, DEPLOYED);
    expect(checked).toEqual({ problem: expect.stringMatching(/^baseUrl .+\.$/) });
    // What was given may hold a secret, as in user:secret@.
    expect(JSON.stringify(checked)).not.toContain('secret');
  });

  it.each(['http://localhost:9000/v1', 'http://127.0.0.1:9000', 'https://[::1]:9000', 'http://app.localhost'])(
    '%s may be called where loopback is allowed, and only there',
    (text) => {
      expect(passes(text, HERE)).toBe(true);
      expect(passes(text)).toBe(false);
    },
  );

  it.each([
    ['https://gw.team.workers.dev', 'https://gw.team.workers.dev/v1', false],
    ['https://gw.team.workers.dev', 'https://preview-gw.team.workers.dev', false],
    ['https://preview-gw.team.workers.dev', 'https://gw.team.workers.dev', false],
    ['https://gw.team.workers.dev', 'https://llm.other.workers.dev', true],
    ['https://gw.example.com', 'https://llm.other.workers.dev', true],
    ['https://gw.example.com', 'https://llm.example.com', true],
    ['http://127.0.0.1:8787', 'http://localhost:8787/v1', false],
    ['http://127.0.0.1:8787', 'http://[::1]:8787', false],
    ['http://127.0.0.1:8787', 'http://127.0.0.1:8788', true],
    ['http://localhost', 'http://localhost:80', false],
    ['https://gw.example.com', 'http://localhost:8787', true],
  ])('by way of %s: whether %s may be called is %s', (origin, text, may) => {
    expect(passes(text, { loopback: true, own: `${origin}/v1/messages` })).toBe(may);
  });

  it('knows what this Worker is called', () => {
    expect(/^name = "(.+)"$/m.exec(readFileSync('wrangler.toml', 'utf8'))?.[1]).toBe('purser');
  });

  it('keeps all other rules where loopback is allowed', () => {
    for (const text of ['http://llm.acme.com', 'https://10.0.0.1', 'https://169.254.169.254', 'http://u:p@localhost']) {
      expect([text, passes(text, HERE)]).toEqual([text, false]);
    }
  });
});

const octet = fc.integer({ min: 0, max: 255 });

/** Addresses of private, loopback, link-local, shared and multicast networks. */
const inside = fc.oneof(
  fc.tuple(fc.constant(10), octet, octet, octet),
  fc.tuple(fc.constant(127), octet, octet, octet),
  fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
  fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
  fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
);

const number = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]) => a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
const hex = (value: number) => value.toString(16);

/** Every way to write one IPv4 address that some reader understands. */
const DISGUISES: readonly ((parts: readonly number[]) => string)[] = [
  (parts) => parts.join('.'),
  (parts) => `${parts.join('.')}.`,
  (parts) => String(number(parts)),
  (parts) => `0x${hex(number(parts))}`,
  (parts) => `0${number(parts).toString(8)}`,
  (parts) => parts.map((part) => `0x${hex(part)}`).join('.'),
  (parts) => parts.map((part) => `0${part.toString(8)}`).join('.'),
  ([a = 0, b = 0, c = 0, d = 0]) => `${a}.${b}.${c * 256 + d}`,
  ([a = 0, ...rest]) => `${a}.${number([0, ...rest])}`,
  (parts) => parts.map((part) => [...String(part)].map((digit) => `%3${digit}`).join('')).join('.'),
  (parts) =>
    parts.map((part) => [...String(part)].map((digit) => String.fromCodePoint(0xff10 + +digit)).join('')).join('.'),
  (parts) => `[::ffff:${parts.join('.')}]`,
  (parts) => `[::ffff:${hex(number(parts) >>> 16)}:${hex(number(parts) & 0xffff)}]`,
  (parts) => `[::${parts.join('.')}]`,
  (parts) => `[64:ff9b::${parts.join('.')}]`,
  (parts) => `[2002:${hex(number(parts) >>> 16)}:${hex(number(parts) & 0xffff)}::]`,
];

describe('every disguise', () => {
  it('of every address of the inside is refused', () => {
    fc.assert(
      fc.property(inside, fc.constantFrom(...DISGUISES), (parts, disguise) => {
        expect(passes(`https://${disguise(parts)}/v1`)).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('of IPv6 but global unicast is refused', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const first = groups[0] ?? 0;
        fc.pre(first < 0x2000 || first > 0x3fff);
        expect(passes(`https://[${groups.map(hex).join(':')}]/v1`)).toBe(false);
      }),
    );
  });
});

describe('whatever is given', () => {
  it('is refused with words, or leads where its text says, by https', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string(),
          fc.string().map((text) => `https://${text}`),
        ),
        (text) => {
          const checked = checkBaseUrl(text, DEPLOYED);
          if ('problem' in checked) return;
          const url = new URL(checked.url);
          expect(url.protocol).toBe('https:');
          expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
          expect(url.host).toBe(new URL(text).host);
          // What is stored passes again, unchanged.
          expect(checkBaseUrl(checked.url, DEPLOYED)).toEqual(checked);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
