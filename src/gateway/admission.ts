/**
 * Admission as a gateway route sees it: from a caller and a quote to a live hold, or a refusal. Fails closed: whatever
 * goes wrong between here and the member's object is a refusal, and a hold that may have been granted meanwhile is let go.
 */
import type { KeyStanding } from '../../durable-objects/member-budget.ts';
import type { Ask, RuleFacts } from '../budgets/protocol.ts';
import type { ScopeView } from '../budgets/refusals.ts';
import type { Use } from '../budgets/rules.ts';
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { addressOf } from '../client-address.ts';
import { newAttemptId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { otherNamesOf } from '../models/catalogue.ts';
import { formatUsd } from '../money/nanos.ts';
import { memberBudget } from '../objects.ts';
import { type SettlementCarrier, settlementCarrier } from '../settlement-carrier.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { ask as askFor } from './cover.ts';
import { Hold } from './hold.ts';
import { amountFor, type Quote, type RulePrices } from './quote.ts';
import type { Refusal } from './refusals.ts';
import type { AnswerHeaders, GatewayContext } from './router.ts';
import { brokenByQuote, type Candidate } from './routing/choose.ts';

const NO_PRICES: RulePrices = { inputPrice: null, outputPrice: null };

export interface Admitted {
  hold: Hold;
  /** The limit with the least left after this hold; null where nothing is limited. */
  tightest: ScopeView | null;
}

export interface NotAdmitted {
  refusal: Refusal;
  /** The limit that refused; else the one with the least left, where they were looked at. */
  tightest: ScopeView | null;
}

/**
 * Asks the member's object to set money aside for one attempt. `told` is what rules about prices and names go by; without a
 * price, no rule about one admits. `chosen`: the version of the routing by which the provider was chosen, if by one, and whether it
 * is one of several.
 */
export async function admit(
  { env, ctx, deadlines, request: asked, log }: Pick<GatewayContext, 'env' | 'ctx' | 'deadlines' | 'request' | 'log'>,
  caller: PresentedKey,
  about: AttemptAbout,
  ask: Ask,
  told: Omit<RuleFacts, 'ip'> = NO_PRICES,
  carrier: SettlementCarrier = settlementCarrier,
  chosen: { routingVersion?: string; othersServe?: true } = {},
): Promise<{ admitted: Admitted } | NotAdmitted> {
  const memberId = caller.ownerId;
  const sentAtMs = Date.now();
  const attemptId = newAttemptId(sentAtMs);
  const facts = { ip: addressOf(asked), ...told };
  const { settled, delivered } = carrier.load(memberId);
  const request = {
    memberId,
    attemptId,
    keyHash: caller.hash,
    about,
    facts,
    settled,
    ...ask,
    ...chosen,
  };
  try {
    const admission = await memberBudget(
      env,
      memberId,
      (object) => object.authorize(request),
      LIMITS.admissionTimeoutMs,
      deadlines,
    );
    delivered(admission.progress);
    if (!admission.granted) {
      if ('routing' in admission)
        return { refusal: { kind: 'routing_stale', routing: admission.routing }, tightest: null };
      const { refusal, tightest = null } = admission;
      return { refusal, tightest: 'view' in refusal ? refusal.view : tightest };
    }
    const { ticket, tightest } = admission;
    const hold = new Hold(env, memberId, about, ticket, sentAtMs, deadlines, carrier);
    hold.onResolved = log?.began(about, ticket);
    return { admitted: { hold, tightest } };
  } catch (error) {
    delivered(undefined);
    console.warn(JSON.stringify({ event: 'admission_failed', attemptId, error: String(error) }));
    // The grant may have happened and only its answer been lost. Best effort: the object's alarm is what makes it sure.
    ctx.waitUntil(
      memberBudget(env, memberId, (object) => object.release({ memberId, attemptId, ticket: null })).catch(
        () => undefined,
      ),
    );
    return { refusal: { kind: 'budget_unavailable' }, tightest: null };
  }
}

/**
 * Admission of an attempt at a candidate, whose refusal tells the most that the request may cost. What the project's routing does
 * not allow by its quote is asked of nobody but whether the key, and that routing, are still in force.
 */
export async function admitQuoted(
  context: GatewayContext,
  caller: PresentedKey,
  { chosenBy, mapping, othersServe }: Pick<Candidate, 'chosenBy' | 'mapping' | 'othersServe'>,
  about: AttemptAbout,
  quoted: Quote | null,
): ReturnType<typeof admit> {
  const broken = chosenBy && brokenByQuote(chosenBy.routing, quoted);
  if (broken) {
    const { refusal, routing = null } = await keyStanding(context, caller, { endpoint: about.endpoint });
    const isStale = routing?.version !== chosenBy.version;
    const denied: Refusal = isStale ? { kind: 'routing_stale', routing } : { kind: 'routing_denied', ...broken };
    return { refusal: refusal ?? denied, tightest: null };
  }
  const chosen = { ...(chosenBy && { routingVersion: chosenBy.version }), ...(othersServe && { othersServe }) };
  const ask = askFor(quoted, about.streamed);
  const told = { ...(quoted?.rulePrices ?? NO_PRICES), otherNames: otherNamesOf(mapping) };
  const admission = await admit(context, caller, about, ask, told, settlementCarrier, chosen);
  if (!quoted || !('refusal' in admission) || admission.refusal.kind !== 'request_exceeds_budget') return admission;
  const needed = amountFor(quoted, quoted.outputTokensMax);
  return { ...admission, refusal: { ...admission.refusal, needed, toolsOffered: quoted.tools !== undefined } };
}

/**
 * Whether the key may be used from where the request comes, and for what is named; its rules, and whether its answers may be
 * recorded for repeats. Sets nothing aside.
 */
export async function keyStanding(
  { env, request }: Pick<GatewayContext, 'env' | 'request'>,
  caller: PresentedKey,
  use: Pick<Use, 'endpoint' | 'model'> = {},
): Promise<Omit<KeyStanding, 'refusal'> & { refusal: Refusal | null }> {
  const memberId = caller.ownerId;
  const asked = { memberId, keyHash: caller.hash, ip: addressOf(request), ...use };
  try {
    return await memberBudget(env, memberId, (object) => object.checkKey(asked));
  } catch {
    return { refusal: { kind: 'budget_unavailable' }, replay: false, rules: [] };
  }
}

/** For a request that is refused anyway: the refusal of its key, should that one come first, else null. */
export async function refuseKeyFirst(
  context: Pick<GatewayContext, 'env' | 'request'>,
  caller: PresentedKey,
  endpoint?: string,
): Promise<Refusal | null> {
  const { refusal } = await keyStanding(context, caller, endpoint === undefined ? {} : { endpoint });
  return refusal;
}

/** The budget headers, of the tightest limit. */
export function budgetHeaders(headers: AnswerHeaders, view: ScopeView | null): void {
  if (!view) return;
  if (!view.amountsHidden) {
    headers['x-purser-budget-limit'] = formatUsd(view.limit);
    headers['x-purser-budget-remaining'] = formatUsd(view.remaining);
  }
  headers['x-purser-budget-scope'] = view.scope;
  if (view.resetsAtMs !== null) headers['x-purser-budget-reset'] = new Date(view.resetsAtMs).toISOString();
}
