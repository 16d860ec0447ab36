/** The health of the books: whether what members' budgets say and what is recorded agree, to the nanodollar. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Health, MemberBooks } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Figure, Section } from '../../parts/page.tsx';
import { Answered, Bone, Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, purser, queryClient } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export default function Books() {
  const { organizationId: orgId } = useHere();
  const stored = asking('GET /orgs/{orgId}/health', { path: { orgId } });
  const health = useQuery(stored);
  const prove = useMutation({
    mutationFn: () => purser.call('GET /orgs/{orgId}/health', { path: { orgId }, query: { prove: 'now' } }),
    onSuccess: (proven) => {
      queryClient.setQueryData(stored.queryKey, proven);
      toast.done(proven.ok ? 'Proven: nothing differs.' : 'Proven: see what differs.');
    },
    onError: toast.failed,
  });
  return (
    <Section
      title="Health of the books"
      card={false}
      actions={
        <Button size="sm" loading={prove.isPending} onClick={() => prove.mutate()}>
          Prove now
        </Button>
      }
    >
      <Answered query={health} skeleton={<Bone className="h-64 w-full" />}>
        {(shown) => (
          <div className="flex flex-col gap-5">
            <Summary health={shown} />
            {shown.wallet.findings.length > 0 && (
              <Banner
                variant="error"
                title="The wallet and its transactions differ"
                description={shown.wallet.findings.map(({ id }) => id).join(', ')}
              />
            )}
            {shown.stale.length > 0 && (
              <Banner
                title="Some parts were not looked at for too long"
                description={shown.stale
                  .map(({ part, memberId }) => (memberId ? `${part} of ${nameOf(shown, memberId)}` : part))
                  .join(', ')}
              />
            )}
            <Table
              label="Books of each member"
              columns={COLUMNS}
              rows={shown.books}
              idOf={({ memberId }) => memberId}
              empty={<Nothing title="No member has books yet" />}
            />
          </div>
        )}
      </Answered>
    </Section>
  );
}

function Summary({ health }: { health: Health }) {
  const { ok, difference, members, differing, unproven, overrun, unresolved, provenAt, rolledUpTo } = health;
  return (
    <>
      <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Figure label="State" note={`of ${formatCount(members)} members`}>
          {ok ? 'Proven' : differing > 0 ? `${formatCount(differing)} differ` : `${formatCount(unproven)} not proven`}
        </Figure>
        <Figure label="Difference" note="nanodollars, in all">
          {difference}
        </Figure>
        <Figure label="Overrun" note="charged by providers beyond holds">
          <Money amount={overrun} />
        </Figure>
        <Figure label="Unresolved" note="charged at most, as nobody can know">
          <Money amount={unresolved} />
        </Figure>
      </dl>
      <p className="text-sm text-kumo-subtle">
        Nobody’s proof is older than <Moment at={provenAt} none="any: some were never proven" />. Usage is in reports up
        to <Moment at={rolledUpTo} none="nowhere yet" />.
      </p>
    </>
  );
}

/** Of usage that is nobody's only an id is known. */
function nameOf({ books }: Health, memberId: string): string {
  return books.find((one) => one.memberId === memberId)?.name ?? memberId;
}

const COLUMNS: Column<MemberBooks>[] = [
  {
    header: 'Member',
    cell: ({ memberId, name, findings, unproven }) => (
      <>
        {name ?? memberId}
        {findings.map(({ side, amount, day, sequences }) => (
          <span key={`${side} ${day} ${sequences}`} className="block text-xs text-kumo-subtle">
            {side}: {amount} nanodollars{day && ` on ${day}`}
            {sequences && `, events ${sequences}`}
          </span>
        ))}
        {unproven && <span className="block text-xs text-kumo-subtle">{unproven.why}</span>}
      </>
    ),
  },
  {
    header: 'State',
    cell: ({ difference, unproven, provenAt }) =>
      difference !== '0' ? (
        <Badge variant="error">Differs</Badge>
      ) : unproven || !provenAt ? (
        <Badge variant="outline">Not proven</Badge>
      ) : (
        <Badge variant="success">Proven</Badge>
      ),
  },
  {
    header: 'Difference, nanodollars',
    cell: ({ difference }) => <span className="tabular-nums">{difference}</span>,
    align: 'right',
    from: 'md',
  },
  { header: 'Held', cell: ({ held }) => <Money amount={held} />, align: 'right', from: 'sm' },
  { header: 'Overrun', cell: ({ overrun }) => <Money amount={overrun} />, align: 'right', from: 'lg' },
  { header: 'Unresolved', cell: ({ unresolved }) => <Money amount={unresolved} />, align: 'right', from: 'lg' },
  { header: 'To be shipped', cell: ({ unshipped }) => unshipped ?? '–', align: 'right', from: 'lg' },
  { header: 'Proven', cell: ({ provenAt }) => <Moment at={provenAt} />, from: 'sm' },
];
