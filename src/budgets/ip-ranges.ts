/** IP addresses and ranges of them (CIDR), both versions. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 one. */

interface Address {
  bits: 32 | 128;
  value: bigint;
}

/** Whether the text is an address, or a range such as `10.0.0.0/8` or `2001:db8::/32`. */
export function isIpRange(text: string): boolean {
  return parseRange(text) !== null;
}

/** Whether an address lies in a range; false where either is malformed. */
export function inIpRange(address: string, range: string): boolean {
  const [at, parsed] = [parseAddress(address), parseRange(range)];
  if (!at || !parsed || at.bits !== parsed.base.bits) return false;
  const free = BigInt(at.bits - parsed.prefix);
  return at.value >> free === parsed.base.value >> free;
}

export function isIpAddress(text: string): boolean {
  return parseAddress(text) !== null;
}

function parseRange(text: string): { base: Address; prefix: number } | null {
  const [address = '', length, ...rest] = text.split('/');
  const base = parseAddress(address);
  if (!base || rest.length > 0) return null;
  if (length === undefined) return { base, prefix: base.bits };
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > base.bits) return null;
  return { base, prefix: Number(length) };
}

function parseAddress(text: string): Address | null {
  const four = parseFour(text);
  if (four !== null) return { bits: 32, value: four };
  const value = parseSix(text);
  if (value === null) return null;
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function parseFour(text: string): bigint | null {
  const parts = text.split('.');
  // No leading zeros: some read 010 as eight.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseSix(text: string): bigint | null {
  // The last two groups may be written as an IPv4 address.
  const tail = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  const four = tail ? parseFour(tail[2] ?? '') : null;
  if (tail && four === null) return null;
  const hex = four === null ? text : `${tail?.[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  const halves = hex.split('::');
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...Array<string>(missing).fill('0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
