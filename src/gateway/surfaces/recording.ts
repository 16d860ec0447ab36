/**
 * How long a recording is, by what its bytes say and never by its name: what a provider tells no usage of is charged by it. MP3 and
 * PCM are counted through; of the others the container is believed. Null where it does not say.
 */
export interface Recording {
  kind: 'mp3' | 'other';
  seconds: number | null;
}

export function readRecording(bytes: Uint8Array): Recording {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = afterTag(view);
  if (textAt(view, start, 4) === 'RIFF') return { kind: 'other', seconds: secondsOfWav(view, start) };
  if (textAt(view, start, 4) === 'fLaC') return { kind: 'other', seconds: secondsOfFlac(view, start) };
  if (textAt(view, start, 4) === 'OggS') return { kind: 'other', seconds: secondsOfOgg(bytes, view) };
  if (textAt(view, start + 4, 4) === 'ftyp') return { kind: 'other', seconds: secondsOfMp4(bytes, view) };
  if (mp3Frame(view, start)) return { kind: 'mp3', seconds: secondsOfMp3(view, start) };
  return { kind: 'other', seconds: null };
}

function textAt(view: DataView, at: number, length: number): string {
  if (at + length > view.byteLength) return '';
  return String.fromCharCode(...Array.from({ length }, (_, i) => view.getUint8(at + i)));
}

/** Titles and pictures that may stand before the sound (ID3v2). */
function afterTag(view: DataView): number {
  if (textAt(view, 0, 3) !== 'ID3' || view.byteLength < 10) return 0;
  const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (view.getUint8(at) & 0x7f), 0);
  return size + 10;
}

/** By the samples that are there, whatever the header says of their number. Only sound that is not compressed. */
function secondsOfWav(view: DataView, start: number): number | null {
  let bytesPerSecond = 0;
  for (let at = start + 12; at + 8 <= view.byteLength; ) {
    const [name, size] = [textAt(view, at, 4), view.getUint32(at + 4, true)];
    if (name === 'fmt ' && at + 24 <= view.byteLength) {
      const format = view.getUint16(at + 8, true);
      const frame = (view.getUint16(at + 10, true) * view.getUint16(at + 22, true)) / 8;
      // PCM as integers or floats, A-law and mu-law, and PCM in its extended form.
      if ([1, 3, 6, 7, 0xfffe].includes(format)) bytesPerSecond = frame * view.getUint32(at + 12, true);
    }
    if (name === 'data') return bytesPerSecond > 0 ? (view.byteLength - at - 8) / bytesPerSecond : null;
    at += 8 + size + (size % 2);
  }
  return null;
}

/** STREAMINFO: 20 bits of the rate, and 36 of the number of samples. */
function secondsOfFlac(view: DataView, start: number): number | null {
  if (start + 26 > view.byteLength) return null;
  const high = view.getUint32(start + 18);
  const samples = (high % 16) * 2 ** 32 + view.getUint32(start + 22);
  return quotient(samples, high >>> 12);
}

/** The position of the last page, in samples: of Opus always 48,000 a second. */
function secondsOfOgg(bytes: Uint8Array, view: DataView): number | null {
  const last = lastIndexOf(bytes, 'OggS');
  if (last < 0 || last + 14 > view.byteLength) return null;
  const samples = view.getUint32(last + 10, true) * 2 ** 32 + view.getUint32(last + 6, true);
  const vorbis = indexOf(bytes, '\x01vorbis', 256);
  const rate = vorbis >= 0 && vorbis + 16 <= view.byteLength ? view.getUint32(vorbis + 12, true) : 48_000;
  return quotient(samples, rate);
}

/** The header of the whole film, wherever it stands; of one in fragments it says nothing. */
function secondsOfMp4(bytes: Uint8Array, view: DataView): number | null {
  const at = lastIndexOf(bytes, 'mvhd');
  if (at < 0 || at + 36 > view.byteLength) return null;
  const isLong = view.getUint8(at + 4) === 1;
  const units = isLong ? Number(view.getBigUint64(at + 28)) : view.getUint32(at + 20);
  return quotient(units, view.getUint32(at + (isLong ? 24 : 16)));
}

function quotient(units: number, perSecond: number): number | null {
  return units > 0 && perSecond > 0 ? units / perSecond : null;
}

/** In kbit/s, by the number in a frame's header: layer II and III of MPEG 1, and both of MPEG 2. */
const MPEG1_LAYER2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const MPEG1_LAYER3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES = [44_100, 48_000, 32_000];

function mp3Frame(view: DataView, at: number): { bytes: number; seconds: number } | null {
  if (at + 4 > view.byteLength) return null;
  const header = view.getUint32(at);
  const version = (header >>> 19) & 3;
  const layer = (header >>> 17) & 3;
  const rate = RATES[(header >>> 10) & 3];
  if (header >>> 21 !== 0x7ff || version === 1 || (layer !== 1 && layer !== 2) || rate === undefined) return null;
  const isMpeg1 = version === 3;
  const table = isMpeg1 ? (layer === 1 ? MPEG1_LAYER3 : MPEG1_LAYER2) : MPEG2;
  const bitrate = table[(header >>> 12) & 15];
  if (!bitrate) return null;
  const samplesPerSecond = rate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const samples = !isMpeg1 && layer === 1 ? 576 : 1_152;
  const padding = (header >>> 9) & 1;
  const bytes = Math.floor((samples * bitrate * 125) / samplesPerSecond) + padding;
  return { bytes, seconds: samples / samplesPerSecond };
}

function secondsOfMp3(view: DataView, start: number): number {
  let seconds = 0;
  for (let at = start; at < view.byteLength; ) {
    const frame = mp3Frame(view, at);
    seconds += frame?.seconds ?? 0;
    at += frame?.bytes ?? 1;
  }
  // Without what thousands of sums have left behind.
  return Math.round(seconds * 1_000_000) / 1_000_000;
}

function indexOf(bytes: Uint8Array, text: string, within: number): number {
  for (let at = 0; at < Math.min(within, bytes.length); at++) if (startsAt(bytes, at, text)) return at;
  return -1;
}

function lastIndexOf(bytes: Uint8Array, text: string): number {
  for (let at = bytes.length - text.length; at >= 0; at--) if (startsAt(bytes, at, text)) return at;
  return -1;
}

function startsAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
