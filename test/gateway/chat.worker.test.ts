import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { seedOrganization } from '../support/seed.ts';

const chat = (apiKey: string, body: object) =>
  exports.default.fetch('http://purser.test/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'demo/words', messages: [{ role: 'user', content: 'one two' }], ...body }),
  });

describe('a chat completion', () => {
  it('is served, priced by hand, and told in the headers', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await chat(apiKey, { demo: { outputTokens: 3 } });
    expect(await response.clone().json()).toMatchObject({ usage: { prompt_tokens: 2, completion_tokens: 3 } });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-purser-cost')).toBe('0.000008');
    expect(response.headers.get('x-purser-budget-remaining')).toBe('0.999992');
  });

  it('streams and settles', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await chat(apiKey, {
      stream: true,
      stream_options: { include_usage: true },
      demo: { outputTokens: 3 },
    });
    const text = await response.text();
    expect(text).toContain('"cost":"0.000008"');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});
