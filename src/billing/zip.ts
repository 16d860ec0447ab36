/** Files as a ZIP, made one after the other while it is read, so that one of them at a time is in memory. */
import { Zip, ZipPassThrough } from 'fflate';

export interface ZippedFile {
  name: string;
  /** A day, "2026-11-22": the same files always make the same ZIP. */
  day: string;
  bytes(): Promise<Uint8Array>;
}

/** Nothing is packed: PDFs are already. */
export function zipOf(files: readonly ZippedFile[]): ReadableStream<Uint8Array> {
  const waiting = [...files];
  let zip: Zip;
  return new ReadableStream({
    start(controller) {
      zip = new Zip((error, chunk, isLast) => {
        if (error) return controller.error(error);
        controller.enqueue(chunk);
        if (isLast) controller.close();
      });
    },
    async pull() {
      const file = waiting.shift();
      if (!file) return zip.end();
      const bytes = await file.bytes();
      const entry = new ZipPassThrough(file.name);
      entry.mtime = `${file.day}T00:00:00`;
      zip.add(entry);
      entry.push(bytes, true);
    },
  });
}
