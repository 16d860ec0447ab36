/**
 * `npm run purser -- <command>`: what the operator of a Purser does. It asks the server that runs on a data folder here,
 * with the secret which that server left there for its owner to read; or, with --remote, a deployment.
 */
import { parseArgs } from 'node:util';
import { type Call, callOf } from './operator-calls.ts';
import { DATA_DEFAULT, type Operator } from './operator-file.ts';
import { ask, local, remote } from './operator-server.ts';

const HELP = `npm run purser -- <command> [--organization ID] [--data ${DATA_DEFAULT} | --remote]

Setting up
  set-up-code                            a new code for the first owner; needs no --organization
  plan --plan free|pro|enterprise        what the organization has (README: plans)
  seats --seats N | none                 pro: seats bought; enterprise: all seats of the contract

Prices
  price --model openai/gpt-5.5 --rates input=5,cachedInput=0.5,output=30 [--long 272000:input=10,output=45]
                                         what a model costs here, in place of the built-in price: USD for a million tokens, or
                                         for a thousand of anything else (page, image, character, audioSecond, ...)
  price --model openai/gpt-5.5 --clear   the built-in price again
      --from 2026-12-01T00:00:00Z        of either: from that instant on; else since ever

Money
  metered --on | --off                   whether requests spend the organization's wallet
  wallet-top-up --amount 12.50 --id ID   add credit; the same id again changes nothing
  wallet-refund --amount 12.50 --id ID   take credit out

Billing (docs/billing.md); the same --reference again changes nothing
  payment --kind top_up|subscription|seats --amount 100 --reference X
                                         what was paid by transfer: an invoice, and of a top_up credit for the wallet (USD).
                                         The amount is of one, before taxes
      [--currency EUR] [--quantity 12] [--description T] [--from 2026-11-01 --to 2026-11-30]
  invoice --due 2026-12-22 ...           as payment, but sent before it is paid
  payment --invoice txn_...              that invoice was paid
  invoice --void txn_...                 takes an invoice back that was not paid: a credit note of all of it
  payment --refund txn_... --reference X [--amount 50]
                                         gives back a charge, or so much of it with its taxes: a credit note

Secrets
  reseal-provider-keys                   after PROVIDER_KEY_SECRET was changed, and the one before bound as
                                         PROVIDER_KEY_SECRET_PREVIOUS: seals organizations' provider keys anew. Repeat it
                                         until left and pending are 0, then unbind the one before (docs/provider-keys.md)

Databases (docs/usage-databases.md)
  move-usage --to USAGE_DB_1             has the organization's usage lie in another database (DB: the main one), while requests are
                                         served; asks until it is done, and goes on where it was when it is called again.
                                         To where it lies: calls a move off that is under way

Usage
  backfill [--organization ID]           compares the sums of usage with what they are sums of, of one organization or all,
                                         makes them right, and says what was wrong; may be broken off and repeated

When something was lost (docs/recovery.md)
  restore                                undo the deletion of the organization, within 30 days
  rebuild --member ID [--force]          a member's object forgets what it counts and begins again with what D1 knows
  d1-restored --to INSTANT               D1 was restored to that instant: say so in the audit log, which else is cut for ever,
                                         and make D1's policies the newest again
  These two only tell what they would change, until they are given --yes. rebuild refuses while the object knows of
  spending that D1 does not; --force loses it.

  --data DIR   the data folder of a running \`npm start\`
  --remote     a deployment: PURSER_URL and OPERATOR_SECRET, as bound there, from the environment

Every command is told by the organization's audit log.`;

/** So often in a row a move may be interrupted before somebody should look at why. */
const MOVE_FAILURES_MAX = 5;

interface MoveTold {
  database: string;
  done: boolean;
  phase: string;
  table: string | null;
  copied: number;
  deleted: number;
  waits: { forWhat: string; ms: number } | null;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
// Not left to an empty event loop: the channel to scripts/bootstrap.mjs holds it.
process.exit(0);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      organization: { type: 'string' },
      amount: { type: 'string' },
      kind: { type: 'string' },
      currency: { type: 'string' },
      reference: { type: 'string' },
      description: { type: 'string' },
      quantity: { type: 'string' },
      due: { type: 'string' },
      invoice: { type: 'string' },
      void: { type: 'string' },
      refund: { type: 'string' },
      id: { type: 'string' },
      on: { type: 'boolean', default: false },
      off: { type: 'boolean', default: false },
      plan: { type: 'string' },
      seats: { type: 'string' },
      model: { type: 'string' },
      rates: { type: 'string' },
      long: { type: 'string' },
      from: { type: 'string' },
      clear: { type: 'boolean', default: false },
      member: { type: 'string' },
      to: { type: 'string' },
      force: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      data: { type: 'string', default: DATA_DEFAULT },
      remote: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') return console.log(HELP);
  if (rest.length > 0) throw new Error(`One command at a time; what is ${rest.join(' ')}?`);
  if (command === 'backfill')
    return backfill(values.remote ? remote() : local(values.data), values.organization ?? null);
  const call = callOf(command, values);
  if (!call) throw new Error(`There is no command ${command}.\n\n${HELP}`);
  const operator = values.remote ? remote() : local(values.data);
  if (command === 'move-usage') return moveUsage(operator, call);
  console.log(await ask(operator, call));
  if (call.body && 'apply' in call.body && !values.yes) {
    console.error('Nothing has changed: this is what the command would do. To do it, repeat it with --yes.');
  }
}

/** Asks again and again, and tells how far it is, until it is done. */
async function backfill(operator: Operator, organizationId: string | null): Promise<void> {
  for (let begin = true; ; begin = false) {
    const answer = await ask(operator, { method: 'POST', path: '/operator/backfill', body: { begin, organizationId } });
    const { more, organizations } = JSON.parse(answer) as { more: boolean; organizations: Backfilled[] };
    for (const one of organizations) {
      if (one.finished && more) continue;
      const changed = `${one.factsChanged} facts and ${one.totalsChanged} running totals were wrong`;
      console.log(`${one.organizationId}: ${one.finished ? 'done' : `up to ${one.doneUpTo}`}; ${changed}`);
    }
    if (!more) return;
  }
}

interface Backfilled {
  organizationId: string;
  finished: boolean;
  doneUpTo: string;
  factsChanged: number;
  totalsChanged: number;
}

/** Asks until the move is done, and tells how far it is. What is interrupted is asked again, for as long as that gets on. */
async function moveUsage(operator: Operator, call: Call): Promise<void> {
  for (let failures = 0; ; ) {
    let told: MoveTold;
    try {
      told = JSON.parse(await ask(operator, call));
      failures = 0;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('call again') || ++failures > MOVE_FAILURES_MAX)
        throw error;
      console.error(error.message);
      continue;
    }
    const { phase, table, copied, deleted, waits } = told;
    console.log(`${phase}${table ? ` ${table}` : ''}: ${copied} rows copied, ${deleted} deleted`);
    if (told.done) return console.log(`The usage lies in ${told.database}.`);
    if (!waits) continue;
    console.log(`waiting ${Math.ceil(waits.ms / 1000)} s for ${waits.forWhat}`);
    await new Promise((resolve) => setTimeout(resolve, waits.ms));
  }
}
