/**
 * Mail on this machine: one file for each in `<data>/outbox`, which any mail program opens. The Worker posts its mails
 * here (src/mail/mail.ts), because there is no file system in workerd.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attachment, Mail } from '../src/mail/mail.ts';

/** Readable by its owner only: the links in there open accounts. */
const MODE = 0o600;

export interface Outbox {
  /** Writes a mail and says where. */
  put(mail: Mail): void;
}

export function openOutbox(directory: string, say: (line: string) => void): Outbox {
  let written = 0;
  return {
    put(mail) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const instant = new Date();
      written += 1;
      // The names sort by time, also within a millisecond.
      const name = `${instant.toISOString().replaceAll(':', '-')}-${String(written).padStart(4, '0')}.eml`;
      writeFileSync(join(directory, name), asFile(mail, instant), { mode: MODE, flag: 'wx' });
      say(`Mail to ${mail.to}: ${mail.subject} (${join(directory, name)})`);
    },
  };
}

function asFile({ to, subject, text, html, attachment }: Mail, instant: Date): string {
  const words = partsOf('multipart/alternative', 'purser-mail', [
    part('text/plain; charset=utf-8', '8bit', text),
    part('text/html; charset=utf-8', '8bit', html),
  ]);
  const all = attachment ? partsOf('multipart/mixed', 'purser-mixed', [words, attached(attachment)]) : words;
  return [
    `Date: ${instant.toUTCString()}`,
    'From: Purser <purser@localhost>',
    `To: ${header(to)}`,
    `Subject: ${header(subject)}`,
    'MIME-Version: 1.0',
    all,
  ].join('\n');
}

function partsOf(type: string, boundary: string, parts: readonly string[]): string {
  const body = parts.map((one) => `--${boundary}\n${one}`).join('\n');
  return `Content-Type: ${type}; boundary="${boundary}"\n\n${body}\n--${boundary}--\n`;
}

function part(type: string, encoding: string, content: string): string {
  return `Content-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n\n${content}`;
}

function attached({ fileName, type, base64 }: Attachment): string {
  const content = base64.replace(/.{76}/g, '$&\n');
  return `Content-Disposition: attachment; filename="${fileName}"\n${part(type, 'base64', content)}`;
}

/** One line of ASCII, as RFC 2047 writes what is neither. */
function header(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}
