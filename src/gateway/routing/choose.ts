/**
 * Who could serve a model to a caller, best first: the project's wishes, then what is healthy, then what is cheap. Pure: who is
 * configured, what is healthy and what the caller's organization has are given in.
 *
 * Where the organization has a key of its own for a provider, the deployment's is never used for it, not even where its own
 * cannot be read.
 */
import type { Routing } from '../../budgets/routing.ts';
import { type Catalogue, type Mapping, serves } from '../../models/catalogue.ts';
import { lifecycleOf } from '../../models/lifecycle.ts';
import type { Nanos } from '../../money/nanos.ts';
import { priceAt } from '../../money/price.ts';
import type { Credential, Provider, Providers } from '../providers/provider.ts';
import { amountFor, type Quote, rulePricesOf } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { refuseField } from '../request-body.ts';
import type { SurfaceId } from '../surfaces/surface.ts';

/** What the caller's organization has of its own, opened; see known-routing.ts. */
export interface KnownRouting {
  version: string;
  /** The project's. */
  routing: Routing | null;
  keys: readonly OwnKey[];
}

export interface OwnKey {
  id: string;
  /** Which of our providers it calls: `custom` for one of the organization's own. */
  provider: string;
  /** Null where it cannot be read. */
  credential: Credential | null;
  /** Models of a custom provider; null: all that the catalogue has of the provider. */
  mappings: readonly Mapping[] | null;
}

/** A model at a provider, and how to call it. */
export interface Candidate {
  mapping: Mapping;
  provider: Provider;
  credential: Credential;
  /** The organization's own key that it is; null: the deployment's. */
  providerKeyId: string | null;
  /** By which it was chosen; null: by none. */
  chosenBy: KnownRouting | null;
  /** Others after it serve the same model. */
  othersServe?: true;
}

export type Candidates = readonly [Candidate, ...Candidate[]];

/** What there is to choose from. */
export interface Market {
  catalogue: Catalogue;
  providers: Providers;
  /** The deployment's own credential at a provider; null where it has none. */
  deploymentCredential: (provider: Provider) => Credential | null;
  known: KnownRouting | null;
  /** Whether who is called so (`healthName`) has failed of late. */
  isFailing: (name: string) => boolean;
  nowMs: number;
}

export type RoutingRule = 'allow' | 'deny' | 'region' | 'maxInputPrice' | 'maxOutputPrice' | 'maxCostPerRequest';

/** What a model is asked for. */
export type Service = 'conversation' | 'videos' | SurfaceId;

/** The same before it is known whether its key can be read. */
type Offer = Omit<Candidate, 'credential'> & { credential: Credential | null };

/**
 * Those who serve `model` for `service`, best first; then those of the project's fallback models. Refused: what nobody serves, or any
 * more, what the project's routing leaves nobody for, and what only a key that cannot be read would be for.
 */
export function choose(
  market: Market,
  model: string,
  service: Service,
): { candidates: Candidates } | { refusal: Refusal } {
  const all = offersOf(market, model);
  const offers = all.filter((offer) => !isOver(offer, market));
  const [any] = offers;
  if (!any) {
    const [over] = all;
    return { refusal: { kind: 'model_not_found', model, ...(over && { retiredOn: over.mapping.retiresOn ?? null }) } };
  }
  const able = offers.filter((offer) => isAble(offer, service));
  if (able.length === 0) {
    const { serves: served = ['conversation'] } = any.mapping;
    const what = service === 'conversation' ? 'conversations' : `/v1/${service}`;
    return refuseField('model', `${model} is no model for ${what} here; it is one for ${served.join(', ')}.`);
  }
  const routed = admitted(able, market);
  if ('rule' in routed) return { refusal: { kind: 'routing_denied', rule: routed.rule } };
  const best = sorted(routed.offers, market);
  const [first] = best;
  if (!first) throw new Error('what was admitted is nobody');
  if (!first.credential) return { refusal: { kind: 'provider_key_unreadable', provider: first.mapping.provider } };
  const fallbacks = (market.known?.routing?.fallbackModels ?? []).flatMap((name) => fallbacksOf(market, name, service));
  const others = fallbacks.filter((offer) => !best.some((one) => one.mapping === offer.mapping));
  const readable = [...best, ...others].filter((offer): offer is Candidate => offer.credential !== null);
  return { candidates: readable as unknown as Candidates };
}

/** Whether the model is for that, and its provider called for it. */
function isAble({ mapping, provider }: Offer, service: Service): boolean {
  if (!serves(mapping, service)) return false;
  return service === 'conversation' || provider.serves?.(service, mapping) === true;
}

/** Whether its provider has ended the model. What speaks the provider's protocol at another address may go on with it. */
function isOver({ mapping, credential }: Offer, { nowMs }: Market): boolean {
  return isAtProvider(credential) && lifecycleOf(mapping, nowMs) === 'retired';
}

/** Whether it is the provider itself that is called, whose announcements count. */
export function isAtProvider(credential: Credential | null): boolean {
  return (credential?.baseUrl ?? null) === null;
}

function fallbacksOf(market: Market, model: string, service: Service): Offer[] {
  const able = offersOf(market, model).filter((offer) => isAble(offer, service) && !isOver(offer, market));
  const routed = admitted(able, market);
  return 'rule' in routed ? [] : sorted(routed.offers, market);
}

