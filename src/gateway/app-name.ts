/** The program that called, for analytics: x-title, else x-source, else the referer's host, else the user agent's product. */

const LENGTH_MAX = 64;
const UNKNOWN = 'Unknown';

export function appName(headers: Headers): string {
  const candidates = [
    headers.get('x-title'),
    headers.get('x-source'),
    hostOf(headers.get('http-referer') ?? headers.get('referer')),
    headers.get('user-agent')?.split(/[/\s(]/, 1)[0],
  ];
  for (const candidate of candidates) {
    const name = candidate
      ?.replace(/[\p{Cc}\p{Cf}]/gu, '')
      .trim()
      .toLowerCase();
    // Cut by code points: half a surrogate pair would not survive JSON.
    if (name) return [...name].slice(0, LENGTH_MAX).join('');
  }
  return UNKNOWN;
}

function hostOf(referer: string | null): string | undefined {
  if (referer === null) return undefined;
  return URL.parse(referer)?.host;
}
