/** All surfaces beside conversations. */
import { embeddings } from './embeddings.ts';
import { imageEdits, imageGenerations } from './images.ts';
import { moderations } from './moderations.ts';
import { ocr } from './ocr.ts';
import { rerank } from './rerank.ts';
import { speech } from './speech.ts';
import type { Surface, SurfaceId } from './surface.ts';
import { transcriptions } from './transcriptions.ts';

export const SURFACES: readonly Surface[] = [
  embeddings,
  moderations,
  rerank,
  imageGenerations,
  imageEdits,
  speech,
  transcriptions,
  ocr,
];

const IDS: ReadonlySet<string> = new Set(SURFACES.map(({ id }) => id));

export function isSurface(operation: string): operation is SurfaceId {
  return IDS.has(operation);
}
