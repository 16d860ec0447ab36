/** Models asked for by their other names: everything here knows them by the canonical one, and their provider by its own. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { memberBudget } from '../../src/objects.ts';
import { type ErrorBody, HELLO, json, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn } from '../teams/management.ts';

/** Chat of OpenAI's and messages of Anthropic's, and what each was asked for. */
function world({ anthropicFails = false } = {}) {
  const sent: string[] = [];
  const EGRESS = {
    fetch: async (url: string, init: RequestInit) => {
      const { model } = JSON.parse(String(init.body)) as { model: string };
      sent.push(model);
      if (url.includes('anthropic') && anthropicFails) return new Response('no', { status: 500 });
      if (url.includes('anthropic')) {
        const content = [{ type: 'text', text: 'one two' }];
        const usage = { input_tokens: 10, output_tokens: 2 };
        return Response.json({
          id: 'm',
          type: 'message',
          role: 'assistant',
          model,
          content,
          stop_reason: 'end_turn',
          stop_sequence: null,
          usage,
        });
      }
      const choices = [{ index: 0, message: { role: 'assistant', content: 'one two' }, finish_reason: 'stop' }];
      const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
      return Response.json({ id: 'c', object: 'chat.completion', created: 1, model, choices, usage });
    },
  };
  const keys = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-ant' };
  const environment = { ...env, ...keys, EGRESS } as unknown as Env;
  const fetching = (apiKey: string, path: string, body?: object) =>
    callIn(
      environment,
      new Request(ORIGIN + path, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
  const ask = (apiKey: string, model: string, path = '/v1/chat/completions') =>
    fetching(apiKey, path, { model, max_tokens: 20, messages: HELLO });
  return { sent, fetching, ask };
}

let seeded: Seeded;
beforeEach(async () => {
  seeded = await seedOrganization({ budget: { usageLimit: '100' } });
});

const rule = (models: object) =>
  call('PATCH', `/orgs/${seeded.organizationId}/keys/${seeded.keyId}`, seeded.masterKey, { rules: { models } });

async function refused(answer: Response) {
  const { error } = await json<ErrorBody>(answer);
  return { status: answer.status, code: error.code, rule: error.metadata.rule };
}

describe('another name of a model', () => {
  it.each([
    ['/v1/chat/completions', 'gpt-5.5-2026-04-23', 'gpt-5.5'],
    ['/v1/chat/completions', 'openai/gpt-5.5-2026-04-23', 'gpt-5.5'],
    ['/v1/messages', 'claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['/v1/messages', 'anthropic/claude-haiku-4-5@20251001', 'claude-haiku-4-5'],
    ['/v1/chat/completions', 'claude-haiku-4.5', 'claude-haiku-4-5'],
  ])('%s: %s is %s in all that is answered, sent and booked', async (path, name, canonical) => {
    const { sent, ask } = world();
    const answer = await ask(seeded.apiKey, name, path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-purser-model')).toBe(canonical);
    expect(await answer.json()).toMatchObject({ model: canonical });
    expect(sent).toEqual([canonical]);
    const { memberId } = seeded;
    await expect
      .poll(async () => {
        await memberBudget(env, memberId, (object) => object.ship({ memberId }));
        return env.DB.prepare('SELECT mapping, canonical_model AS model FROM usage_events WHERE member_id = ?')
          .bind(memberId)
          .first();
      })
      .toMatchObject({ mapping: expect.stringMatching(`/${canonical}$`), model: canonical });
  });

  it('is none where its date is not known: that would be another model', async () => {
    const { sent, ask } = world();
    for (const name of ['gpt-4o-2024-05-13', 'gpt-4o-latest', 'claude-haiku-4-5-20260101', 'azure/gpt-5.5-2026-04-23'])
      expect(await refused(await ask(seeded.apiKey, name))).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(sent).toEqual([]);
  });

  it('is the model itself for rules, whichever name stands in either', async () => {
    const { ask } = world();
    const names = ['gpt-5.5', 'openai/gpt-5.5', 'gpt-5.5-2026-04-23', 'openai/gpt-5.5-2026-04-23'];
    for (const ruled of [...names, 'gpt-5.5-2026-*']) {
      await rule({ deny: [ruled] });
      for (const asked of names) {
        expect([ruled, asked, await refused(await ask(seeded.apiKey, asked))]).toEqual([
          ruled,
          asked,
          { status: 403, code: 'permission_denied', rule: 'models.deny' },
        ]);
      }
      expect((await ask(seeded.apiKey, 'gpt-5.4-mini')).status).toBe(200);
    }
    await rule({ allow: ['openai/gpt-5.5-2026-04-23'] });
    for (const asked of names) expect([asked, (await ask(seeded.apiKey, asked)).status]).toEqual([asked, 200]);
    expect(await refused(await ask(seeded.apiKey, 'gpt-5.4-mini'))).toMatchObject({ rule: 'models.allow' });
  });

  it('is told by GET /v1/models, and shows the model there', async () => {
    const { fetching } = world();
    const shown = async (name: string) => json(await fetching(seeded.apiKey, `/v1/models/${encodeURIComponent(name)}`));
    const known = { id: 'openai/gpt-5.5', canonical_model: 'gpt-5.5', aliases: ['gpt-5.5-2026-04-23'] };
    for (const name of ['openai/gpt-5.5', 'gpt-5.5', 'gpt-5.5-2026-04-23', 'openai/gpt-5.5-2026-04-23'])
      expect(await shown(name)).toMatchObject(known);
    // Rules of one name leave out the model from both.
    await rule({ deny: ['gpt-5.5-2026-04-23'] });
    expect(await shown('gpt-5.5')).toMatchObject({ error: { code: 'model_not_found' } });
  });

  it('may be a fallback of a project', async () => {
    const { sent, ask } = world({ anthropicFails: true });
    const path = `/orgs/${seeded.organizationId}/projects/${seeded.projectId}/routing`;
    const put = await call('PUT', path, seeded.masterKey, { fallbackModels: ['gpt-5.5-2026-04-23'] });
    expect(put.status).toBe(200);
    const answer = await ask(seeded.apiKey, 'claude-haiku-4-5-20251001');
    expect([answer.status, answer.headers.get('x-purser-model')]).toEqual([200, 'gpt-5.5']);
    expect(sent).toEqual(['claude-haiku-4-5', 'gpt-5.5']);
  });
});
