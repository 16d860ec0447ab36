/** API keys: one's own, for owners and admins also everybody's. What is done to one is asked over the list. */
import { Button } from '@cloudflare/kumo/components/button';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { Tabs } from '@cloudflare/kumo/components/tabs';
import {
  ArrowsClockwiseIcon,
  ChartBarIcon,
  PauseIcon,
  PencilSimpleIcon,
  PlayIcon,
  PlusIcon,
  TrashIcon,
} from '@phosphor-icons/react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ApiKey } from '../../../../client/index.ts';
import { Needs } from '../../parts/access.tsx';
import { ActionsMenu } from '../../parts/actions-menu.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Page } from '../../parts/page.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { keyColumns } from './key-columns.tsx';
import { KeyLimitsDialog } from './key-limits-dialog.tsx';
import { NewKeyDialog } from './new-key-dialog.tsx';
import { type KeysSearch, keysRoute } from './route.ts';
import { ShownOnce } from './shown-once.tsx';

/** What is being asked about one key. */
type Asked = { deed: 'roll' | 'delete' | 'limits'; key: ApiKey } | null;

/** As many rows as fit a screen. */
const PAGE_SIZE = 25;

export function KeysPage() {
  const here = useHere();
  const search = keysRoute.useSearch();
  const navigate = useNavigate({ from: keysRoute.fullPath });
  const [asked, setAsked] = useState<Asked>(null);
  const [secret, setSecret] = useState<{ name: string; secret: string } | null>(null);
  const everybody = search.everybody === true && here.may('keys.manage');
  const { organizationId: orgId } = here;
  const keys = useQuery({
    ...asking('GET /orgs/{orgId}/keys', {
      path: { orgId },
      query: {
        limit: PAGE_SIZE,
        q: search.q,
        sort: search.sort ?? '-createdAt',
        cursor: search.cursor,
        projectId: search.projectId,
        memberId: everybody ? undefined : 'me',
      },
    }),
    enabled: here.may('keys.own'),
  });
  const go = (next: Partial<KeysSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const close = () => setAsked(null);
  const columns = useColumns(setAsked);
  const title = everybody ? 'API keys of everybody' : 'Your API keys';
  return (
    <Page
      title="API keys"
      description="What your tools present to Purser. All keys of a member spend that member’s budget."
      actions={
        here.may('keys.own') && (
          <Button variant="primary" icon={PlusIcon} onClick={() => go({ new: true })}>
            New API key
          </Button>
        )
      }
    >
      <Needs ability="keys.own" roles="owners, admins and developers" what="API keys">
        <div className="flex flex-wrap items-center justify-between gap-3">
          {here.may('keys.manage') && (
            <Tabs
              tabs={[
                { value: 'own', label: 'Yours' },
                { value: 'everybody', label: 'Everybody’s' },
              ]}
              value={everybody ? 'everybody' : 'own'}
              onValueChange={(value) => go({ everybody: value === 'everybody' || undefined, cursor: undefined })}
            />
          )}
          <SearchField label="Search keys" search={search} onSearch={(next) => go(next as KeysSearch)} />
        </div>
        <Table
          label={title}
          columns={columns}
          rows={keys.data?.keys}
          idOf={({ id }) => id}
          error={keys.error}
          again={keys.refetch}
          search={search}
          onSearch={(next) => go(next as KeysSearch)}
          nextCursor={keys.data?.nextCursor ?? null}
          empty={
            search.q ? (
              <Nothing title="No key is called so" />
            ) : (
              <Nothing
                title="No API key yet"
                action={
                  <Button variant="primary" onClick={() => go({ new: true })}>
                    Make the first one
                  </Button>
                }
              >
                Each tool should have one of its own, so that you see what it costs and can stop it alone.
              </Nothing>
            )
          }
        />
      </Needs>
      {search.new && here.may('keys.own') && (
        <NewKeyDialog
          projectId={search.projectId}
          close={() => navigate({ search: (was) => ({ ...was, new: undefined }), replace: true })}
          made={setSecret}
        />
      )}
      {secret && <ShownOnce {...secret} close={() => setSecret(null)} />}
      {asked?.deed === 'limits' && <KeyLimitsDialog apiKey={asked.key} close={close} />}
      {asked?.deed === 'delete' && (
        <Confirm
          title={`Delete ${asked.key.name}?`}
          consequence="Its next request is refused, and a running stream ends. That cannot be undone. What it spent stays spent, and stays in analytics."
          deed="Delete key"
          act={async () => {
            await purser.call('DELETE /orgs/{orgId}/keys/{keyId}', { path: { orgId, keyId: asked.key.id } });
            toast.done(`${asked.key.name} is deleted.`);
            await forget('GET /orgs/{orgId}/keys');
          }}
          close={close}
        />
      )}
      {asked?.deed === 'roll' && (
        <Confirm
          title={`Roll ${asked.key.name}?`}
          consequence="It gets another secret, shown once. The old one is refused at once; its limits and usage stay."
          deed="Roll key"
          destructive={false}
          act={async () => {
            setSecret(
              await purser.call('POST /orgs/{orgId}/keys/{keyId}/roll', { path: { orgId, keyId: asked.key.id } }),
            );
            await forget('GET /orgs/{orgId}/keys');
          }}
          close={close}
        />
      )}
    </Page>
  );
}

function useColumns(ask: (asked: Asked) => void): Column<ApiKey>[] {
  const { organizationId: orgId } = useHere();
  const projects = useQuery(asking('GET /orgs/{orgId}/projects', { path: { orgId }, query: { limit: 100 } }));
  const projectName = (id: string) => projects.data?.projects.find((project) => project.id === id)?.name ?? '';
  const { name, status, spent, limit, lastUsed } = keyColumns(orgId);
  return [
    { ...name, sort: { by: 'name', first: 'up' } },
    { header: 'Project', cell: ({ projectId }) => projectName(projectId), from: 'lg' },
    status,
    spent,
    limit,
    { ...lastUsed, sort: { by: 'lastUsedAt', first: 'down' } },
    { header: 'Actions', cell: (key) => <Actions apiKey={key} ask={ask} />, align: 'right' },
  ];
}

function Actions({ apiKey, ask }: { apiKey: ApiKey; ask: (asked: Asked) => void }) {
  const { organizationId: orgId } = useHere();
  const navigate = useNavigate();
  const isActive = apiKey.status === 'active';
  const turn = useMutation({
    mutationFn: () =>
      purser.call('PATCH /orgs/{orgId}/keys/{keyId}', {
        path: { orgId, keyId: apiKey.id },
        body: { status: isActive ? 'disabled' : 'active' },
      }),
    onSuccess: async () => {
      toast.done(isActive ? `${apiKey.name} is disabled.` : `${apiKey.name} is enabled.`);
      await forget('GET /orgs/{orgId}/keys');
    },
    onError: toast.failed,
  });
  return (
    <ActionsMenu of={apiKey.name}>
      <DropdownMenu.Item
        icon={ChartBarIcon}
        onClick={() => navigate({ to: '/orgs/$orgId/keys/$keyId', params: { orgId, keyId: apiKey.id } })}
      >
        View statistics
      </DropdownMenu.Item>
      <DropdownMenu.Item icon={PencilSimpleIcon} onClick={() => ask({ deed: 'limits', key: apiKey })}>
        Name and limits
      </DropdownMenu.Item>
      <DropdownMenu.Item icon={ArrowsClockwiseIcon} onClick={() => ask({ deed: 'roll', key: apiKey })}>
        Roll
      </DropdownMenu.Item>
      <DropdownMenu.Item icon={isActive ? PauseIcon : PlayIcon} onClick={() => turn.mutate()}>
        {isActive ? 'Disable' : 'Enable'}
      </DropdownMenu.Item>
      <DropdownMenu.Separator />
      <DropdownMenu.Item icon={TrashIcon} variant="danger" onClick={() => ask({ deed: 'delete', key: apiKey })}>
        Delete
      </DropdownMenu.Item>
    </ActionsMenu>
  );
}
