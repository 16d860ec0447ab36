/**
 * Rules: what a member, and each key within that, may be used for. Both must admit; what is denied is denied, whatever is
 * allowed. Asked by the ledger in the same block as all else, and by who lists models.
 *
 * A rule that cannot be decided refuses: no address where addresses are ruled on, no price where prices are.
 */
import type { Nanos } from '../money/nanos.ts';
import { inIpRange, isIpAddress } from './ip-ranges.ts';

interface Lists {
  /** What is allowed; null: everything. */
  allow: string[] | null;
  deny: string[];
}

export interface Rules {
  /** Names of models, pinned (`openai/gpt-5.5`), canonical (`gpt-5.5`) or any other of theirs; with a `*` at its end all that begin so (`openai/*`). */
  models: Lists;
  providers: Lists;
  /** As in usage events: `chat/completions`. */
  endpoints: Pick<Lists, 'allow'>;
  /** Nanodollars per million tokens; null: any price. */
  maxInputPrice: Nanos | null;
  maxOutputPrice: Nanos | null;
  /** Addresses or ranges. */
  ips: Lists;
}

export type RuleName =
  | `${'models' | 'providers' | 'ips'}.${'allow' | 'deny'}`
  | 'endpoints.allow'
  | 'maxInputPrice'
  | 'maxOutputPrice';

/** Whether it is about the model as somebody serves it, so that it may admit the same model elsewhere. */
export function isOfOffer(rule: RuleName): boolean {
  return rule !== 'endpoints.allow' && rule !== 'ips.allow' && rule !== 'ips.deny';
}

/** What is to be used. What is left out is not asked about; what is null cannot be told. */
export interface Use {
  model?: ModelUse;
  endpoint?: string;
  ip?: string | null;
}

export interface ModelUse {
  mapping: string;
  canonicalModel: string;
  /** Whatever else it is called: a rule on one of its names is a rule on the model, however it was asked for. */
  otherNames?: readonly string[];
  provider: string;
  /** Nanodollars per million tokens; null: not known. */
  inputPrice: Nanos | null;
  outputPrice: Nanos | null;
}

/** The rule that does not admit this use, the first in the order of the API; null where all do. */
export function brokenRule(rules: Rules, { model, endpoint, ip }: Use): RuleName | null {
  if (model) {
    const names = [model.mapping, model.canonicalModel, ...(model.otherNames ?? [])];
    const byModel = brokenList(rules.models, (pattern) => names.some((name) => matches(pattern, name)));
    if (byModel) return `models.${byModel}`;
    const byProvider = brokenList(rules.providers, (provider) => provider === model.provider);
    if (byProvider) return `providers.${byProvider}`;
  }
  if (endpoint !== undefined && rules.endpoints.allow?.includes(endpoint) === false) return 'endpoints.allow';
  if (model) {
    if (isAbove(model.inputPrice, rules.maxInputPrice)) return 'maxInputPrice';
    if (isAbove(model.outputPrice, rules.maxOutputPrice)) return 'maxOutputPrice';
  }
  if (ip === undefined) return null;
  const address = ip !== null && isIpAddress(ip) ? ip : null;
  // What cannot be told is in every range that is denied, and in none that is allowed.
  if (address === null && rules.ips.deny.length > 0) return 'ips.deny';
  const byIp = brokenList(rules.ips, (range) => address !== null && inIpRange(address, range));
  return byIp && `ips.${byIp}`;
}

function brokenList({ allow, deny }: Lists, isIt: (entry: string) => boolean): 'allow' | 'deny' | null {
  if (deny.some(isIt)) return 'deny';
  return allow === null || allow.some(isIt) ? null : 'allow';
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function isAbove(price: Nanos | null, max: Nanos | null): boolean {
  return max !== null && (price === null || price > max);
}
