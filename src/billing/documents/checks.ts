/**
 * Whether a document's amounts fit together. They were computed by whoever made it, and perhaps by a payment provider: a
 * document that contradicts itself is a bug, so this throws, with the document's number, before anyone sees it.
 */
import {
  addMinorUnits,
  exponentOf,
  formatMinorUnits,
  type MinorUnits,
  percentOf,
  timesDecimal,
} from '../../money/minor-units.ts';
import type { BillingDocument, PrintedDocument, Statement, UsageSum } from './document.ts';

export function checkDocument(document: PrintedDocument): void {
  if (document.kind === 'statement') checkStatement(document);
  else checkBilling(document);
}

/** What is shown adds up on every level, and shows nothing as a unit more or less than it is. */
function checkStatement({ organization, month, currency, groups, total }: Statement): void {
  const fail = (what: string): never => {
    throw new Error(`statement ${month} of ${organization}: ${what}`);
  };
  const unit = 10 ** -exponentOf(currency);
  const added = (what: string, whole: UsageSum, parts: readonly UsageSum[]) => {
    // Of a difference so small a double is exact enough: either side of it is a whole number of units or less than one away.
    for (const { amount, exact } of parts)
      if (Math.abs(amount * unit - Number(exact)) >= unit * (1 + 1e-6))
        fail(`${exact} is shown as ${formatMinorUnits(amount, currency)}`);
    for (const of of ['requests', 'inputTokens', 'outputTokens', 'amount'] as const)
      if (parts.reduce((sum, part) => sum + part[of], 0) !== whole[of]) fail(`${of} of ${what} do not add up`);
  };
  added('the whole', total, groups);
  for (const group of groups) added(group.project, group, group.lines);
}

function checkBilling(document: BillingDocument): void {
  const { number, currency, lines, fees, taxes, totals } = document;
  const shown = (amount: MinorUnits) => formatMinorUnits(amount, currency);
  const fail = (what: string): never => {
    throw new Error(`${document.kind} ${number}: ${what}`);
  };
  const equal = (what: string, actual: MinorUnits, expected: MinorUnits) => {
    if (actual !== expected) fail(`${what} is ${shown(actual)}, but should be ${shown(expected)}`);
  };

  if (lines.length === 0) fail('has no lines');
  for (const { description, quantity, unitPrice, amount } of lines)
    equal(`the amount of "${description}"`, amount, timesDecimal(unitPrice, quantity));

  const charged = [...lines, ...fees];
  for (const { percent, taxable, amount } of taxes) {
    if (taxes.filter((tax) => tax.percent === percent).length > 1) fail(`has two taxes of ${percent}%`);
    const taxed = charged.filter((one) => one.taxPercent === percent);
    equal(`what is taxed at ${percent}%`, taxable, addMinorUnits(...taxed.map((one) => one.amount)));
    // Who computed the tax may have rounded each line or the sum, and a half up or to even: each way is half a unit a line.
    if (Math.abs(amount - percentOf(taxable, percent)) > Math.ceil(taxed.length / 2))
      fail(`${shown(amount)} are not ${percent}% of ${shown(taxable)}`);
    if (document.reverseCharge && amount !== 0) fail('charges a tax that the buyer owes');
  }
  for (const { taxPercent } of charged)
    if (taxPercent !== null && !taxes.some(({ percent }) => percent === taxPercent))
      fail(`has a line taxed at ${taxPercent}%, and no such tax`);
  if (document.reverseCharge && !(document.seller.taxId && document.buyer.taxId))
    fail('leaves the tax to the buyer without both tax ids');

  const added = [...fees, ...taxes].map(({ amount }) => amount);
  equal('the subtotal', totals.subtotal, addMinorUnits(...lines.map(({ amount }) => amount)));
  equal('the total', totals.total, addMinorUnits(totals.subtotal, ...added));
  equal('what is due', totals.due, addMinorUnits(totals.total, -totals.paid as MinorUnits));
  if (document.kind === 'invoice' ? totals.total < 0 : totals.total > 0)
    fail(`has the wrong sign: ${shown(totals.total)}`);
}
