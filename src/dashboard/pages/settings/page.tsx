/** Settings: of the organization, its provider keys and master keys, and the health of its books. */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { AccessNotice } from '../../parts/access.tsx';
import { Page } from '../../parts/page.tsx';
import { Bone } from '../../parts/state.tsx';
import { type Ability, useHere } from '../../shell/session.ts';
import { OrganizationSettings } from './organization-settings.tsx';
import { type SettingsSearch, settingsRoute } from './route.ts';

const ProviderKeys = lazy(() => import('./provider-keys.tsx'));
const MasterKeys = lazy(() => import('./master-keys.tsx'));
const Books = lazy(() => import('./books.tsx'));

type View = NonNullable<SettingsSearch['view']>;

const TABS: { value: View; label: string; needs: Ability }[] = [
  { value: 'organization', label: 'Organization', needs: 'settings.write' },
  { value: 'provider-keys', label: 'Provider keys', needs: 'provider_keys.read' },
  { value: 'master-keys', label: 'Master keys', needs: 'master_keys.read' },
  { value: 'books', label: 'Books', needs: 'health.read' },
];

export function SettingsPage() {
  const here = useHere();
  const search = settingsRoute.useSearch();
  const navigate = useNavigate({ from: settingsRoute.fullPath });
  const tabs = TABS.filter(({ needs }) => here.may(needs));
  const view = tabs.find(({ value }) => value === search.view)?.value ?? tabs[0]?.value;
  const openNew = (open: boolean) =>
    navigate({ search: (was) => ({ ...was, view, new: open || undefined }), replace: !open });
  const dialog = { isOpen: search.new === true, open: () => openNew(true), close: () => openNew(false) };
  return (
    <Page title="Settings" description={here.name}>
      {view === undefined ? (
        <AccessNotice roles="owners, admins and finance admins" what="settings" />
      ) : (
        <>
          <Tabs
            tabs={tabs}
            variant="underline"
            value={view}
            onValueChange={(value) => navigate({ search: { view: value as View } })}
          />
          <Suspense fallback={<Bone className="h-64 w-full" />}>
            {view === 'organization' && <OrganizationSettings />}
            {view === 'provider-keys' && <ProviderKeys dialog={dialog} />}
            {view === 'master-keys' && <MasterKeys dialog={dialog} />}
            {view === 'books' && <Books />}
          </Suspense>
        </>
      )}
    </Page>
  );
}

/** Whether what makes a new one is open: it is in the address. */
export interface NewDialog {
  isOpen: boolean;
  open: () => void;
  close: () => void;
}
