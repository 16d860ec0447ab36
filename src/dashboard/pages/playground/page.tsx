/** Playground: a chat with any model through the gateway, as oneself: own budget, own rules, and what each answer cost. */
import { Button } from '@cloudflare/kumo/components/button';
import { PaperPlaneRightIcon, PlusIcon, StopIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Needs } from '../../parts/access.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { LimitMeter } from '../../parts/limit-meter.tsx';
import { memberLimits } from '../../parts/limits.ts';
import { Page, Section } from '../../parts/page.tsx';
import { Bone, Failed, Nothing } from '../../parts/state.tsx';
import { asking, isRefusal } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { ask, beginAnew, stop, useConversation } from './conversation.ts';
import { MODELS_FRESH_MS, readModels } from './gateway.ts';
import { History } from './history.tsx';
import { ModelPicker, offersOf } from './model-picker.tsx';
import { playgroundRoute } from './route.ts';
import { Turns } from './turns.tsx';

const FIELD =
  'w-full rounded-lg bg-kumo-control px-3 text-base text-kumo-default ring ring-kumo-hairline outline-none focus:ring-kumo-focus';

export function PlaygroundPage() {
  const { organizationId: orgId } = useHere();
  const turns = useConversation(orgId);
  const [leaving, setLeaving] = useState(false);
  return (
    <Page
      title="Playground"
      description="Requests here are yours: they spend your budget and follow your rules. Neither questions nor answers are stored."
      actions={
        turns.length > 0 && (
          <Button icon={PlusIcon} onClick={() => setLeaving(true)}>
            New chat
          </Button>
        )
      }
    >
      <Needs ability="playground" roles="people of the organization" what="the playground">
        <Playground />
      </Needs>
      {leaving && (
        <Confirm
          title="Begin a new chat?"
          consequence="This one is stored nowhere, so it is gone then."
          deed="Begin anew"
          act={async () => beginAnew(orgId)}
          close={() => setLeaving(false)}
        />
      )}
    </Page>
  );
}

