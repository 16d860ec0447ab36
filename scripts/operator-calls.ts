/** What each command of the operator asks of the server: its flags as one call of a route under /operator. Nothing here asks it. */

export interface Call {
  method: 'POST' | 'PUT';
  path: string;
  body?: object;
}

type Flags = {
  organization?: string;
  amount?: string;
  kind?: string;
  currency?: string;
  reference?: string;
  description?: string;
  quantity?: string;
  due?: string;
  invoice?: string;
  void?: string;
  refund?: string;
  id?: string;
  on: boolean;
  off: boolean;
  plan?: string;
  seats?: string;
  model?: string;
  rates?: string;
  long?: string;
  from?: string;
  clear: boolean;
  member?: string;
  to?: string;
  force: boolean;
  yes: boolean;
};

/** Null where there is no such command. Throws what to say where a flag is missing. */
export function callOf(command: string, flags: Flags): Call | null {
  switch (command) {
    case 'wallet-top-up':
      return entry('top_up', flags);
    case 'wallet-refund':
      return entry('refund', flags);
    case 'payment':
      return payment(flags);
    case 'invoice': {
      if (flags.void !== undefined)
        return { method: 'POST', path: `${organizationPath(flags)}/invoices/${encodeURIComponent(flags.void)}/void` };
      if (flags.due === undefined) throw new Error('Say until when: --due 2026-12-22.');
      return {
        method: 'POST',
        path: `${organizationPath(flags)}/invoices`,
        body: { ...charge(flags), due: flags.due },
      };
    }
    case 'metered': {
      if (flags.on === flags.off) throw new Error('Say either --on or --off.');
      return { method: 'PUT', path: `${organizationPath(flags)}/metered`, body: { metered: flags.on } };
    }
    case 'plan': {
      if (flags.plan === undefined) throw new Error('Say which: --plan free, pro or enterprise.');
      return { method: 'PUT', path: `${organizationPath(flags)}/plan`, body: { plan: flags.plan } };
    }
    case 'seats': {
      if (flags.seats === undefined) throw new Error('Say how many: --seats 12, or --seats none.');
      const seats = flags.seats === 'none' ? null : Number(flags.seats);
      // Not left to the route: no number is null in JSON, which is none.
      if (Number.isNaN(seats)) throw new Error('--seats must be a whole number, or none.');
      return { method: 'PUT', path: `${organizationPath(flags)}/seats`, body: { seats } };
    }
    case 'restore':
      return { method: 'POST', path: `${organizationPath(flags)}/restore` };
    case 'rebuild': {
      if (flags.member === undefined) throw new Error('Say whose: --member mem_...');
      const path = `${organizationPath(flags)}/members/${encodeURIComponent(flags.member)}/rebuild`;
      return { method: 'POST', path, body: { apply: flags.yes, force: flags.force } };
    }
    case 'd1-restored': {
      if (flags.to === undefined) throw new Error('Say to when: --to 2026-11-20T10:00:00Z.');
      const body = { restoredTo: flags.to, apply: flags.yes };
      return { method: 'POST', path: `${organizationPath(flags)}/d1-restored`, body };
    }
    case 'move-usage': {
      if (flags.to === undefined) throw new Error('Say to where: --to USAGE_DB_1, or --to DB, the main database.');
      return { method: 'PUT', path: `${organizationPath(flags)}/usage-database`, body: { database: flags.to } };
    }
    case 'price':
      return { method: 'PUT', path: '/operator/prices', body: priceOf(flags) };
    case 'reseal-provider-keys':
      return { method: 'POST', path: '/operator/provider-keys/reseal' };
    case 'set-up-code':
      return { method: 'POST', path: '/operator/set-up-code' };
    default:
      return null;
  }
}

function priceOf({ model, from: at, rates, long, clear }: Flags): object {
  const from = at ?? null;
  if (model === undefined) throw new Error('Say of which: --model openai/gpt-5.5.');
  if (clear) return { model, from, tiers: null };
  if (rates === undefined) throw new Error('Say what it costs: --rates input=5,output=30. Or --clear.');
  const tiers = [{ aboveInputTokens: 0, rates: ratesIn(rates) }];
  if (long !== undefined) {
    const [above = '', ...rest] = long.split(':');
    tiers.push({ aboveInputTokens: Number(above), rates: { ...ratesIn(rates), ...ratesIn(rest.join(':')) } });
  }
  return { model, from, tiers };
}

function ratesIn(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').map((part) => part.split('=', 2) as [string, string]));
}

function entry(kind: 'top_up' | 'refund', flags: Flags): Call {
  const { amount, id } = flags;
  if (amount === undefined) throw new Error('Say how much: --amount 12.50 (USD).');
  if (id === undefined) throw new Error('Name the entry: --id X. Repeating the command with that id changes nothing.');
  return { method: 'POST', path: `${organizationPath(flags)}/wallet/entries`, body: { id, kind, amount } };
}

function payment(flags: Flags): Call {
  const path = organizationPath(flags);
  const { invoice, refund, amount, currency } = flags;
  if (invoice !== undefined) return { method: 'POST', path: `${path}/invoices/${encodeURIComponent(invoice)}/payment` };
  if (refund === undefined) return { method: 'POST', path: `${path}/payments`, body: charge(flags) };
  const back = { transactionId: refund, reference: referenceIn(flags), amount, currency };
  return { method: 'POST', path: `${path}/refunds`, body: back };
}

/** What is not said is left to the route. */
function charge(flags: Flags): object {
  const { kind, amount, currency, description, quantity, from, to } = flags;
  if (kind === undefined) throw new Error('Say what for: --kind top_up, subscription or seats.');
  if (amount === undefined) throw new Error('Say how much: --amount 100.');
  const reference = referenceIn(flags);
  return { kind, amount, currency, reference, description, from, to, ...(quantity && { quantity: Number(quantity) }) };
}

function referenceIn({ reference }: Flags): string {
  if (reference !== undefined) return reference;
  throw new Error('Name the payment: --reference X. Repeating the command with that reference changes nothing.');
}

function organizationPath({ organization }: Flags): string {
  if (organization === undefined) throw new Error('Say which: --organization org_...');
  return `/operator/orgs/${encodeURIComponent(organization)}`;
}
