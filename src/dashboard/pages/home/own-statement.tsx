/** One's own statement: what oneself used in a month, to hand in or keep. */
import { useState } from 'react';
import { Money } from '../../parts/money.tsx';
import { MonthSelect } from '../../parts/months.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone, Failed } from '../../parts/state.tsx';
import { StatementFiles, StatementNote, useStatement, useStatementMonths } from '../../parts/statement.tsx';

export default function OwnStatement({ memberId }: { memberId: string }) {
  const { months, usual, error } = useStatementMonths();
  const [chosen, setChosen] = useState<string>();
  const month = chosen ?? usual;
  const of = { memberId };
  const statement = useStatement(month, of);
  return (
    <Section
      title="Your statement"
      actions={
        month && (
          <span className="flex flex-wrap items-center gap-2">
            <MonthSelect label="Month of your statement" months={months} value={month} onChange={setChosen} />
            <StatementFiles month={month} of={of} lines={statement.data?.lines.length} />
          </span>
        )
      }
    >
      {error ? (
        <Failed error={error} />
      ) : (
        <Answered query={statement} skeleton={<Bone className="h-12 w-full" />}>
          {(shown) => (
            <>
              <p className="text-kumo-default">
                <Money amount={shown.totals.cost} className="font-medium" /> for{' '}
                {formatCount(shown.totals.requestCount)} requests and {formatCount(shown.totals.totalTokens)} tokens.
              </p>
              <StatementNote statement={shown} />
            </>
          )}
        </Answered>
      )}
    </Section>
  );
}
