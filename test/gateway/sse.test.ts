import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appName } from '../../src/gateway/app-name.ts';
import { type Frame, Frames } from '../../src/gateway/sse.ts';
import { LIMITS } from '../../src/limits.ts';

const encoder = new TextEncoder();

describe('frames of an event stream', () => {
  const line = fc.string({ maxLength: 20, unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
  const event = fc.oneof(
    line.map((text) => ({ raw: `data: ${text}\n\n`, data: text })),
    line.map((text) => ({ raw: `data: ${text}\r\n\r\n`, data: text })),
    // No provider mixes ends of lines, unless it wants an event to pass unread.
    line.map((text) => ({ raw: `data: ${text}\n\r\n`, data: text })),
    line.map((text) => ({ raw: `data: ${text}\r\n\n`, data: text })),
    fc.tuple(line, line).map(([a, b]) => ({ raw: `event: x\ndata: ${a}\ndata: ${b}\n\n`, data: `${a}\n${b}` })),
    line.map((text) => ({ raw: `: ${text}\n\n`, data: null })),
  );

  it('keep every byte and read every event, however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), fc.array(fc.nat(400), { maxLength: 10 }), (events, cuts) => {
        const bytes = encoder.encode(events.map(({ raw }) => raw).join(''));
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const frames = new Frames();
        const read = edges.slice(1).flatMap((edge, i) => frames.push(bytes.slice(edges[i], edge)));
        read.push(...frames.end());
        expect(read.map(({ raw }) => raw).join('')).toBe(events.map(({ raw }) => raw).join(''));
        expect(read.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
      }),
    );
  });

  it.each(['\r\r', '\n\r', '\r\n\r'])('end where lines end in %j', (end) => {
    const frames = new Frames();
    const read = [...frames.push(encoder.encode(`data: a${end}data: b${end}`)), ...frames.end()];
    expect(read.map(({ data }) => data)).toEqual(['a', 'b']);
  });

  it('take an event as large as may be, which a picture is, and none that is larger', () => {
    const eventOf = (length: number) => `data: ${'A'.repeat(length - 'data: \n\n'.length)}\n\n`;
    for (const [length, taken] of [
      [LIMITS.streamEventBytesMax, true],
      [LIMITS.streamEventBytesMax + 1, false],
    ] as const) {
      const frames = new Frames();
      const bytes = encoder.encode(eventOf(length));
      const read = () => {
        const found: Frame[] = [];
        for (let at = 0; at < bytes.length - 1; at += 65_536) {
          found.push(...frames.push(bytes.slice(at, Math.min(at + 65_536, bytes.length - 1))));
        }
        // Its last byte comes by itself.
        return [...found, ...frames.push(bytes.slice(-1))];
      };
      if (!taken) expect(read).toThrow(/too large/);
      else expect(read().map(({ raw }) => raw.length)).toEqual([length]);
    }
  });

  it('refuse an event without end', () => {
    const frames = new Frames();
    const piece = encoder.encode('x'.repeat(1024 * 1024));
    const endless = () => {
      for (let sent = 0; sent <= LIMITS.streamEventBytesMax; sent += piece.length) frames.push(piece);
    };
    expect(endless).toThrow(/too large/);
  });
});

describe('the name of an app', () => {
  it.each([
    [{ 'x-title': 'Claude Code', 'x-source': 'other' }, 'claude code'],
    [{ 'x-source': 'My-Script' }, 'my-script'],
    [{ 'http-referer': 'https://app.example.com:8443/x?y' }, 'app.example.com:8443'],
    [{ referer: 'not a url', 'user-agent': 'codex_cli_rs/0.5 (linux)' }, 'codex_cli_rs'],
    [{ 'user-agent': 'OpenAI/JS 6.0' }, 'openai'],
    [{ 'x-title': ' ' }, 'Unknown'],
    [{}, 'Unknown'],
    [{ 'x-title': 'a'.repeat(100) }, 'a'.repeat(64)],
  ])('of %j is %s', (headers, name) => {
    expect(appName(new Headers(headers))).toBe(name);
  });

  it('is never longer than 64 characters, empty, or with control characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
        (title) => {
          const name = appName(new Headers({ 'x-title': title }));
          expect([...name].length).toBeLessThanOrEqual(64);
          expect(name).not.toBe('');
          expect(name).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });
});
