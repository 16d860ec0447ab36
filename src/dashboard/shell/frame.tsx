/** What stands around every page of an organization: sidebar, top bar, command palette. */
import { Button } from '@cloudflare/kumo/components/button';
import { Sidebar } from '@cloudflare/kumo/components/sidebar';
import { MagnifyingGlassIcon } from '@phosphor-icons/react';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Bone } from '../parts/state.tsx';
import { BASE } from './base.ts';
import { addressOf, entriesFor, GROUPS, isMarked } from './navigation.ts';
import { useHere } from './session.ts';

const Palette = lazy(() => import('./palette.tsx'));
// Menus are large, and nobody opens one at once: until they are there, what opens them is as grey as they are.
const OrganizationMenu = lazy(() => import('./organization-menu.tsx'));
const Deleted = lazy(() => import('./deleted.tsx'));
const AccountMenu = lazy(() => import('./account-menu.tsx'));

export function Frame() {
  const { deletedAt } = useHere();
  return (
    <Sidebar.Provider className="min-h-dvh bg-kumo-canvas" collapsible="icon">
      <a
        href="#content"
        className="sr-only z-50 rounded bg-kumo-base p-2 text-kumo-default focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <Navigation />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar />
        <main id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          {deletedAt === null ? (
            <Outlet />
          ) : (
            <Suspense>
              <Deleted since={deletedAt} />
            </Suspense>
          )}
        </main>
      </div>
    </Sidebar.Provider>
  );
}

function Navigation() {
  const here = useHere();
  const entries = entriesFor(here);
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const home = addressOf(here.organizationId, '');
  const isOpen = (path: string) => {
    const address = addressOf(here.organizationId, path);
    return address === home ? pathname === home || pathname === `${home}/` : `${pathname}/`.startsWith(`${address}/`);
  };
  return (
    <Sidebar aria-label="Pages" className="md:sticky md:top-0 md:h-dvh">
      <Sidebar.Header>
        <Suspense fallback={<Bone className="h-9 w-full" />}>
          <OrganizationMenu />
        </Suspense>
      </Sidebar.Header>
      <Sidebar.Content>
        {GROUPS.map(({ group, label }) => {
          const shown = entries.filter((entry) => entry.group === group);
          if (shown.length === 0) return null;
          return (
            <Sidebar.Group key={group}>
              {label && <Sidebar.GroupLabel>{label}</Sidebar.GroupLabel>}
              <Sidebar.Menu>
                {shown.map((entry) => (
                  <Sidebar.MenuButton
                    key={entry.path}
                    icon={entry.icon}
                    href={BASE + addressOf(here.organizationId, entry.path)}
                    active={isOpen(entry.path)}
                    aria-current={isOpen(entry.path) ? 'page' : undefined}
                    tooltip={entry.label}
                  >
                    {entry.label}
                    {isMarked(here, entry) && <Sidebar.MenuBadge>Enterprise</Sidebar.MenuBadge>}
                  </Sidebar.MenuButton>
                ))}
              </Sidebar.Menu>
            </Sidebar.Group>
          );
        })}
      </Sidebar.Content>
      <Sidebar.Footer>
        <Sidebar.Trigger />
      </Sidebar.Footer>
    </Sidebar>
  );
}

function TopBar() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <header className="sticky top-0 z-10 flex h-14 items-center gap-2 border-b border-kumo-hairline bg-kumo-canvas px-4">
      <div className="md:hidden">
        <Sidebar.Trigger aria-label="Open the menu" />
      </div>
      <div className="flex-1" />
      <Button variant="secondary" size="sm" icon={MagnifyingGlassIcon} onClick={() => setOpen(true)}>
        <span>Go to</span>
        <kbd className="ml-2 hidden text-xs text-kumo-subtle sm:inline">Ctrl K</kbd>
      </Button>
      <Suspense fallback={<Bone className="size-9" />}>
        <AccountMenu />
      </Suspense>
      {open && (
        <Suspense>
          <Palette close={() => setOpen(false)} />
        </Suspense>
      )}
    </header>
  );
}
