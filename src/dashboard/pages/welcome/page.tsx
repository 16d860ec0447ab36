/** Get started: make a key, set up a tool with it, and watch its first request arrive. */
import { Button } from '@cloudflare/kumo/components/button';
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { Link, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useFirstModel } from '../../parts/first-model.ts';
import { Page, Section } from '../../parts/page.tsx';
import { Secret, Snippet } from '../../parts/secret.tsx';
import { Failed } from '../../parts/state.tsx';
import { useHere } from '../../shell/session.ts';
import { FirstRequest, useWatched } from './first-request.tsx';
import { NoKeys } from './no-keys.tsx';
import { TOOLS, type Tool, welcomeRoute } from './route.ts';
import { snippetFor, TOOL_NAMES, WHERE } from './snippets.ts';
import { Step } from './step.tsx';

const NewKeyDialog = lazy(() => import('../keys/new-key-dialog.tsx').then((m) => ({ default: m.NewKeyDialog })));

/** In the place of a secret that is not known any more. */
const PLACEHOLDER = 'psr_YOUR_KEY';

export function WelcomePage() {
  const here = useHere();
  return (
    <Page
      title="Get started"
      description="Three steps from nothing to a first answer. Your tools keep working as they are: only their base URL and key change."
    >
      {here.may('keys.own') ? (
        <Guide />
      ) : (
        <Section title="Ask a model">
          <NoKeys />
        </Section>
      )}
    </Page>
  );
}

function Guide() {
  const { organizationId: orgId } = useHere();
  const search = welcomeRoute.useSearch();
  const navigate = useNavigate({ from: welcomeRoute.fullPath });
  const [made, setMade] = useState<{ id: string; name: string; secret: string } | null>(null);
  const watched = useWatched(search.keyId);
  const secret = made?.id === search.keyId ? made?.secret : undefined;
  const model = useFirstModel(secret);
  const tool = search.tool ?? 'curl';
  const text = snippetFor(tool, { origin: location.origin, secret: secret ?? PLACEHOLDER, model });
  return (
    <ol className="flex max-w-4xl flex-col gap-4">
      <Step n={1} title="Make an API key" done={watched.data !== undefined}>
        {watched.error && search.keyId ? (
          <Failed error={watched.error} />
        ) : made && secret ? (
          <>
            <p className="text-kumo-default">
              This is the secret of {made.name}. It is shown until you leave this page, and stored nowhere: keep it now.
            </p>
            <Secret label={`Secret of ${made.name}`} secret={secret} />
          </>
        ) : watched.data ? (
          <p className="text-kumo-default">
            {watched.data.name} is there. Its secret was shown once; if it is lost,{' '}
            <Link to="/orgs/$orgId/keys" params={{ orgId }} className="text-kumo-link underline">
              roll the key
            </Link>{' '}
            or make another.
          </p>
        ) : (
          <p className="text-kumo-default">
            A key is what a tool presents to Purser. What it spends counts towards your budget.
          </p>
        )}
        <div>
          <Button
            variant={watched.data ? 'secondary' : 'primary'}
            onClick={() => navigate({ search: (was) => ({ ...was, new: true }) })}
          >
            {watched.data ? 'Make another key' : 'Make a key'}
          </Button>
        </div>
      </Step>
      <Step n={2} title="Set up a tool" done={watched.data?.lastUsedAt != null}>
        <Tabs
          tabs={TOOLS.map((value) => ({ value, label: TOOL_NAMES[value] }))}
          value={tool}
          onValueChange={(value) => navigate({ search: (was) => ({ ...was, tool: value as Tool }) })}
        />
        <p className="text-sm text-kumo-subtle">
          {WHERE[tool]}
          {!secret && ` Put your key in the place of ${PLACEHOLDER}.`}
        </p>
        <Snippet label={`${TOOL_NAMES[tool]} set-up`} text={text} />
      </Step>
      <Step n={3} title="Watch the first request arrive" done={watched.data?.lastUsedAt != null}>
        <FirstRequest apiKey={watched.data} />
      </Step>
      {search.new && (
        <Suspense>
          <NewKeyDialog
            projectId={undefined}
            close={() => navigate({ search: (was) => ({ ...was, new: undefined }), replace: true })}
            made={(key) => {
              setMade(key);
              void navigate({ search: (was) => ({ ...was, keyId: key.id, new: undefined }), replace: true });
            }}
          />
        </Suspense>
      )}
    </ol>
  );
}
