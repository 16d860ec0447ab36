/**
 * One attempt at something that is no conversation: quoted, admitted, and ready to be sent. Its bound is covered from the start,
 * and what it used is told whole at its end.
 */
import type { AttemptAbout } from '../../budgets/usage-event.ts';
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import { ceilingOf } from '../../money/cost.ts';
import { isPriced, priceAt, priceOfImages, UNITS } from '../../money/price.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { admitQuoted, budgetHeaders } from '../admission.ts';
import { Attempt } from '../attempt.ts';
import { aboutOf, type Candidate } from '../candidates.ts';
import { coverOf } from '../cover.ts';
import type { Hold } from '../hold.ts';
import { sharedAccount } from '../kept-at-provider.ts';
import { type Quote, rulePricesOf } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { GONE, type RelayParts } from '../relay.ts';
import { relayTimes } from '../relay-times.ts';
import { refuseField } from '../request-body.ts';
import type { AnswerHeaders, GatewayContext } from '../router.ts';
import { healthName } from '../routing/choose.ts';
import { pricedPart } from './counts.ts';
import type { AskedSurface } from './surface.ts';

interface OpenedAttempt {
  /** Null where no price is known and nothing is limited. */
  quoted: Quote | null;
  about: AttemptAbout;
  hold: Hold;
  startedAtMs: number;
  /** All that a relay is given but how it is sent. */
  parts: Omit<RelayParts, 'send'>;
}

/** Why a candidate cannot take the request as it is; null where it can. */
export function unfitFor({ demo, kept }: AskedSurface, { mapping, credential }: Candidate): Refusal | null {
  if (demo && mapping.provider !== 'demo') return refuseField('demo', 'demo steers the demo provider only.').refusal;
  return sharedAccount({ kept: kept ?? null }, credential);
}

/** Of a candidate that is fit. `isJob`: its hold outlives the request. `headers` is told what there is to tell. */
export async function openAttempt(
  context: GatewayContext,
  candidate: Candidate,
  headers: AnswerHeaders,
  { endpoint, caller, asked, isJob }: { endpoint: string; caller: PresentedKey; asked: AskedSurface; isJob: boolean },
): Promise<OpenedAttempt | { refusal: Refusal }> {
  const { env, ctx, request, requestId, deadlines, recording } = context;
  const { mapping, provider, credential } = candidate;
  const startedAtMs = Date.now();
  const quoted = quoteOf(asked, mapping, startedAtMs);
  const about = aboutOf(context, candidate, endpoint, asked.streamed ?? false, quoted);
  const bound = quoted && isJob ? { ...quoted, isJob } : quoted;
  const admission = await admitQuoted(context, caller, candidate, about, bound);
  budgetHeaders(headers, 'refusal' in admission ? admission.tightest : admission.admitted.tightest);
  if ('refusal' in admission) return admission;
  const { hold } = admission.admitted;
  const attempt = new Attempt({
    mapping,
    choices: 1,
    output: provider.countOutput(),
    estimate: () => pricedPart({ ...asked.known, ...asked.about }, quoted?.price ?? null),
    quoted,
    cover: coverOf(quoted, false, hold.amount),
    hold,
    startedAtMs,
    recording,
  });
  if (request.signal.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return { refusal: GONE };
  }
  const told = { requestId, deadlines, clientGone: request.signal, headers, times: relayTimes(env) };
  const parts = { env, ctx, attempt, health: healthName(candidate), credential, ...told };
  return { quoted, about, hold, startedAtMs, parts };
}

/** Null where the model has no price now for anything that this uses. */
function quoteOf(asked: AskedSurface, mapping: Mapping, nowMs: number): Quote | null {
  const inForce = priceAt(mapping.prices, nowMs);
  if (!inForce) return null;
  const { image, known } = asked;
  const price = image ? priceOfImages(inForce, image.size, image.quality) : inForce;
  const counts = { ...known, ...asked.most({ context: mapping.contextTokens, output: mapping.maxOutputTokens }) };
  if (!UNITS.some((unit) => counts[unit] && isPriced(price, unit))) return null;
  const most = pricedPart(counts, price);
  return {
    price,
    inputMax: ceilingOf(most, price),
    // All of it is covered from the start, whatever side it is on.
    outputTokensMax: 0,
    outputRate: 0,
    choices: 1,
    capMin: LIMITS.outputTokensMin,
    watchable: false,
    rulePrices: rulePricesOf(price, most.input),
  };
}
