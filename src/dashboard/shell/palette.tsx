/** The command palette (Ctrl or Cmd and K): pages, projects, organizations and what is often done, by a few letters. Loaded with its first use. */
import { CommandPalette } from '@cloudflare/kumo/components/command-palette';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { asking } from './api.ts';
import { BASE } from './base.ts';
import { addressOf, entriesFor } from './navigation.ts';
import { useHere, useMe } from './session.ts';
import { chooseTheme, useMode } from './theme.ts';

interface Command {
  id: string;
  label: string;
  group: string;
  run: () => void;
}

/** Of all that match, so many are shown: more nobody reads. */
const SHOWN_MAX = 30;

export default function Palette({ close }: { close: () => void }) {
  const [typed, setTyped] = useState('');
  const commands = useCommands().filter(({ label, group }) => matches(`${group} ${label}`, typed));
  const pick = ({ run }: Command) => {
    close();
    run();
  };
  return (
    <CommandPalette.Root
      open
      onOpenChange={(open) => !open && close()}
      items={commands.slice(0, SHOWN_MAX)}
      value={typed}
      onValueChange={setTyped}
      itemToStringValue={({ label }) => label}
      onSelect={pick}
    >
      <CommandPalette.Input placeholder="Go to a page, project or organization" aria-label="Go to" />
      <CommandPalette.List>
        <CommandPalette.Results>
          {(command: Command) => (
            <CommandPalette.ResultItem
              key={command.id}
              value={command}
              title={command.label}
              breadcrumbs={[command.group]}
              onClick={() => pick(command)}
            />
          )}
        </CommandPalette.Results>
        <CommandPalette.Empty>Nothing is called so.</CommandPalette.Empty>
      </CommandPalette.List>
    </CommandPalette.Root>
  );
}

function useCommands(): Command[] {
  const here = useHere();
  const { memberships } = useMe();
  const router = useRouter();
  const mode = useMode();
  const path = { orgId: here.organizationId };
  const projects = useQuery({
    ...asking('GET /orgs/{orgId}/projects', { path, query: { limit: 100 } }),
    enabled: here.may('projects.read'),
  });
  const go = (address: string) => () => router.history.push(BASE + address);
  return [
    ...entriesFor(here).map(({ label, path: page }) => ({
      id: page,
      label,
      group: 'Pages',
      run: go(addressOf(here.organizationId, page)),
    })),
    ...(here.may('keys.own')
      ? [
          {
            id: 'new-key',
            label: 'Make an API key',
            group: 'Do',
            run: go(`${addressOf(here.organizationId, 'keys')}?new=true`),
          },
        ]
      : []),
    {
      id: 'theme',
      label: mode === 'dark' ? 'Switch to light' : 'Switch to dark',
      group: 'Do',
      run: () => chooseTheme(mode === 'dark' ? 'light' : 'dark'),
    },
    { id: 'account', label: 'Account', group: 'Do', run: go('/account') },
    ...(projects.data?.projects ?? []).map(({ id, name }) => ({
      id,
      label: name,
      group: 'Projects',
      run: go(addressOf(here.organizationId, `projects/${id}`)),
    })),
    ...memberships
      .filter(({ organizationId }) => organizationId !== here.organizationId)
      .map(({ organizationId, name }) => ({
        id: organizationId,
        label: name,
        group: 'Organizations',
        run: go(addressOf(organizationId, '')),
      })),
  ];
}

/** Whether every word that was typed begins a word of the text. */
function matches(text: string, typed: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  return typed
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((part) => words.some((word) => word.startsWith(part)));
}
