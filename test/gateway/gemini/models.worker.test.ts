/** GET /v1beta/models, and /v1/models for who sends Google's header: in Google's shape, a page at a time, and no model that the key may not use. */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { GoogleModel, GoogleModelList } from '../../../src/gateway/gemini/models-route.ts';
import { DEMO_MAPPINGS } from '../../../src/local/demo-provider.ts';
import { storedRules } from '../../../src/teams/rules-body.ts';
import { json, ORIGIN } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

type List = z.infer<typeof GoogleModelList>;

async function start(rules: Record<string, unknown> = {}) {
  const { apiKey, keyId } = await seedOrganization();
  const stored = JSON.stringify({ ...storedRules(null), ...rules });
  await env.DB.prepare('UPDATE api_keys SET rules = ? WHERE id = ?').bind(stored, keyId).run();
  return (path: string, headers: Record<string, string> = {}) =>
    exports.default.fetch(ORIGIN + path, { headers: { 'x-goog-api-key': apiKey, ...headers } });
}

const IDS = DEMO_MAPPINGS.map(({ id }) => `models/${id}`);

// Some of its clients call the one, some the other.
describe.each(['/v1beta', '/v1'])('the list of models under %s', (base) => {
  it('tells each with its limits and the methods by which it can be called', async () => {
    const ask = await start();
    const list = await json<List>(await ask(`${base}/models`));
    expect(GoogleModelList.strict().parse(list)).toEqual(list);
    expect(list.models.map(({ name }) => name)).toEqual(IDS);
    expect(list).not.toHaveProperty('nextPageToken');
    const methods = Object.fromEntries(list.models.map((model) => [model.name, model.supportedGenerationMethods]));
    expect(methods['models/demo/words']).toEqual(['generateContent', 'streamGenerateContent', 'countTokens']);
    expect(methods['models/demo/embed']).toEqual(['embedContent', 'batchEmbedContents']);
    expect(methods['models/demo/rerank']).toEqual([]);
    const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words');
    const shown = await json<z.infer<typeof GoogleModel>>(await ask(`${base}/models/demo/words`));
    expect(GoogleModel.strict().parse(shown)).toMatchObject({
      name: 'models/demo/words',
      displayName: words?.canonicalModel,
      inputTokenLimit: words?.contextTokens,
      outputTokenLimit: words?.maxOutputTokens,
    });
    expect(list.models).toContainEqual(shown);
  });

  it('comes in pages of the size that is asked, all together the whole', async () => {
    const ask = await start();
    const names: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ pageSize: '3', ...(token && { pageToken: token }) });
      const { models, nextPageToken } = await json<List>(await ask(`${base}/models?${query}`));
      expect(models.length).toBeLessThanOrEqual(3);
      names.push(...models.map(({ name }) => name));
      token = nextPageToken;
    } while (token !== undefined);
    expect(names).toEqual(IDS);
  });

  it('has what the rules of the key admit, and one model is there where they do', async () => {
    const ask = await start({ models: { allow: null, deny: ['demo/words'] } });
    const { models } = await json<List>(await ask(`${base}/models`));
    expect(models.map(({ name }) => name)).toEqual(IDS.filter((name) => name !== 'models/demo/words'));
    const hidden = await ask(`${base}/models/demo/words`);
    expect([hidden.status, await json(hidden)]).toMatchObject([404, { error: { code: 404, status: 'NOT_FOUND' } }]);
  });

  it.each([
    ['pageSize=some', 'pageSize'],
    ['pageSize=-1', 'pageSize'],
    ['pageToken=gone', 'pageToken'],
  ])('?%s is a 400 in the form of Google that names it', async (query, field) => {
    const answer = await (await start())(`${base}/models?${query}`);
    const told = await json<{ error: { status: string; details: object[] } }>(answer);
    expect([answer.status, told.error.status]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(told.error.details).toContainEqual(
      expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] }),
    );
  });

  it('is not given without a key that is one', async () => {
    const answer = await (await start())(`${base}/models`, { 'x-goog-api-key': 'none' });
    expect([answer.status, await json(answer)]).toMatchObject([401, { error: { status: 'UNAUTHENTICATED' } }]);
  });
});
