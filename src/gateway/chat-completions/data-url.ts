/** Bytes within a request, as `data:image/png;base64,...`. */
import { isBase64, standardBase64 } from '../base64.ts';
import type { Source } from '../neutral.ts';

/** Null where it is neither a web address nor base64 in a data URL. */
export function readSource(url: string): Source | null {
  if (/^https?:\/\//i.test(url)) return { kind: 'url', url, mediaType: null };
  const comma = url.indexOf(',');
  // Searched by hand: the data may be megabytes, of which a pattern would make copies.
  const head = /^data:([^;,]+)(?:;[^;,]*)*;base64$/i.exec(url.slice(0, comma));
  if (comma < 0 || !head?.[1]) return null;
  const data = url.slice(comma + 1);
  return isBase64(data) ? { kind: 'data', mediaType: head[1].toLowerCase(), data: standardBase64(data) } : null;
}

export function writeSource(source: Source): string {
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
}
