/** `npm start` as a newcomer meets it: ready, served, stopped, killed, started again. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { api, micros, npmStart, temporaryDirectory, until } from '../support/purser.ts';

/** Short lives of holds, so that the end of one need not be waited for two minutes. */
const HOLD_TTL_MS = 1_000;

/** The processes whose command line names `text`, by id. Linux only, where tests run. */
function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return [...children, ...children.flatMap(childrenOf)];
}

describe('npm start', () => {
  const dataDir = temporaryDirectory();
  const port = (baseUrl: string) => new URL(baseUrl).port;

  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const chat = (baseUrl: string, apiKey: string, body: object) =>
    fetch(`${baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'demo/words', messages: [{ role: 'user', content: 'go' }], ...body }),
    });

  it('makes a demo whose books agree, serves its key, and shows the request in the analytics', async () => {
    const { npm, output, demo, exited } = await npmStart(dataDir);
    await until(() => output().includes(`curl ${demo.baseUrl}/v1/chat/completions`), 'the call to try');
    const { health, rollUp, activity } = api({ url: demo.baseUrl }, demo);
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
    const before = (await activity()).totals;

    const response = await chat(demo.baseUrl, demo.apiKey, { demo: { outputTokens: 7 } });
    expect(response.headers.get('x-purser-cost')).toBe('0.000015');
    await response.text();
    await rollUp();
    const after = (await activity()).totals;
    expect(after.requestCount).toBe(before.requestCount + 1);
    expect(micros(after.cost) - micros(before.cost)).toBe(15);

    const processes = [npm.pid ?? 0, ...childrenOf(npm.pid ?? 0)];
    expect(processes.length).toBeGreaterThan(3);
    npm.kill('SIGTERM');
    await exited;
    await until(() => processes.every((pid) => !isAlive(pid)), 'the end of every process');
    await expect(fetch(`${demo.baseUrl}/health`)).rejects.toThrow();
  });

  it('killed under load loses nothing that was settled, and frees every hold in time', async () => {
    const { npm, demo } = await npmStart(dataDir, { HOLD_TTL_MS: String(HOLD_TTL_MS) });
    const before = api({ url: demo.baseUrl }, demo);
    const usageBefore = micros((await before.status()).lifetimeUsage);
    let delivered = 0;
    let asked = 0;
    let killed = false;
    const caller = async (stream: boolean) => {
      while (!killed) {
        asked += 1;
        try {
          const response = await chat(demo.baseUrl, demo.apiKey, { stream, demo: { outputTokens: 10 } });
          const text = await response.text();
          if (response.ok && (!stream || text.endsWith('data: [DONE]\n\n'))) delivered += 1;
        } catch {
          return;
        }
      }
    };
    const long = chat(demo.baseUrl, demo.apiKey, { stream: true, demo: { outputTokens: 1_000, tokensPerSecond: 50 } });
    const load = Promise.all([
      ...Array.from({ length: 8 }, (_, i) => caller(i % 2 === 0)),
      long.then((r) => r.text()).catch(() => ''),
    ]);
    await until(() => delivered >= 50, 'fifty answers');
    const shown = micros((await before.status()).lifetimeUsage) - usageBefore;
    const processes = [npm.pid ?? 0, ...childrenOf(npm.pid ?? 0)];
    for (const pid of processes) process.kill(pid, 'SIGKILL');
    killed = true;
    await load;
    await until(() => processes.every((pid) => !isAlive(pid)), 'the end of every process');

    const again = await npmStart(dataDir, { HOLD_TTL_MS: String(HOLD_TTL_MS) });
    const { status, health, rollUp, activity } = api({ url: again.demo.baseUrl }, again.demo);
    await until(async () => (await status()).held === '0', 'the expiry of every hold', 15_000);
    const spent = micros((await status()).lifetimeUsage) - usageBefore;
    // What a status had shown is settled. Each answer costs 21 micro-dollars; one whose settlement was not written yet, and
    // whose Worker died with the object, is charged at most its hold, or reported as unresolved.
    expect(shown).toBeGreaterThan(0);
    expect(spent).toBeGreaterThanOrEqual(shown);
    expect(spent).toBeLessThanOrEqual(asked * 21 + 1 + 2 * 1_000);
    await rollUp();
    const books = await health();
    expect(books).toMatchObject({ ok: true, difference: '0' });
    expect(spent + micros(books.unresolved)).toBeGreaterThanOrEqual(delivered * 21);
    const rolledUp = (await activity()).totals;
    again.npm.kill('SIGKILL');
    await until(() => processesNaming(`--data ${dataDir}`).length === 0, 'everything to end with npm');

    const third = await npmStart(dataDir);
    expect((await api({ url: third.demo.baseUrl }, third.demo).activity()).totals).toEqual(rolledUp);
    expect(port(third.demo.baseUrl)).not.toBe('0');
    // Ctrl-C in a terminal.
    process.kill(-(third.npm.pid ?? 0), 'SIGINT');
    await until(() => processesNaming(`--data ${dataDir}`).length === 0, 'everything to end after Ctrl-C');
  });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended, but its parent has not asked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
