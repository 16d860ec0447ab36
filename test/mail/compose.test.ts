/** How mails look, as text, as HTML, and as a file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOutbox } from '../../scripts/outbox.ts';
import { compose } from '../../src/mail/compose.ts';
import { alreadySignedUpMail, confirmAddressMail, resetPasswordMail } from '../../src/sign-in/mails.ts';

const LETTER = {
  to: 'ada@example.com',
  subject: 'Grüße & mehr',
  paragraphs: ['Hello <b>Ada</b>,', 'one & "two".'],
  link: { label: 'Go', url: 'https://purser.test/dashboard/x#token=a&b' },
  note: 'It ends.',
};

describe('a mail', () => {
  it('says the same as text and as HTML, in which nothing of a name is markup', () => {
    const { text, html } = compose(LETTER);
    expect(text).toBe(
      'Hello <b>Ada</b>,\n\none & "two".\n\nGo:\nhttps://purser.test/dashboard/x#token=a&b\n\nIt ends.\n\nPurser\n',
    );
    expect(html).not.toContain('<b>');
    expect(html).toContain('<p>Hello &#60;b&#62;Ada&#60;/b&#62;,</p>');
    expect(html).toContain('<a href="https://purser.test/dashboard/x#token=a&#38;b">Go</a>');
  });

  it.each([
    ['confirm', confirmAddressMail('https://purser.test', 'a@example.com', 'TOKEN')],
    ['reset-password', resetPasswordMail('https://purser.test', 'a@example.com', 'Ada', 'TOKEN')],
    ['sign-in', alreadySignedUpMail('https://purser.test', 'a@example.com', 'Ada')],
  ])('is short, leads to the page %s, and says what to do if it was not expected', (page, { text, subject }) => {
    expect(subject.length).toBeLessThan(60);
    expect(text.split(/\s+/).length).toBeLessThan(90);
    const [link = '', ...more] = text.match(/https:\S+/g) ?? [];
    expect(more).toEqual([]);
    const { pathname, search, hash } = new URL(link);
    // Behind the #, which no browser sends to a server.
    expect([pathname, search, hash]).toEqual([`/dashboard/${page}`, '', page === 'sign-in' ? '' : '#token=TOKEN']);
    expect(text).toMatch(/If (you did not|it was not you)/);
  });

  it('is a file that mail programs open, one each, named in the order they came', () => {
    const directory = mkdtempSync(join(tmpdir(), 'purser-test-'));
    const said: string[] = [];
    const outbox = openOutbox(join(directory, 'outbox'), (line) => said.push(line));
    for (const number of ['1', '2', '3']) outbox.put(compose({ ...LETTER, paragraphs: [number] }));
    const names = readdirSync(join(directory, 'outbox')).toSorted();
    const files = names.map((name) => readFileSync(join(directory, 'outbox', name), 'utf8'));
    rmSync(directory, { recursive: true });
    expect(files.map((file) => /8bit\n\n(\d)\n/.exec(file)?.[1])).toEqual(['1', '2', '3']);
    expect(files[0]).toContain(`Subject: =?UTF-8?B?${Buffer.from(LETTER.subject).toString('base64')}?=\n`);
    expect(files[0]).toMatch(/^Date: .*\nFrom: .*\nTo: ada@example\.com\n/);
    expect(said).toHaveLength(3);
    expect(said.join()).not.toContain('token=');
  });
});
