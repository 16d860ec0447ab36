/** A statement as the document that is printed: amounts in cents which add up, beside exact ones (cents.ts says how). */

import type { MinorUnits } from '../../money/minor-units.ts';
import { formatUsd } from '../../money/nanos.ts';
import { showUsed, type Used } from '../../usage/used.ts';
import type { Statement as Document, UsageSum } from '../documents/document.ts';
import { nearestCent, shareCents } from './cents.ts';
import { costOf, isPreliminary, type Statement } from './statement.ts';

export function statementDocument(statement: Statement): Document {
  const { organization, project, member, month, rolledUpTo, projects, members, total } = statement;
  const whole = nearestCent(costOf(total));
  const shares = share(whole, projects);
  return {
    kind: 'statement',
    organization: organization.name,
    country: organization.country,
    project: project?.name ?? null,
    member: member?.name ?? null,
    month: month.name,
    period: { from: month.firstDay, to: month.lastDay },
    timeZone: month.timeZone,
    asOf: rolledUpTo,
    preliminary: isPreliminary(statement),
    groups: shares.map(({ of, amount }) => ({
      project: of.project.name,
      ...sumOf(of.used, amount),
      lines: share(amount, of.lines).map((line) => ({
        member: line.of.member.name,
        model: line.of.model,
        ...sumOf(line.of.used, line.amount),
      })),
    })),
    total: sumOf(total, whole),
    ledger: members.map(({ member: { name }, ledger: { sequence, used } }) => ({
      member: name,
      first: sequence?.first ?? null,
      last: sequence?.last ?? null,
      requests: showUsed(used).requestCount,
      exact: formatUsd(costOf(used)),
    })),
    currency: 'USD',
    language: 'en',
    logo: null,
    colour: null,
  };
}

function share<Part extends { used: Used }>(whole: MinorUnits, parts: readonly Part[]) {
  const amounts = shareCents(
    whole,
    parts.map(({ used }) => costOf(used)),
  );
  return parts.flatMap((of, i) => (amounts[i] === undefined ? [] : [{ of, amount: amounts[i] }]));
}

function sumOf(used: Used, amount: MinorUnits): UsageSum {
  const { requestCount, inputTokens, outputTokens } = showUsed(used);
  return { requests: requestCount, inputTokens, outputTokens, amount, exact: formatUsd(costOf(used)) };
}
