/** The same Worker with the PDF code loaded at its start, as it would be without pdf.ts. Only documents.ts runs it. */
import { loadFonts } from '../src/billing/documents/fonts.ts';
import { renderDocument } from '../src/billing/documents/render.ts';
import worker from './documents-worker.ts';

export * from './documents-worker.ts';

export default { ...worker, loaded: [renderDocument, loadFonts] };
