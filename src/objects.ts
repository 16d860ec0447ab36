/**
 * How the Worker calls its objects: a new stub for each attempt, retries only where the platform says the call may be
 * repeated, never into an overloaded object, and an end after which the caller stops waiting.
 */
import type { MemberBudget } from '../durable-objects/member-budget.ts';
import type { OrgWallet } from '../durable-objects/org-wallet.ts';
import { LIMITS } from './limits.ts';

/**
 * The object's methods as a caller sees them. The platform's own stub type splits every union in an answer into a union
 * of promises, which nothing can await precisely; over the wire it is the same methods with the same plain answers.
 */
type MemberStub = Omit<MemberBudget, keyof DurableObject | 'alarm'>;
type WalletStub = Omit<OrgWallet, keyof DurableObject>;

interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
}

/** The call did not answer in time. It may still have taken effect. */
class ObjectTimeout extends Error {}

/**
 * Calls a member's object. `call` may run several times, so it must be idempotent.
 * Throws what the object threw, or ObjectTimeout.
 */
export function memberBudget<T>(
  env: Env,
  memberId: string,
  call: (object: MemberStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
): Promise<T> {
  const { MEMBER_BUDGET: namespace } = env;
  const stub = () => namespace.get(namespace.idFromName(memberId)) as unknown as MemberStub;
  return inTime(() => call(stub()), memberId, timeoutMs);
}

/** Calls the wallet of an organization, under the same terms. */
export function orgWallet<T>(
  env: Env,
  organizationId: string,
  call: (object: WalletStub) => Promise<T>,
  timeoutMs: number = LIMITS.walletSyncMs,
): Promise<T> {
  const { ORG_WALLET: namespace } = env;
  const stub = () => namespace.get(namespace.idFromName(organizationId)) as unknown as WalletStub;
  return inTime(() => call(stub()), organizationId, timeoutMs);
}

/** Calls for each item, LIMITS.objectCallsAtOnce of them at a time; the answers come in the order of the items. */
export async function forEachObject<Item, T>(items: readonly Item[], call: (item: Item) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let next = 0; next < items.length; next += LIMITS.objectCallsAtOnce) {
    const some = items.slice(next, next + LIMITS.objectCallsAtOnce);
    answers.push(...(await Promise.all(some.map(call))));
  }
  return answers;
}

/** What `attempt` answers, with retries, within the time; it must make a new stub each time. */
async function inTime<T>(attempt: () => Promise<T>, whose: string, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ObjectTimeout(`no answer from ${whose} in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([retry(attempt, timeoutMs), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function retry<T>(attempt: () => Promise<T>, withinMs: number): Promise<T> {
  const startedAtMs = Date.now();
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const { retryable, overloaded } = error as PlatformError;
      // Jitter, so that the callers of one restarted object do not come back as one.
      const pauseMs = 50 * 2 ** tries * (0.5 + Math.random());
      if (!retryable || overloaded || Date.now() - startedAtMs + pauseMs > withinMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
