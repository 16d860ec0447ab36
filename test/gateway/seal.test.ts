import { describe, expect, it } from 'vitest';
import { Seal } from '../../src/gateway/replay/seal.ts';

const answer = () => ({
  status: 200,
  headers: new Headers({
    'content-type': 'application/json',
    'x-purser-cost': '0.01',
    'x-request-id': 'req_1',
    'x-purser-budget-remaining': '0.99',
  }),
  body: new TextEncoder().encode('{"the":"answer"}\n\nwith lines'),
});

const request = (path = '/v1/chat/completions', method = 'POST') =>
  new Request(`http://purser.test${path}`, { method });
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a seal', () => {
  it('gives back what it closed, without what only the first request was about', async () => {
    const seal = await Seal.of('psr_one');
    const opened = await (await Seal.of('psr_one')).open(await seal.close(answer()));
    expect(opened.status).toBe(200);
    expect(opened.body).toEqual(answer().body);
    expect([...opened.headers]).toEqual([
      ['content-type', 'application/json'],
      ['x-purser-cost', '0.01'],
    ]);
  });

  it('never closes the same answer to the same bytes, and shows none of it', async () => {
    const seal = await Seal.of('psr_one');
    const [one, other] = [await seal.close(answer()), await seal.close(answer())];
    expect(one).not.toEqual(other);
    expect(new TextDecoder('latin1').decode(one)).not.toMatch(/answer|content-type/);
  });

  it('is opened by no other API key, nor once a bit of it has changed', async () => {
    const seal = await Seal.of('psr_one');
    const sealed = await seal.close(answer());
    await expect((await Seal.of('psr_two')).open(sealed)).rejects.toThrow();
    for (const at of [0, 12, sealed.length - 1]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(seal.open(changed)).rejects.toThrow();
    }
  });

  it('tells requests apart by method, path, query and body, and API keys always', async () => {
    const seal = await Seal.of('psr_one');
    const prints = await Promise.all([
      seal.fingerprintOf(request(), bytes('a')),
      seal.fingerprintOf(request(), bytes('b')),
      seal.fingerprintOf(request('/v1/embeddings'), bytes('a')),
      seal.fingerprintOf(request('/v1/chat/completions?alt=sse'), bytes('a')),
      seal.fingerprintOf(request('/v1/chat/completions', 'PUT'), bytes('a')),
      (await Seal.of('psr_two')).fingerprintOf(request(), bytes('a')),
    ]);
    expect(new Set(prints).size).toBe(prints.length);
    expect(await seal.fingerprintOf(request(), bytes('a'))).toBe(prints[0]);
    expect(await seal.nameOf('k')).not.toBe(await (await Seal.of('psr_two')).nameOf('k'));
  });

  it('knows a form again whatever separates its parts, and by nothing else', async () => {
    const seal = await Seal.of('psr_one');
    const form = (boundary: string, content: string) => {
      const headers = { 'content-type': `multipart/form-data; boundary="${boundary}"` };
      const body = bytes(`--${boundary}\r\n\r\n${content}\r\n--${boundary}--`);
      return seal.fingerprintOf(new Request('http://purser.test', { method: 'POST', headers }), body);
    };
    expect(await form('one', 'content')).toBe(await form('two', 'content'));
    expect(await form('one', 'content')).not.toBe(await form('one', 'other'));
  });
});
