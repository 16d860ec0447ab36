/**
 * How the Worker calls its objects: a new stub for each attempt, retries only where the platform says the call may be
 * repeated, never into an overloaded object, and an end after which the caller stops waiting.
 */
import type { AuditAnchor } from '../durable-objects/audit-anchor.ts';
import type { MemberBudget } from '../durable-objects/member-budget.ts';
import type { OrgWallet } from '../durable-objects/org-wallet.ts';
import type { RecordedAnswer } from '../durable-objects/recorded-answer.ts';
import type { StoredResponse } from '../durable-objects/stored-response.ts';
import type { VideoJob } from '../durable-objects/video-job.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import { LIMITS } from './limits.ts';
import { settlementCarrier } from './settlement-carrier.ts';

/**
 * The object's methods as a caller sees them. The platform's own stub type splits every union in an answer into a union
 * of promises, which nothing can await precisely; over the wire it is the same methods with the same plain answers.
 */
type MemberStub = Omit<MemberBudget, keyof DurableObject | 'alarm'>;
type WalletStub = Omit<OrgWallet, keyof DurableObject>;
type AnchorStub = Omit<AuditAnchor, keyof DurableObject>;
type RecorderStub = Omit<RecordedAnswer, keyof DurableObject | 'alarm'>;
type VideoStub = Omit<VideoJob, keyof DurableObject | 'alarm'>;
type ResponseStub = Omit<StoredResponse, keyof DurableObject | 'alarm'>;

interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
}

/** The call did not answer in time. It may still have taken effect. */
class ObjectTimeout extends Error {}

/**
 * Calls a member's object. `call` may run several times, so it must be idempotent. A request that makes several calls gives
 * its deadlines. Throws what the object threw, or ObjectTimeout.
 */
export function memberBudget<T>(
  env: Env,
  memberId: string,
  call: (object: MemberStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
  deadlines?: Deadlines,
): Promise<T> {
  return callObject(() => call(stubOf<MemberStub>(env.MEMBER_BUDGET, memberId)), memberId, timeoutMs, deadlines);
}

/** The same for who wants to see all that was settled: what waits in this isolate to be carried there goes ahead of the call. */
export function settledBudget<T>(
  env: Env,
  memberId: string,
  call: (object: MemberStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
): Promise<T> {
  const inOrder = (object: MemberStub) => {
    // Calls by one stub arrive in the order in which they were made.
    settlementCarrier.sendAhead(memberId, (settlement) => object.settle(settlement));
    return call(object);
  };
  return memberBudget(env, memberId, inOrder, timeoutMs);
}

/** Calls the wallet of an organization; as memberBudget. */
export function orgWallet<T>(
  env: Env,
  organizationId: string,
  call: (object: WalletStub) => Promise<T>,
  timeoutMs: number = LIMITS.walletSyncMs,
): Promise<T> {
  return callObject(() => call(stubOf<WalletStub>(env.ORG_WALLET, organizationId)), organizationId, timeoutMs);
}

/** Calls the object that records the answer to one Idempotency-Key, by the name that its seal gives it; as memberBudget. */
export function recordedAnswer<T>(
  env: Env,
  name: string,
  call: (object: RecorderStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
): Promise<T> {
  return callObject(() => call(stubOf<RecorderStub>(env.RECORDED_ANSWERS, name)), name, timeoutMs);
}

/** Calls the object that keeps one response, by the name that its seal gives it; as memberBudget. */
export function storedResponse<T>(
  env: Env,
  name: string,
  call: (object: ResponseStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
): Promise<T> {
  return callObject(() => call(stubOf<ResponseStub>(env.STORED_RESPONSES, name)), name, timeoutMs);
}

/** Calls the object that anchors an organization's audit log; as memberBudget. */
export function auditAnchor<T>(
  env: Env,
  organizationId: string,
  call: (object: AnchorStub) => Promise<T>,
  timeoutMs: number = LIMITS.auditAnchorMs,
): Promise<T> {
  return callObject(() => call(stubOf<AnchorStub>(env.AUDIT_ANCHOR, organizationId)), organizationId, timeoutMs);
}

/** Calls the object of a member's video; as memberBudget. */
export function videoJob<T>(
  env: Env,
  { memberId, videoId }: { memberId: string; videoId: string },
  call: (object: VideoStub) => Promise<T>,
  timeoutMs: number = LIMITS.admissionTimeoutMs,
): Promise<T> {
  // By both: to the keys of another member there is no such video.
  const name = `${memberId} ${videoId}`;
  return callObject(() => call(stubOf<VideoStub>(env.VIDEO_JOBS, name)), name, timeoutMs);
}

async function callObject<T>(call: () => Promise<T>, name: string, timeoutMs: number, shared?: Deadlines): Promise<T> {
  const deadlines = shared ?? new Deadlines();
  let deadline: Deadline | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const giveUp = () => reject(new ObjectTimeout(`no answer from ${name} in ${timeoutMs} ms`));
      deadline = deadlines.set(timeoutMs, giveUp);
      retry(call, timeoutMs).then(resolve, reject);
    });
  } finally {
    if (shared) deadlines.cancel(deadline);
    else deadlines.end();
  }
}

/**
 * Tries until `attempt` succeeds, for as long as the platform lets a request go on, counted from `sinceMs`. True once it
 * has succeeded; else false, with `failure` in the log.
 */
export async function insist(
  attempt: () => Promise<unknown>,
  sinceMs: number,
  failure: { event: string; [about: string]: string },
): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      await attempt();
      return true;
    } catch (error) {
      const pauseMs = Math.min(100 * 2 ** tries, LIMITS.admissionTimeoutMs);
      if (Date.now() - sinceMs + pauseMs > LIMITS.settleGiveUpMs) {
        console.error(JSON.stringify({ ...failure, error: String(error) }));
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** Tells an object what an answer waits for; where that does not succeed at once, the answer goes on, and this behind it. */
export async function tellOrInsist(
  ctx: ExecutionContext,
  tell: () => Promise<unknown>,
  failure: { event: string; [about: string]: string },
): Promise<void> {
  try {
    await tell();
  } catch {
    ctx.waitUntil(insist(tell, Date.now(), failure));
  }
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

function stubOf<Stub>(namespace: Pick<DurableObjectNamespace, 'idFromName' | 'get'>, name: string): Stub {
  return namespace.get(namespace.idFromName(name)) as unknown as Stub;
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