/** The models that somebody could be asked for, one for each name. */
export function offered(market: Market): Mapping[] {
  const own = (market.known?.keys ?? []).flatMap(({ mappings }) => mappings ?? []);
  return [...market.catalogue.all(), ...own].filter((mapping) => {
    const offers = offersAt(market, mapping).filter((offer) => !isOver(offer, market));
    return offers.length > 0 && !('rule' in admitted(offers, market));
  });
}

/** The rule of the project's routing that a quote breaks, or null. Asked before anything is held. */
export function brokenByQuote(
  routing: Routing | null,
  quoted: Quote | null,
): { rule: RoutingRule; most: Nanos | null } | null {
  if (!routing) return null;
  const { inputPrice = null, outputPrice = null } = quoted?.rulePrices ?? {};
  if (isAbove(inputPrice, routing.maxInputPrice)) return { rule: 'maxInputPrice', most: null };
  if (isAbove(outputPrice, routing.maxOutputPrice)) return { rule: 'maxOutputPrice', most: null };
  const most = quoted && amountFor(quoted, quoted.outputTokensMax);
  return isAbove(most, routing.maxCostPerRequest) ? { rule: 'maxCostPerRequest', most } : null;
}

/** What the health of a candidate is known by: failures of the organization's own key are nobody else's. */
export function healthName({ mapping, providerKeyId }: Pick<Candidate, 'mapping' | 'providerKeyId'>): string {
  return providerKeyId ?? mapping.provider;
}

function offersOf(market: Market, model: string): Offer[] {
  const built = market.catalogue.find(model)?.mappings;
  if (built) return built.flatMap((mapping) => offersAt(market, mapping));
  const own = (market.known?.keys ?? []).flatMap(({ mappings }) => mappings ?? []);
  return own.filter(({ id }) => id === model).flatMap((mapping) => offersAt(market, mapping));
}

/** Who could be asked for a mapping: by each of the organization's own keys; else by the deployment's. */
function offersAt(market: Market, mapping: Mapping): Offer[] {
  const { known, providers, deploymentCredential } = market;
  const own = (known?.keys ?? []).filter(({ provider, mappings }) =>
    mappings ? mappings.includes(mapping) : provider === mapping.provider,
  );
  if (own.length > 0) {
    return own.flatMap(({ id, provider, credential }) => {
      const through = providers.get(provider);
      return through ? [{ mapping, provider: through, credential, providerKeyId: id, chosenBy: known }] : [];
    });
  }
  const provider = providers.get(mapping.provider);
  const credential = provider && deploymentCredential(provider);
  return credential ? [{ mapping, provider, credential, providerKeyId: null, chosenBy: known }] : [];
}

/** Those whom the routing admits; where that is nobody, the first rule that left none. */
function admitted(
  offers: readonly Offer[],
  { known, nowMs }: Market,
): { offers: readonly Offer[] } | { rule: RoutingRule } {
  const routing = known?.routing;
  if (!routing) return { offers };
  const { allow, deny, region, maxInputPrice, maxOutputPrice } = routing;
  const rules: [RoutingRule, (offer: Offer) => boolean][] = [
    ['deny', ({ mapping }) => !deny.includes(mapping.provider)],
    ['allow', ({ mapping }) => allow === null || allow.includes(mapping.provider)],
    ['region', (offer) => region === null || isIn(offer, region)],
    ['maxInputPrice', ({ mapping }) => !isAbove(pricesOf(mapping, nowMs).inputPrice, maxInputPrice)],
    ['maxOutputPrice', ({ mapping }) => !isAbove(pricesOf(mapping, nowMs).outputPrice, maxOutputPrice)],
  ];
  let left = offers;
  for (const [rule, admits] of rules) {
    left = left.filter(admits);
    if (left.length === 0) return { rule };
  }
  return { offers: left };
}

/** A region is one (`eu-central-1`) or begins the names of many (`eu`). What does not say where it is, is nowhere. */
function isIn({ mapping, credential }: Offer, region: string): boolean {
  const at = mapping.region ?? credential?.settings.region;
  return at !== undefined && (at === region || at.startsWith(`${region}-`));
}

function sorted(offers: readonly Offer[], { known, isFailing, nowMs }: Market): Offer[] {
  if (offers.length < 2) return [...offers];
  const order = known?.routing?.order ?? [];
  const wished = ({ mapping }: Offer) => {
    const at = order.indexOf(mapping.provider);
    return at < 0 ? order.length : at;
  };
  const keys = offers.map((offer) => ({
    offer,
    failing: Number(isFailing(healthName(offer))),
    wished: wished(offer),
    price: comparable(offer.mapping, nowMs),
  }));
  // Stable: what is equal stays in the catalogue's order, and in that of the organization's keys.
  return keys
    .toSorted((a, b) => a.failing - b.failing || a.wished - b.wished || compare(a.price, b.price))
    .map(({ offer }) => offer);
}

/** What a million tokens of each side cost together: enough to tell the cheaper of two who serve the same model. */
function comparable(mapping: Mapping, nowMs: number): number {
  const { inputPrice, outputPrice } = pricesOf(mapping, nowMs);
  return inputPrice === null || outputPrice === null ? Number.POSITIVE_INFINITY : inputPrice + outputPrice;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function pricesOf({ prices }: Mapping, nowMs: number) {
  const price = priceAt(prices, nowMs);
  return price ? rulePricesOf(price, 0) : { inputPrice: null, outputPrice: null };
}

/** A price that is not known is above any. */
function isAbove(amount: Nanos | null, max: Nanos | null): boolean {
  return max !== null && (amount === null || amount > max);
}
