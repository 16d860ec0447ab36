/**
 * What is wrong first with what a schema was to allow, and in which field: told to whoever sent it. A schema of several kinds
 * (a text or a list of texts) says by itself only that it allows none of them; here it says what would have been allowed.
 */
import type { z } from '@hono/zod-openapi';

type Issue = z.core.$ZodIssue;

/** What zod says of a union that no kind of it fits, unless the schema has words of its own. */
const NO_KIND_FITS = 'Invalid input';

/** `field`: its path, as `messages.0.content`; null where it is the whole. */
export function firstProblem(error: z.ZodError): { issue: Issue | undefined; field: string | null } {
  const [first] = error.issues;
  const issue = first && narrowed(first);
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  return { issue, field: path.length === 0 ? null : path.map(String).join('.') };
}

/** Of a union the kind that was meant, which is the one that fits furthest; where several do as little, what they all ask for there. */
function narrowed(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.message !== NO_KIND_FITS) return issue;
  const kinds = issue.errors.flatMap(([first]) => (first ? [narrowed(first)] : []));
  const [furthest] = kinds.toSorted((a, b) => b.path.length - a.path.length);
  if (!furthest) return issue;
  const path = [...issue.path, ...furthest.path];
  const there = kinds.filter((kind) => kind.path.join('.') === furthest.path.join('.'));
  if (there.length === 1) return { ...furthest, path };
  return { ...issue, path, message: `${NO_KIND_FITS}: expected ${[...new Set(there.map(asksFor))].join(' or ')}` };
}

/** From zod's own words: `Invalid input: expected string, received number`, `Invalid option: expected one of "a"|"b"`. */
function asksFor({ message }: Issue): string {
  return message.replace(/^Invalid (input|option): expected (one of )?/, '').replace(/, received .*$/, '');
}
