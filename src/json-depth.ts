/**
 * How deep JSON is nested, told from its text before it is parsed: what reads a body goes into it by recursion, and some thousand
 * levels, which are a few KB, would end its stack. Most texts have too few brackets for that, and in others most is text within
 * strings: either is found natively, in microseconds for 100 KB. At worst, of many small fields, it takes less than parsing does.
 */
import { LIMITS } from './limits.ts';

export const TOO_DEEP = `The body is nested deeper than ${LIMITS.jsonDepthMax} levels.`;

const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Of what is no JSON, whatever: that is for the parser to say. */
export function isTooDeep(text: string, levelsMax: number = LIMITS.jsonDepthMax): boolean {
  if (openings(text, levelsMax) <= levelsMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === LIST || code === OBJECT) {
      depth += 1;
      if (depth > levelsMax) return true;
    } else if (code === LIST_END || code === OBJECT_END) depth -= 1;
  }
  return false;
}

/** How many brackets open in a text, wherever they stand; more than `enough` are not counted. */
function openings(text: string, enough: number): number {
  let count = 0;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at !== -1 && count <= enough; at = text.indexOf(bracket, at + 1)) count += 1;
  }
  return count;
}

/** Where the quote stands that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    // Behind an odd number of backslashes it is a part of the string.
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}
