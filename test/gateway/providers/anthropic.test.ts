import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../src/gateway/providers/anthropic.ts';
import type { Operation } from '../../../src/gateway/providers/provider.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { askedMessages } from '../../support/asked.ts';

const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'anthropic/claude-sonnet-5') as Mapping;

/** What the adapter sends, and what comes of the answer. */
async function sent(
  clientHeaders: Record<string, string>,
  { operation = 'messages', answer = Response.json({}) }: { operation?: Operation; answer?: Response } = {},
) {
  const calls: { url: string; init: RequestInit }[] = [];
  const egress = {
    fetch: async (url: string, init: RequestInit) => {
      calls.push({ url, init });
      return answer;
    },
  };
  const env = { EGRESS: egress, ANTHROPIC_API_KEY: 'sk-ant-1', ANTHROPIC_BASE_URL: 'https://proxy.example/anthropic/' };
  const credential = anthropic.credentialOf(env as unknown as Env);
  if (!credential) throw new Error('the test is set up wrong');
  const response = await anthropic.send({
    env: env as unknown as Env,
    credential,
    mapping,
    operation,
    body: '{}',
    contentType: 'application/json',
    streamed: true,
    clientHeaders: new Headers(clientHeaders),
    signal: new AbortController().signal,
  });
  return { url: calls[0]?.url, headers: calls[0]?.init.headers, redirect: calls[0]?.init.redirect, response };
}

describe('a call', () => {
  it('goes to its place under the base URL, with the key of the deployment alone', async () => {
    const { url, headers, redirect } = await sent({
      authorization: 'Bearer psr_x',
      'x-api-key': 'psr_x',
      'user-agent': 'x',
    });
    expect(url).toBe('https://proxy.example/anthropic/v1/messages');
    expect(headers).toEqual({
      'x-api-key': 'sk-ant-1',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      accept: 'text/event-stream',
    });
    expect(redirect).toBe('manual');
    expect((await sent({}, { operation: 'messages/count_tokens' })).url).toMatch(/\/v1\/messages\/count_tokens$/);
  });

  it('has the version of the client, and its betas that change neither bill nor reach', async () => {
    const betas = [
      'claude-code-20250219',
      'interleaved-thinking-2025-05-14',
      'files-api-2025-04-14',
      'context-1m-2025-08-07',
      'fast-mode-2026-02-01',
      'context-management-2025-06-27',
      'compact-2026-01-12',
      'message-threads-2026-08-12',
      'not-yet-known-2027-01-01',
      'effort',
    ];
    const { headers } = await sent({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': betas.join(', '),
      'anthropic-workspace-id': 'wrkspc_1',
      'anthropic-user-profile-id': 'up_1',
    });
    expect(headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort',
    });
    expect(Object.keys(headers as object)).not.toContain('anthropic-workspace-id');
    expect(Object.keys(headers as object)).not.toContain('anthropic-user-profile-id');
    expect((await sent({ 'anthropic-beta': 'files-api-2025-04-14' })).headers).not.toHaveProperty('anthropic-beta');
  });

  it('never shows the key, also where a refusal quotes it', async () => {
    const answer = Response.json({ error: { message: 'bad key sk-ant-1' } }, { status: 400 });
    expect(await (await sent({}, { answer })).response.text()).not.toContain('sk-ant-1');
  });
});

describe('the bound of an input', () => {
  const bound = (body: object) => {
    const asked = askedMessages({ ...body });
    const bytes = new TextEncoder().encode(JSON.stringify(asked.json)).byteLength;
    const max = anthropic.inputTokensMax(asked, bytes, mapping);
    expect(max).toBeGreaterThanOrEqual(anthropic.inputTokensEstimate(asked));
    return { max, bytes };
  };
  const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });

  it('is more than its bytes', () => {
    const { max, bytes } = bound({ system: 'x'.repeat(1_000), tools: [{ name: 'a', input_schema: {} }] });
    expect(max).toBeGreaterThan(bytes);
  });

  it('counts an image by the largest that it may be, whether linked or embedded', () => {
    const data = 'A'.repeat(1_000_000);
    const linked = bound(user({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } })).max;
    const embedded = bound(user({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })).max;
    for (const tokens of [linked, embedded]) {
      expect(tokens).toBeGreaterThan(4_784);
      expect(tokens).toBeLessThan(7_000);
    }
  });

  it('cannot be told for a PDF, so that the context of the model bounds it', () => {
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' };
    expect(bound(user({ type: 'document', source })).max).toBe(Number.POSITIVE_INFINITY);
    const text = { type: 'text', media_type: 'text/plain', data: 'plain' };
    expect(bound(user({ type: 'document', source: text })).max).toBeLessThan(2_000);
  });

  it('leaves room for what a tool of Anthropic’s own making brings with it', () => {
    const plain = bound({ tools: [{ type: 'custom', name: 'a' }] }).max;
    expect(bound({ tools: [{ type: 'browser_toolset_20260801' }] }).max).toBeGreaterThan(plain + 5_000);
  });
});
