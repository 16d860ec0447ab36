/**
 * Rules in words, and while they are edited: every list as the text of a field, under the name that the API refuses it by. What is typed
 * goes as it is, for the server to say what is wrong with it.
 */
import type { Rules } from '../../../client/index.ts';

export type RuleField =
  | `${'models' | 'providers' | 'ips'}.${'allow' | 'deny'}`
  | 'endpoints.allow'
  | 'maxInputPrice'
  | 'maxOutputPrice';

export type RulesDraft = Record<RuleField, string>;

const words = (list: readonly string[] | null) => list?.join(', ') ?? '';

export function draftOf(rules: Rules): RulesDraft {
  return {
    'models.allow': words(rules.models.allow),
    'models.deny': words(rules.models.deny),
    'providers.allow': words(rules.providers.allow),
    'providers.deny': words(rules.providers.deny),
    'endpoints.allow': words(rules.endpoints.allow),
    'ips.allow': words(rules.ips.allow),
    'ips.deny': words(rules.ips.deny),
    maxInputPrice: rules.maxInputPrice ?? '',
    maxOutputPrice: rules.maxOutputPrice ?? '',
  };
}

/** The whole of them, as the API takes rules: nothing typed is nothing ruled. */
export function rulesOf(draft: RulesDraft): Rules {
  const list = (field: RuleField) => draft[field].split(/[\s,]+/).filter(Boolean);
  const allow = (field: RuleField) => (list(field).length > 0 ? list(field) : null);
  return {
    models: { allow: allow('models.allow'), deny: list('models.deny') },
    providers: { allow: allow('providers.allow'), deny: list('providers.deny') },
    endpoints: { allow: allow('endpoints.allow') },
    ips: { allow: allow('ips.allow'), deny: list('ips.deny') },
    maxInputPrice: draft.maxInputPrice.trim() || null,
    maxOutputPrice: draft.maxOutputPrice.trim() || null,
  };
}

/** A sentence for each rule; none where everything is allowed. */
export function rulesInWords(rules: Rules): string[] {
  const said: string[] = [];
  const list = (what: string, allow: readonly string[] | null, deny: readonly string[] = []) => {
    if (allow) said.push(`Only these ${what}: ${allow.join(', ')}`);
    if (deny.length > 0) said.push(`Never these ${what}: ${deny.join(', ')}`);
  };
  list('models', rules.models.allow, rules.models.deny);
  list('providers', rules.providers.allow, rules.providers.deny);
  list('endpoints', rules.endpoints.allow);
  list('addresses', rules.ips.allow, rules.ips.deny);
  if (rules.maxInputPrice !== null) said.push(`At most $${rules.maxInputPrice} per million tokens in`);
  if (rules.maxOutputPrice !== null) said.push(`At most $${rules.maxOutputPrice} per million tokens out`);
  return said;
}

/** What a change brings into force, and what it lifts. */
export function changedRules(before: Rules, after: Rules): string[] {
  const [was, is] = [rulesInWords(before), rulesInWords(after)];
  return [
    ...is.filter((rule) => !was.includes(rule)),
    ...was.filter((rule) => !is.includes(rule)).map((rule) => `No longer: ${rule}`),
  ];
}
