/** The reference: complete, true to its own schemas, and true to what is served. */
import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { localRouter } from '../../src/local/routes.ts';
import { ErrorBody } from '../../src/reference/route.ts';
import { UNDOCUMENTED } from '../access/own-table.ts';
import { documented, REFERENCE, ROUTES } from '../support/documented.ts';
import { chat, get, json, ORIGIN, post } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

interface Content {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Operation {
  summary?: string;
  tags?: string[];
  security?: object[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { $ref?: string; description?: string; content?: Record<string, Content> }>;
}

type JsonSchema = Record<string, unknown> & {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  type?: string | string[];
};

/** Texts, lists and numbers without an end. */
function unboundedIn(schema: JsonSchema, at: string): string[] {
  const { $ref, properties = {}, items, anyOf = [], allOf = [] } = schema;
  if (typeof $ref === 'string') {
    const named = REFERENCE.components.schemas?.[$ref.split('/').at(-1) ?? ''] as JsonSchema;
    return unboundedIn(named, at);
  }
  const types = [schema.type].flat();
  const bounds = ['enum', 'const', 'format', 'pattern', 'maxLength', 'maxItems', 'maximum'];
  const isEndless = types.some((type) => ['string', 'integer', 'number', 'array'].includes(type ?? ''));
  return [
    ...(isEndless && !bounds.some((bound) => bound in schema) ? [at] : []),
    ...Object.entries(properties).flatMap(([name, each]) => unboundedIn(each, `${at}.${name}`)),
    ...[...anyOf, ...allOf, ...(items ? [items] : [])].flatMap((each) => unboundedIn(each, at)),
  ];
}

const OPERATIONS = ROUTES.map((route) => {
  const methods = REFERENCE.paths?.[route.path] as unknown as Record<string, Operation>;
  const operation = methods[route.method];
  if (!operation) throw new Error(`${route.method} ${route.path} is not in the document`);
  return { name: `${route.method.toUpperCase()} ${route.path}`, route, operation };
});

describe('the reference', () => {
  it('tells of every route that is served', () => {
    const app = createApp({ mappings: [], providers: [], routers: [localRouter] });
    const undocumented = new Set(UNDOCUMENTED.map(({ route }) => route));
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/operator/'))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
      .filter((name) => !undocumented.has(name));
    expect([...new Set(served)].sort()).toEqual(OPERATIONS.map(({ name }) => name).sort());
  });

  it('tells of each route what it is for, whom it lets in, what it answers and what it refuses with', () => {
    const known = new Set(REFERENCE.tags?.map(({ name }) => name));
    for (const { name, operation } of OPERATIONS) {
      expect(operation.summary, name).toMatch(/^[A-Z'][^.]{3,110}$/);
      expect(known, name).toContain(operation.tags?.[0]);
      expect(operation.security?.length, name).toBeGreaterThan(0);
      const statuses = Object.keys(operation.responses);
      expect(
        statuses.filter((status) => status < '400'),
        name,
      ).not.toEqual([]);
      expect(statuses, name).toContain('500');
      for (const [status, { $ref, description }] of Object.entries(operation.responses)) {
        expect($ref ?? description, `${name} ${status}`).toMatch(/./);
      }
    }
  });

  it('has an example of every body, which its own schema allows', () => {
    for (const { name, route, operation } of OPERATIONS) {
      const asked = operation.requestBody?.content['application/json'];
      const body = route.request?.body?.content['application/json'];
      expect(asked === undefined, name).toBe(body === undefined);
      if (asked && body)
        expect(body.schema.safeParse(asked.example), `${name} ${JSON.stringify(asked.example)}`).toMatchObject({
          success: true,
        });
      for (const [status, answer] of Object.entries(operation.responses)) {
        const shown = answer.content?.['application/json'];
        if (!shown) continue;
        const schema = route.responses[status]?.content?.['application/json']?.schema;
        const values = shown.examples ? Object.values(shown.examples).map(({ value }) => value) : [shown.example];
        for (const value of values)
          expect([name, status, schema?.safeParse(value)]).toEqual([name, status, { success: true, data: value }]);
      }
    }
  });

  it('lets be null what may be null, and asks nothing to be two things at once', () => {
    expect(REFERENCE.components.schemas?.Member).toMatchObject({
      properties: { status: { anyOf: [{ $ref: '#/components/schemas/MemberStatus' }, { type: 'null' }] } },
    });
    expect(JSON.stringify(REFERENCE)).not.toMatch(/"allOf":\[\{"\$ref":"[^"]+"\},\{"type":\[/);
  });

  it('bounds everything that a body of the management API may hold', () => {
    const unbounded: string[] = [];
    for (const { name, operation } of OPERATIONS) {
      const schema = operation.requestBody?.content['application/json']?.schema as JsonSchema | undefined;
      if (schema && !/ \/v1(beta)?\//.test(name)) unbounded.push(...unboundedIn(schema, name));
    }
    // Versions are only compared.
    expect(unbounded.filter((at) => !at.endsWith('.version'))).toEqual([]);
  });

  it('has every refusal that it names, each with an example in the one shape of errors', () => {
    const responses = REFERENCE.components?.responses as unknown as Record<
      string,
      { content: Record<string, Content> }
    >;
    const named = OPERATIONS.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ $ref }) => $ref ?? []),
    );
    expect(new Set(named)).toEqual(new Set(Object.keys(responses).map((name) => `#/components/responses/${name}`)));
    for (const { content } of Object.values(responses)) {
      expect(ErrorBody.safeParse(content['application/json']?.example).success).toBe(true);
    }
  });

  it('is served as JSON', async () => {
    const response = await exports.default.fetch(`${ORIGIN}/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    const document = await json<typeof REFERENCE>(response);
    expect(Object.keys(document.paths ?? {}).sort()).toEqual(Object.keys(REFERENCE.paths ?? {}).sort());
  });
});

describe('the gateway', () => {
  it('answers and refuses as the reference says', async () => {
    const { apiKey } = await seedOrganization({ keyLimits: { usageLimit: '0.00001' } });
    const check = async (answer: Promise<Response>) =>
      (await documented('POST', `${ORIGIN}/v1/chat/completions`, await answer)).status;
    // `get` holds its answers against the reference by itself.
    expect((await get('/v1/key', apiKey)).status).toBe(200);
    expect((await get('/v1/models', apiKey)).status).toBe(200);
    expect((await get('/v1/models/demo/words', apiKey)).status).toBe(200);
    expect((await get('/v1/models/demo/none', apiKey)).status).toBe(404);
    expect((await get('/v1/key', 'psr_none')).status).toBe(401);
    expect(await check(chat(apiKey, { demo: { outputTokens: 1 } }))).toBe(200);
    expect(await check(post(apiKey, '{'))).toBe(400);
    expect(await check(chat(apiKey, { max_tokens: 10_000 }))).toBe(403);
  });
});
