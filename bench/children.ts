/** The processes that a bench forks: what they say first, and how everything that was started is stopped. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The next message of a child; throws where it ends instead. */
export async function messageOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** The last first. One that fails keeps no other from being stopped. */
export async function stopAll(stops: readonly (() => unknown)[]): Promise<void> {
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (error) {
      console.error(`Stopping: ${error}`);
    }
  }
}
