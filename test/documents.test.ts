/**
 * What the documents point to is there: each link between them (and the heading that it names), and each source file that they call by its name.
 * Whoever moves or renames one hears of the page that still says the old.
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGES = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md']).sort();

const SOURCES = globSync([
  '*.{ts,toml}',
  '{bench,client,durable-objects,scripts,simulator,src,test}/**/*.{ts,tsx,mjs}',
]);

/** As a forge makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function anchorsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function brokenLinks(page: string): string[] {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && (statSync(target).isDirectory() || !anchorsOf(target).includes(anchor));
  });
}

function missingSources(page: string): string[] {
  const names = [...readFileSync(page, 'utf8').matchAll(/`([\w./-]+\.(?:ts|tsx|mjs|toml))`/g)].map(
    ([, name = '']) => name,
  );
  return names.filter((name) => !SOURCES.some((source) => source === name || source.endsWith(`/${name}`)));
}

describe('the documents', () => {
  it('are all found', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md', 'src/dashboard/README.md']));
  });

  it.each(PAGES)('%s: every link leads somewhere', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it.each(PAGES)('%s: every source file that it names is there', (page) => {
    expect(missingSources(page)).toEqual([]);
  });
});
