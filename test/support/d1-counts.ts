/** Counts what a Worker's D1 is asked: put around the client from outside, in tests and benches. Nothing of it is in the product. */

export interface D1Counts {
  /** Each statement of a batch is one. */
  statements: number;
  /** As SQLite tells them, and Cloudflare bills them. */
  rowsRead: number;
  rowsWritten: number;
  /** Milliseconds in SQLite, as D1 tells them. */
  sqlMs: number;
}

export const NO_D1_COUNTS: D1Counts = { statements: 0, rowsRead: 0, rowsWritten: 0, sqlMs: 0 };

type Send = (...args: unknown[]) => Promise<unknown>;
type Answer = { meta?: { rows_read?: number; rows_written?: number; duration?: number } };

/** From now on `add` is told of everything that any session of this database is answered. Gives back what undoes that. */
export function countD1(db: D1Database, add: (counts: D1Counts) => void): () => void {
  const session = Object.getPrototypeOf(db.withSession()) as { _sendOrThrow?: Send };
  const send = session._sendOrThrow;
  if (!send) throw new Error('this D1 client has no _sendOrThrow to count at');
  session._sendOrThrow = async function (...args) {
    const answer = await send.apply(this, args);
    for (const { meta } of [answer].flat() as Answer[]) {
      const { rows_read: rowsRead = 0, rows_written: rowsWritten = 0, duration: sqlMs = 0 } = meta ?? {};
      add({ statements: 1, rowsRead, rowsWritten, sqlMs });
    }
    return answer;
  };
  return () => {
    session._sendOrThrow = send;
  };
}
