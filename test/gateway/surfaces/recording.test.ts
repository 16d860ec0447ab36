/** How long a recording is, by its bytes and never by its name. Each container's header is written here by its own specification. */
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../../src/gateway/surfaces/recording.ts';
import { speech } from '../../../src/gateway/surfaces/speech.ts';
import { transcriptions } from '../../../src/gateway/surfaces/transcriptions.ts';

const text = (value: string) => [...value].map((letter) => letter.charCodeAt(0));
const big = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
const little = (value: number, bytes: number) => big(value, bytes).reverse();
const zeros = (count: number) => new Array<number>(count).fill(0);

/** 8,000 samples a second of 16 bits. */
const wav = (seconds: number, said = seconds * 16_000) => [
  ...text('RIFF'),
  ...little(36, 4),
  ...text('WAVEfmt '),
  ...little(16, 4),
  ...[...little(1, 2), ...little(1, 2), ...little(8_000, 4), ...little(16_000, 4), ...little(2, 2), ...little(16, 2)],
  ...text('data'),
  ...little(said, 4),
  ...zeros(seconds * 16_000),
];
/** MPEG 2.5, layer III, 8 kbit/s, 8,000 samples a second: frames of 72 bytes and 72 ms. */
const mp3 = (frames: number) => Array.from({ length: frames }, () => [0xff, 0xe3, 0x18, 0xc0, ...zeros(68)]).flat();
const tagged = (sound: number[]) => [...text('ID3'), 4, 0, 0, 0, 0, 1, 0, ...zeros(128), ...sound];
const flac = (seconds: number) => [
  ...[...text('fLaC'), 0, 0, 0, 34, ...zeros(10)],
  // 16,000 a second, one channel, 16 bits.
  ...[...big(16_000 * 16, 3), 0xf0, ...big(seconds * 16_000, 4), ...zeros(16)],
];
const oggPage = (samples: number) => [...text('OggS'), 0, 0, ...little(samples, 8), ...zeros(13)];
const mp4 = (seconds: number) => [
  ...[0, 0, 0, 16, ...text('ftypM4A '), ...zeros(4), 0, 0, 0, 108, ...text('mvhd'), ...zeros(12)],
  ...[...big(1_000, 4), ...big(seconds * 1_000, 4), ...zeros(80)],
];

const file = (bytes: number[], name = 'a.mp3') => new File([new Uint8Array(bytes)], name);

async function measured(recording: File) {
  const body = { model: 'm', file: recording };
  const read = transcriptions.read(body);
  if ('refusal' in read || !transcriptions.measure) throw new Error('not read');
  const asked = await transcriptions.measure(body, read.understood);
  return { most: asked.most({ context: 1_000_000, output: 1 }).audioSecond, about: asked.about.audioSecond };
}

describe('a recording', () => {
  it.each<[string, number[], number]>([
    ['in WAV is as long as its samples', wav(3), 3],
    ['in WAV is so whatever its header says', wav(3, 1), 3],
    ['in MP3 is as long as its frames', mp3(1_000), 72],
    ['in MP3 is so behind its titles, and with garbage between', tagged([...mp3(500), 1, 2, 3, ...mp3(500)]), 72],
    ['in FLAC is as long as it says', flac(3_600), 3_600],
    ['in Opus is as long as its last page', [...oggPage(0), ...oggPage(48_000 * 90)], 90],
    ['in MP4 is as long as its header says', mp4(600), 600],
  ])('%s', (_, bytes, seconds) => {
    expect(readRecording(new Uint8Array(bytes)).seconds).toBeCloseTo(seconds, 5);
  });

  it('says nothing of its length where it is cut, or none', () => {
    for (const whole of [wav(1), flac(9), mp4(9), oggPage(9), mp3(1), text('nothing known')])
      for (let end = 0; end < Math.min(60, whole.length); end++)
        expect(() => readRecording(new Uint8Array(whole.slice(0, end)))).not.toThrow();
    expect(readRecording(new Uint8Array(text('nothing known')))).toEqual({ kind: 'other', seconds: null });
  });

  it('is bounded by what it is, whatever it is called', async () => {
    const unknown = zeros(100_000);
    expect(await measured(file(unknown, 'a.mp3'))).toEqual({ most: 400, about: 400 });
    expect(await measured(file(mp3(1_000), 'a.ogg'))).toEqual({ most: 72, about: 72 });
  });

  it('that speech is answered with is charged as long as it is, and else by the bound', () => {
    const read = speech.read({ model: 'm', input: 'one two', voice: 'v', instructions: 'very slowly' });
    if ('refusal' in read) throw new Error('not read');
    const asked = read.understood;
    const sound = new Uint8Array(mp3(2_000));
    // 144 seconds at 1,250 tokens a minute.
    expect(speech.answer(sound, 'audio/mpeg', asked)?.usage).toMatchObject({ audioOutput: 3_000 });
    expect(speech.answer(new Uint8Array(48_000 * 6), 'audio/pcm', asked)?.usage).toMatchObject({ audioOutput: 125 });
    expect(speech.answer(new Uint8Array(9), 'audio/aac', asked)?.usage).toBeNull();
    expect(asked.about.audioOutput).toBe(asked.most({ context: 1, output: 1 }).audioOutput);
  });

  it('of few bytes is charged as long as it is, and held for at least that', async () => {
    expect(await measured(file(flac(3_600), 'a.wav'))).toEqual({ most: 3_600, about: 3_600 });
  });
});
