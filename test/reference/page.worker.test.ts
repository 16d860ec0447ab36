/** The page of the reference: all of it is there, and it needs nothing from anywhere else. */
import { exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { ROUTES } from '../support/documented.ts';
import { ORIGIN } from '../support/gateway.ts';

const read = async () => {
  const response = await exports.default.fetch(`${ORIGIN}/docs`);
  return { response, page: await response.text() };
};

it('shows every route of the document, linked from its list, and every schema that it names', async () => {
  const { page } = await read();
  const shown = [...page.matchAll(/<article id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown.filter((id) => !id?.startsWith('schema-'))).toHaveLength(ROUTES.length);
  const links = new Set([...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id));
  expect([...links].sort()).toEqual([...shown].sort());
  expect(page).not.toMatch(/undefined|\[object/);
});

it('loads nothing, and runs nothing but its own script', async () => {
  const { response, page } = await read();
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; /);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/ style="| on\w+="/);
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ] as const) {
    const text = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page)?.[1] ?? '';
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(policy).toContain(`${directive} 'sha256-${hash}'`);
  }
});
