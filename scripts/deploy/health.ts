/** Whether the version that was just deployed is the one that answers. */

/** A new address at workers.dev takes up to a minute to be known, a certificate of a domain some minutes. */
const WAIT_MS_MAX = 180_000;
const ASK_EVERY_MS = 2_000;
const ANSWER_MS_MAX = 10_000;

export interface Waiting {
  waitMsMax: number;
  askEveryMs: number;
}

/** Null once the version answers at the address; else the last thing that was wrong. */
export async function waitForVersion(
  url: string,
  versionId: string,
  { waitMsMax, askEveryMs }: Waiting = { waitMsMax: WAIT_MS_MAX, askEveryMs: ASK_EVERY_MS },
): Promise<string | null> {
  const giveUpAt = Date.now() + waitMsMax;
  for (;;) {
    const wrong = await ask(url, versionId);
    if (wrong === null || Date.now() > giveUpAt) return wrong;
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

async function ask(url: string, versionId: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    if (!response.ok) return `it answered ${response.status}`;
    const { version } = (await response.json()) as { version?: string };
    return version === versionId ? null : `the version ${version ?? '(unknown)'} answered`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `it did not answer (${error instanceof Error ? error.message : error}${cause})`;
  }
}
