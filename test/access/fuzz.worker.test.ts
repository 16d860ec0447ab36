/**
 * Any request to any route of the OpenAPI document is answered or refused, and soon: never by a failure of ours, always
 * in the envelope of its protocol, naming the field that is wrong, and without a word of another organization.
 *
 * More of it: `FUZZ_RUNS=500 vitest run --project worker test/access/fuzz`; what failed, again: `FUZZ_SEED=...` as printed.
 */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { Browser } from '../support/browser.ts';
import { ORGANIZATION, type Row } from './access-table.ts';
import { type AnyRequest, anyRequest, fill, SYMBOLS } from './any-request.ts';
import { type Caller, callerIn, type Told } from './callers.ts';
import { OPERATIONS, type Operation } from './document.ts';
import { makeWorld, OUTBOX, type World } from './world.ts';

/** Each test makes many calls, some of which hash a password: patience for a machine that is busy with others. */
vi.setConfig({ testTimeout: 180_000 });

const RUNS = Number(env.FUZZ_RUNS || 15);
const SEED = env.FUZZ_SEED ? { seed: Number(env.FUZZ_SEED) } : {};

/** Far more than anything takes on a busy machine: what takes longer hangs. */
const HANGS_MS = 20_000;

let elsewhere: World;
beforeAll(async () => {
  elsewhere = await makeWorld();
});

/** A 400 that is about the request as a whole names no field. */
const OF_THE_WHOLE =
  /^(The body |Malformed JSON|Name (what|a setting) to change|This is a team already|An organization has at most|You (have|own) |API key limit)/;

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), HANGS_MS);
  });
  return Promise.race([answer, hangs]).finally(() => clearTimeout(timer));
}

/** What a refusal says, in the envelopes of OpenAI, Anthropic and Google. */
interface Refused {
  message: string;
  code: string;
  param: string | null;
}

function refusedIn(route: string, { status, body }: Told): Refused {
  const told = body as { error: Refused & { details: { fieldViolations?: { field: string }[]; reason?: string }[] } };
  const { message, code, param } = told.error;
  const said = { message: expect.stringMatching(/./) };
  const coded = { code: expect.stringMatching(/^[a-z_]+$/), param: param === null ? null : expect.any(String) };
  const type = expect.stringMatching(/_error$/);
  const metadata = expect.any(Object);
  if (/ \/v1\/messages\b/.test(route)) {
    const error = { ...said, ...coded, type: expect.stringMatching(/^([a-z]+_)*error$|^request_too_large$/) };
    expect(body).toEqual({ type: 'error', error, metadata, request_id: expect.any(String) });
    return { message, code, param };
  }
  // Google's clients alone post to a model.
  if (/ \/v1beta\/|^POST \/v1\/models\//.test(route)) {
    const { details } = told.error;
    const named = { status: expect.stringMatching(/^[A-Z_]+$/), details: expect.any(Array) };
    expect(told.error).toEqual({ ...said, ...named, code: status });
    const [field] = details.flatMap(({ fieldViolations = [] }) => fieldViolations);
    return { message, code: details[0]?.reason ?? '', param: field?.field ?? null };
  }
  expect(body).toEqual({ error: { ...said, ...coded, type, metadata } });
  return { message, code, param };
}

function checkSound(route: string, told: Told): void {
  const { status, text } = told;
  expect([status, text]).toEqual([expect.toSatisfy((code: number) => code < 500), text]);
  if (status < 400) return;
  const error = refusedIn(route, told);
  if (status === 400 && error.code === 'invalid_request_error' && error.param === null) {
    expect(error.message).toMatch(OF_THE_WHOLE);
  }
}

const sayNothing = () => undefined;

async function send(
  method: string,
  { path, body, contentType }: AnyRequest,
  caller: Caller,
  world: World,
): Promise<Told> {
  const filled = typeof body === 'string' ? fill(body, world, elsewhere) : (body ?? undefined);
  return caller.send(method, fill(path, world, elsewhere), filled, undefined, { 'content-type': contentType });
}

/** Right requests of a route, out of the walk's table. */
function examplesOf({ route }: Operation) {
  const world = { ids: SYMBOLS };
  const nobody = { who: 'master key', person: null, send: sayNothing, browser: new Browser(OUTBOX.env) };
  const caller = nobody as unknown as Caller;
  return ORGANIZATION.filter((row: Row) => row.route === route).map((row) => ({
    body: row.body?.(world.ids, caller),
    query: row.query?.(world.ids, caller) ?? {},
  }));
}