function Playground() {
  const here = useHere();
  const { organizationId: orgId } = here;
  const search = playgroundRoute.useSearch();
  const navigate = useNavigate({ from: playgroundRoute.fullPath });
  const place = { orgId, projectId: search.projectId };
  const models = useQuery({
    queryKey: ['playground models', orgId, search.projectId ?? null],
    queryFn: () => readModels(place),
    staleTime: MODELS_FRESH_MS,
    retry: false,
  });
  const projects = useQuery(
    asking('GET /orgs/{orgId}/projects', { path: { orgId }, query: { limit: 100, archived: 'false', sort: 'name' } }),
  );
  const [instructions, setInstructions] = useState('');
  const [maxTokens, setMaxTokens] = useState('');
  const turns = useConversation(orgId);
  const offers = offersOf(models.data ?? []);
  const model = search.model ?? [...offers.values()][0]?.[0]?.name;
  const send = (text: string) => {
    const bound = Number.parseInt(maxTokens, 10);
    const settings = { instructions: instructions.trim(), maxTokens: bound > 0 ? bound : null };
    if (model) void ask(place, text, { ...settings, model });
  };
  return (
    <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <Section title="Chat">
        {isRefusal(models.error, 400) ? (
          <Nothing title="Nothing can be asked here yet">{models.error.message}</Nothing>
        ) : models.error ? (
          <Failed error={models.error} again={models.refetch} />
        ) : models.data?.length === 0 ? (
          <Nothing title="There is no model that you may use here">
            Either no provider has a key yet, or the rules allow none. Owners and admins set both.
          </Nothing>
        ) : (
          <div className="flex min-h-[24rem] flex-col justify-between gap-6">
            {turns.length === 0 ? (
              <Nothing title="Ask a model something">
                What it costs stands under each answer, and in your usage like any other request.
              </Nothing>
            ) : (
              <Turns turns={turns} />
            )}
            <Composer ready={model !== undefined} send={send} />
          </div>
        )}
      </Section>
      <div className="flex min-w-0 flex-col gap-6">
        {!models.error && (
          <Section title="Model and project">
            <div className="flex flex-col gap-4">
              {models.data && model ? (
                <ModelPicker
                  offers={offers}
                  chosen={model}
                  onChoose={(next) => navigate({ search: (was) => ({ ...was, model: next }) })}
                />
              ) : models.isPending ? (
                <Bone className="h-20 w-full" />
              ) : null}
              {projects.data && projects.data.projects.length > 1 && (
                <label className="flex flex-col gap-2">
                  <span className="font-medium text-kumo-default">Project</span>
                  <select
                    className={`${FIELD} h-9`}
                    value={search.projectId ?? projects.data.projects[0]?.id}
                    onChange={(event) => navigate({ search: (was) => ({ ...was, projectId: event.target.value }) })}
                  >
                    {projects.data.projects.map(({ id, name }) => (
                      <option key={id} value={id}>
                        {name}
                      </option>
                    ))}
                  </select>
                </label>
              )}
              <details>
                <summary className="cursor-pointer text-sm text-kumo-default">Instructions and bounds</summary>
                <div className="mt-3 flex flex-col gap-4">
                  <label className="flex flex-col gap-2">
                    <span className="font-medium text-kumo-default">Instructions</span>
                    <textarea
                      className={`${FIELD} min-h-20 py-2`}
                      value={instructions}
                      placeholder="Sent ahead of every question"
                      onChange={(event) => setInstructions(event.target.value)}
                    />
                  </label>
                  <label className="flex flex-col gap-2">
                    <span className="font-medium text-kumo-default">Output tokens, at most</span>
                    <input
                      className={`${FIELD} h-9`}
                      inputMode="numeric"
                      value={maxTokens}
                      placeholder="As many as the model writes"
                      onChange={(event) => setMaxTokens(event.target.value.replaceAll(/\D/g, ''))}
                    />
                  </label>
                </div>
              </details>
            </div>
          </Section>
        )}
        <Left />
        {here.may('requests.own') && <History />}
      </div>
    </div>
  );
}

/** Where a question is written. Enter sends it, Shift and Enter makes a new line. */
function Composer({ ready, send }: { ready: boolean; send: (text: string) => void }) {
  const { organizationId: orgId } = useHere();
  const turns = useConversation(orgId);
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const last = turns.at(-1);
  const isRunning = last?.kind === 'answer' && last.state === 'running';
  const length = last?.kind === 'answer' ? last.text.length : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is written last stays in sight as it grows
  useEffect(() => {
    if (isRunning) field.current?.scrollIntoView({ block: 'nearest' });
  }, [isRunning, length]);
  const submit = () => {
    if (!ready || isRunning || text.trim() === '') return;
    send(text.trim());
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a word is being composed, Enter accepts it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        aria-label="Your question"
        placeholder="Ask something. Enter sends it."
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        className={`${FIELD} min-w-0 flex-1 resize-y py-2`}
      />
      {isRunning ? (
        <Button type="button" icon={StopIcon} onClick={() => stop(orgId)}>
          Stop
        </Button>
      ) : (
        <Button type="submit" variant="primary" icon={PaperPlaneRightIcon} disabled={!ready}>
          Send
        </Button>
      )}
    </form>
  );
}

/** What limits this person; where nothing does, nothing. */
function Left() {
  const { organizationId: orgId } = useHere();
  const { data } = useQuery(asking('GET /orgs/{orgId}/members/me', { path: { orgId } }));
  const limits = data?.status ? memberLimits(data.effectiveBudget, data.status) : [];
  if (limits.length === 0) return null;
  return (
    <Section title="What you have left">
      <div className="flex flex-col gap-5">
        {limits.map((limit) => (
          <LimitMeter key={limit.label} {...limit} />
        ))}
      </div>
    </Section>
  );
}
