/** Budgets of the team: who asks for more, and the budget that developers inherit. */
import { Needs } from '../../parts/access.tsx';
import { Page } from '../../parts/page.tsx';
import { useHere } from '../../shell/session.ts';
import { Personal } from '../team/personal.tsx';
import { DeveloperDefault } from './developer-default.tsx';
import { Requests } from './requests.tsx';

export function BudgetsPage() {
  const here = useHere();
  return (
    <Page
      title="Budgets"
      description={
        here.may('budgets.read')
          ? 'Who asks for more, and what developers may spend unless their own budget says otherwise.'
          : undefined
      }
    >
      <Needs ability="budgets.read" roles="owners, admins and finance admins" what="the team’s budgets">
        {here.kind === 'team' ? (
          <>
            <Requests />
            <DeveloperDefault />
          </>
        ) : (
          <Personal what="Member budgets" />
        )}
      </Needs>
    </Page>
  );
}