const TITLED = OPERATIONS.map((operation): [string, Operation] => [operation.route, operation]);

describe.each(TITLED)('%s', (_, operation) => {
  it('answers or refuses whatever is sent', async () => {
    let world = await makeWorld();
    const who = operation.path.startsWith('/v1') ? 'API key' : 'owner';
    const signedIn = () => callerIn(who, world, elsewhere);
    let caller = await signedIn();
    await fc.assert(
      fc.asyncProperty(anyRequest(operation, examplesOf(operation)), async (request) => {
        const told = await within(send(operation.method, request, caller, world));
        checkSound(operation.route, told);
        const names = elsewhere.names.filter((name) => told.text.includes(name));
        expect(names).toEqual([]);
        const tries = /^\/(auth|invitations)\//.test(operation.path);
        if (operation.method === 'GET' || (told.status >= 400 && told.status !== 429 && !tries)) return;
        // It may have used up what it was sent to, or its tries.
        if (told.status < 400) world = await makeWorld();
        caller = await signedIn();
      }),
      { numRuns: RUNS, ...SEED },
    );
  });
});

/** Of what takes a JSON body: what is wrong whatever it is for. */
describe.each(TITLED.filter(([, { body }]) => body !== null))('%s', (route, { method, path }) => {
  it.each<[string, Pick<AnyRequest, 'body' | 'contentType'>, number[], string | null]>([
    ['nothing', { body: '', contentType: 'application/json' }, [400], null],
    ['half of a body', { body: '{"', contentType: 'application/json' }, [400], null],
    ['a list', { body: '[]', contentType: 'application/json' }, [400], null],
    ['a form', { body: 'a=b', contentType: 'application/x-www-form-urlencoded' }, [415], 'Content-Type'],
    [
      'bytes that are no text',
      { body: Uint8Array.of(123, 34, 255, 34, 125), contentType: 'application/json' },
      [400],
      null,
    ],
    [
      'too much',
      { body: `{"name":"${'x'.repeat(LIMITS.apiBodyBytesMax)}"}`, contentType: 'application/json' },
      [413],
      null,
    ],
    ['a field that is not known', { body: '{"nobodyKnows":1}', contentType: 'application/json' }, [400], ''],
  ])('refuses %s', async (what, sent, statuses, param) => {
    const world = await makeWorld();
    const caller = await callerIn('owner', world, elsewhere);
    const filled = path.replace(/\{(\w+)\}/g, (found, name) =>
      name in world.ids ? `<${name}>` : found === '{token}' ? world.invitationToken : 'github',
    );
    const told = await send(method, { path: filled, ...sent }, caller, world);
    checkSound(route, told);
    if (/^POST \/v1(beta)?\//.test(route)) return;
    const { error } = told.body as { error: { param: string | null } };
    expect([what, told.status]).toEqual([what, expect.toBeOneOf(statuses)]);
    if (param === '') expect(error.param).toEqual(expect.any(String));
    else if (param !== null) expect(error.param).toBe(param);
  });
});

describe('any headers', () => {
  const header = oddHeader();
  it.each(['/me', '/orgs', '/orgs/<orgId>', '/v1/key', '/v1/models'])(
    'are answered or refused: GET %s',
    async (path) => {
      const world = await makeWorld();
      const names = [
        'authorization',
        'cookie',
        'origin',
        'x-api-key',
        'x-request-id',
        'user-agent',
        'cf-connecting-ip',
        'accept',
      ];
      await fc.assert(
        fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), header, { maxKeys: 4 }), async (headers) => {
          const caller = await callerIn('stranger', world, elsewhere);
          const told = await within(caller.send('GET', fill(path, world, elsewhere), undefined, undefined, headers));
          checkSound(`GET ${path}`, told);
        }),
        { numRuns: RUNS, ...SEED },
      );
    },
  );
});

/** A header's value, or nearly what would open something. */
function oddHeader(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ maxLength: 40 }).map((text) => text.trim()),
    fc.constantFrom(
      'Bearer ',
      'Bearer psm_',
      'Bearer psr_',
      `Bearer psm_${'0'.repeat(70)}`,
      'purser.session_token=%FF.%FF',
      'purser.session_token=a.b',
    ),
    fc.constantFrom('null', 'x'.repeat(4_000), '::1', '999.999.999.999', 'http://'),
  );
}
