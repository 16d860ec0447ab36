/**
 * Whether a base URL that an organization gives may be called: a gateway that fetches what its customers name must not be led
 * into networks that only it can reach (server-side request forgery).
 *
 * Decided by the text alone, after the platform's own URL parser (WHATWG) has undone every disguise of an address: decimal,
 * octal, hex and short forms, digits of other scripts, percent signs. What a name resolves to can't be seen by a Worker: in a
 * deployment Cloudflare's egress reaches public addresses only, and `global_fetch_strictly_public` (wrangler.toml) closes the
 * side door to this account's own origins; redirects are never followed (`sendUpstream`). Pure.
 */
import { inIpRange, isIpAddress } from '../../budgets/ip-ranges.ts';
import { LIMITS } from '../../limits.ts';

export interface BaseUrlRules {
  /** Whether this very machine may be called, by http too: for development only. */
  loopback: boolean;
  /** A URL by which we were called: leading back to ourselves, one request would become many. Null: none is at hand. */
  own: string | null;
}

/** Nothing public is here: IANA's special-purpose registry for IPv4, multicast, and the one public address of a cloud's inside. */
const FOUR_REFUSED: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** Of IPv6 only global unicast is public: neither NAT64 (64:ff9b::/96) nor unique local, link-local or multicast is in it... */
const SIX_ALLOWED = '2000::/3';

/** ...but these are: protocol assignments with Teredo, documentation, and 6to4, which carries an IPv4 address inside. */
const SIX_REFUSED: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128'];

/**
 * Last labels under which no public name is: by standard (RFC 6761, 6762, 8375, 9476) or by ICANN's promise; and those by which
 * clusters call their own services (Kubernetes, Consul, Docker, Nomad).
 */
const INSIDE =
  /\.(localhost|local|internal|intranet|private|corp|home|lan|localdomain|arpa|test|invalid|example|onion|alt|svc|cluster|consul|docker|nomad)$/;

/** What this Worker is called in wrangler.toml, and so at `<name>.<account>.workers.dev`; previews have something before it. */
const OWN_NAME = /^(.+-)?purser$/;

/** Names of clouds' metadata services that are not under those. */
const METADATA = /^(metadata|instance-data)\.|(^|\.)metadata\.goog$/;

/** The URL as it is stored and called, without a slash at its end; or what is wrong with it, for whoever gave it. */
export function checkBaseUrl(text: string, rules: BaseUrlRules): { url: string } | { problem: string } {
  if (text.length > LIMITS.baseUrlLengthMax) return refused(`has more than ${LIMITS.baseUrlLengthMax} characters`);
  // A parser drops or bends these, and no honest URL has them.
  if (/[\s\\\p{Cc}]/u.test(text)) return refused('must have no spaces, backslashes or control characters');
  const url = URL.parse(text);
  if (!url || !/^https?:\/\/[^/?#]/i.test(text)) return refused('must be a URL such as https://llm.example.com/v1');
  // Also an empty one: https://@host.
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return refused('must have no user or password; the key is a field of its own');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return refused('must have no query and no fragment');
  const host = hostOf(url);
  const problem = rules.loopback && isLoopbackHost(host) ? null : problemOfPlace(url, host);
  if (problem) return refused(problem);
  const checked = url.href.replace(/\/+$/, '');
  return rules.own !== null && leadsBack(checked, rules.own)
    ? refused('leads to this gateway itself')
    : { url: checked };
}

/**
 * Whether a base URL leads to who was called by `own`, as far as names tell: by the same host, or by the one that Cloudflare gives
 * each Worker. All that is under the account's own workers.dev is the operator's, and no provider of a customer's.
 */
export function leadsBack(baseUrl: string, own: string): boolean {
  const [to, from] = [new URL(baseUrl), new URL(own)];
  const [host, ownHost] = [hostOf(to), hostOf(from)];
  // On a machine many listen, each at a port of its own.
  if (isLoopbackHost(host)) return isLoopbackHost(ownHost) && to.port === from.port;
  if (host === ownHost) return true;
  const [name = '', account] = onWorkersDev(host);
  return account !== undefined && (OWN_NAME.test(name) || account === onWorkersDev(ownHost)[1]);
}

/** Worker and account. */
function onWorkersDev(host: string): [name?: string, account?: string] {
  const [, name, account] = /^([^.]+)\.([^.]+)\.workers\.dev$/.exec(host) ?? [];
  return name && account ? [name, account] : [];
}

/** Whether a host, as `hostOf` tells it, is this machine. */
export function isLoopbackHost(host: string): boolean {
  return /(^|\.)localhost$/.test(host) || LOOPBACK.some((range) => inIpRange(host, range));
}

/** The host without brackets, and without the dot that makes a name absolute and nothing else. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
}

/** Where a provider may be: at https and its usual port (others are for what is not meant for strangers), at a public host. */
function problemOfPlace(url: URL, host: string): string | null {
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (url.port !== '') return 'must have no port but 443';
  if (isIpAddress(host)) return isPublicAddress(host) ? null : 'must not lead to a private, local or reserved address';
  const inside = 'must name a public host';
  if (!host.includes('.') || host.includes('..')) return inside;
  if (INSIDE.test(host) || METADATA.test(host)) return inside;
  // What is an address to anything else that reads it is one: the parser takes no name that ends in a number.
  if (!/^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+(xn--[a-z0-9-]+|[a-z]{2,})$/.test(host)) return inside;
  return null;
}

function isPublicAddress(address: string): boolean {
  const isFour = inIpRange(address, '0.0.0.0/0');
  if (!isFour && !inIpRange(address, SIX_ALLOWED)) return false;
  return !(isFour ? FOUR_REFUSED : SIX_REFUSED).some((range) => inIpRange(address, range));
}

function refused(problem: string): { problem: string } {
  return { problem: `baseUrl ${problem}.` };
}
