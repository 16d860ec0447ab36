/** How Purser's mails look: a few short paragraphs and at most one link, the same as text and as plain HTML. */
import type { Mail } from './mail.ts';

export interface Letter {
  to: string;
  subject: string;
  paragraphs: string[];
  link?: { label: string; url: string };
  /** Said last and smaller: until when the link works, what to do if the mail was not expected. */
  note?: string;
}

export function compose({ to, subject, paragraphs, link, note }: Letter): Mail {
  const text = [...paragraphs, ...(link ? [`${link.label}:\n${link.url}`] : []), ...(note ? [note] : []), 'Purser'];
  const html = [
    ...paragraphs.map((paragraph) => `<p>${asHtml(paragraph)}</p>`),
    // The address is also shown: some programs make links of their own of what is shown, some show no links at all.
    ...(link
      ? [
          `<p><a href="${asHtml(link.url)}">${asHtml(link.label)}</a></p>`,
          `<p style="font-size:small">${asHtml(link.url)}</p>`,
        ]
      : []),
    ...(note ? [`<p style="font-size:small">${asHtml(note)}</p>`] : []),
    '<p>Purser</p>',
  ];
  const head = `<meta charset="utf-8"><title>${asHtml(subject)}</title>`;
  const page = `<!doctype html><html lang="en"><head>${head}</head><body>\n${html.join('\n')}\n</body></html>\n`;
  return { to, subject, text: `${text.join('\n\n')}\n`, html: page };
}

function asHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
