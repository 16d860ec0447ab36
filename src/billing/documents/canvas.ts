/**
 * One page to draw on, measured in points from its top left corner. It writes a page's operators itself: pdf-lib's drawing
 * enters its font anew into the page's resources for every text.
 */
import {
  beginText,
  concatTransformationMatrix,
  drawObject,
  endText,
  fill,
  type PDFDocument,
  type PDFImage,
  PDFName,
  type PDFOperator,
  popGraphicsState,
  pushGraphicsState,
  rectangle,
  setFillingRgbColor,
  setFontAndSize,
  setTextMatrix,
  showText,
} from 'pdf-lib';
import type { Paper } from './paper.ts';
import type { Typeface, Typefaces } from './typeface.ts';

/** Red, green and blue from 0 to 1. */
export type Colour = readonly [number, number, number];

export interface TextStyle {
  face: Typeface;
  size: number;
  colour: Colour;
}

export class Canvas {
  readonly #operators: PDFOperator[] = [];
  readonly #names: Map<Typeface, PDFName>;
  readonly #page;
  readonly #height: number;

  constructor(pdf: PDFDocument, paper: Paper, faces: Typefaces) {
    this.#page = pdf.addPage([paper.width, paper.height]);
    this.#height = paper.height;
    this.#names = new Map([
      [faces.regular, PDFName.of('Regular')],
      [faces.semiBold, PDFName.of('SemiBold')],
    ]);
    for (const [face, name] of this.#names) this.#page.node.setFontDictionary(name, face.ref);
  }

  /** `text` is what its typeface made drawable. It begins at `x`, or ends there where it is told `end`. */
  text(text: string, x: number, baseline: number, { face, size, colour }: TextStyle, align: 'start' | 'end' = 'start') {
    const left = align === 'start' ? x : x - face.width(text, size);
    this.#operators.push(
      beginText(),
      setFillingRgbColor(...colour),
      setFontAndSize(this.#names.get(face) as PDFName, size),
      setTextMatrix(1, 0, 0, 1, round(left), round(this.#height - baseline)),
      showText(face.encode(text)),
      endText(),
    );
  }

  box(x: number, top: number, width: number, height: number, colour: Colour) {
    this.#operators.push(
      setFillingRgbColor(...colour),
      rectangle(round(x), round(this.#height - top - height), round(width), round(height)),
      fill(),
    );
  }

  image(image: PDFImage, x: number, top: number, width: number, height: number) {
    const name = PDFName.of('Logo');
    this.#page.node.setXObject(name, image.ref);
    this.#operators.push(
      pushGraphicsState(),
      concatTransformationMatrix(round(width), 0, 0, round(height), round(x), round(this.#height - top - height)),
      drawObject(name),
      popGraphicsState(),
    );
  }

  finish() {
    this.#page.pushOperators(...this.#operators);
  }
}

/** A hundredth of a point is finer than any printer's dot, and a short number. */
function round(points: number): number {
  return Math.round(points * 100) / 100;
}
