/** The caller's address, as the platform tells it: every other header the caller may have written. Null on one's own machine. */
export function addressOf(request: Request): string | null {
  return request.headers.get('cf-connecting-ip');
}
