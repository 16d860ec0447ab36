/** One API key: its statistics, its limits and what it may be used for. Also of a deleted one, whose usage stays. */
import { Button } from '@cloudflare/kumo/components/button';
import { ShieldCheckIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { KeyUsage } from '../../../../client/index.ts';
import { GROUPS_SHOWN, groupedBy } from '../../parts/breakdown.ts';
import { CsvLink } from '../../parts/csv-link.tsx';
import { DateRange } from '../../parts/date-range.tsx';
import { LimitMeter } from '../../parts/limit-meter.tsx';
import { keyLimits } from '../../parts/limits.ts';
import { Page, Section } from '../../parts/page.tsx';
import { granularityOf, rangeQuery } from '../../parts/range.ts';
import { Answered } from '../../parts/state.tsx';
import { BreakdownTabs, UsageBones, UsageBreakdown } from '../../parts/usage-breakdown.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
import { asking, forget, isRefusal, purser } from '../../shell/api.ts';
import { type Here, useHere } from '../../shell/session.ts';
import { KeyFacts } from './key-facts.tsx';
import { keyRoute } from './route.ts';

const RulesDialog = lazy(() => import('../../parts/rules-dialog.tsx'));

export function KeyPage() {
  const here = useHere();
  const { organizationId } = here;
  const { keyId } = keyRoute.useParams();
  const search = keyRoute.useSearch();
  const navigate = useNavigate({ from: keyRoute.fullPath });
  const go = (next: Partial<typeof search>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const range = rangeQuery(search);
  const query = {
    organizationId,
    ...range,
    groupBy: groupedBy('model', search),
    granularity: granularityOf(range),
  };
  const usage = useQuery(
    asking('GET /analytics/keys/{keyId}', { path: { keyId }, query: { ...query, limit: GROUPS_SHOWN } }),
  );
  const close = () => navigate({ search: (was) => ({ ...was, rules: undefined }), replace: true });
  // Of another's key nothing is told, not even that it is there.
  if (isRefusal(usage.error, 404)) throw usage.error;
  const answer = typeof usage.data === 'object' ? usage.data : undefined;
  return (
    <Page
      title={answer?.key.name ?? 'API key'}
      description={answer && <span className="font-mono text-sm">{answer.key.maskedKey}</span>}
      actions={<DateRange search={search} onSearch={go} />}
    >
      <div className="flex flex-wrap items-center justify-between gap-3">
        <BreakdownTabs search={search} onSearch={go} byModel />
        <CsvLink path={`/analytics/keys/${keyId}`} query={query} />
      </div>
      <Answered query={{ ...usage, data: answer }} skeleton={<UsageBones />}>
        {({ key, summary, activity, timezone }) => (
          <>
            <UsageFigures totals={summary} errors />
            <UsageBreakdown
              by="by model"
              measure={search.measure ?? 'cost'}
              points={activity}
              totals={summary}
              timezone={timezone}
            />
            <div className="grid gap-6 lg:grid-cols-2">
              <Section title="Limits">
                {keyLimits(key).length === 0 ? (
                  <p className="text-kumo-default">It has no limits of its own; its member’s budget binds it.</p>
                ) : (
                  <div className="flex flex-col gap-6">
                    {keyLimits(key).map((limit) => (
                      <LimitMeter key={limit.label} {...limit} />
                    ))}
                  </div>
                )}
              </Section>
              <Section
                title="About this key"
                actions={
                  mayChange(here, key) && (
                    <Button size="sm" icon={ShieldCheckIcon} onClick={() => go({ rules: true })}>
                      Edit rules
                    </Button>
                  )
                }
              >
                <KeyFacts apiKey={key} />
              </Section>
            </div>
            {search.rules && mayChange(here, key) && (
              <Suspense>
                <RulesDialog
                  name={key.name}
                  rules={key.rules}
                  reach="The rules of its member bind it as well."
                  save={(rules) =>
                    purser.call('PATCH /orgs/{orgId}/keys/{keyId}', {
                      path: { orgId: organizationId, keyId },
                      body: { rules },
                    })
                  }
                  saved={() =>
                    forget('GET /orgs/{orgId}/keys', 'GET /orgs/{orgId}/keys/{keyId}', 'GET /analytics/keys/{keyId}')
                  }
                  close={close}
                />
              </Suspense>
            )}
          </>
        )}
      </Answered>
    </Page>
  );
}

/** Whether one may change this key: one's own, for owners and admins everybody's. */
function mayChange(here: Here, { deleted, memberId }: KeyUsage['key']): boolean {
  return !deleted && (here.may('keys.manage') || (here.may('keys.own') && memberId === here.memberId));
}
