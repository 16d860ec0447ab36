/**
 * The conversation of each organization, as long as the tab is open: it outlives a look at another page, and nothing of it is stored,
 * here or at Purser.
 */
import { useSyncExternalStore } from 'react';
import { forget } from '../../shell/api.ts';
import { askModel, type Heard, type Place } from './gateway.ts';

export interface Answer {
  kind: 'answer';
  id: number;
  model: string;
  text: string;
  reasoning: string;
  state: 'running' | 'done' | 'stopped' | 'refused';
  error: unknown;
  usage: Heard['usage'] | null;
  finish: string | null;
  requestId: string | null;
}

interface Question {
  kind: 'question';
  id: number;
  text: string;
}

export type Turn = Question | Answer;

/** A part of what is asked that is the same for every question. */
export interface Settings {
  model: string;
  instructions: string;
  maxTokens: number | null;
}

const NONE: readonly Turn[] = [];
const conversations = new Map<string, readonly Turn[]>();
const running = new Map<string, AbortController>();
const listeners = new Set<() => void>();
let made = 0;

function change(orgId: string, turns: readonly Turn[]): void {
  conversations.set(orgId, turns);
  for (const listener of listeners) listener();
}

const turnsOf = (orgId: string) => conversations.get(orgId) ?? NONE;

export function useConversation(orgId: string): readonly Turn[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => turnsOf(orgId),
  );
}

export function stop(orgId: string): void {
  running.get(orgId)?.abort();
}

export function beginAnew(orgId: string): void {
  stop(orgId);
  change(orgId, NONE);
}

/** Asks, with all that was said before; what was refused or never answered is not said again. */
export async function ask(place: Place, text: string, { model, instructions, maxTokens }: Settings): Promise<void> {
  const { orgId } = place;
  const id = ++made;
  const question: Question = { kind: 'question', id: -id, text };
  const messages = [
    ...(instructions ? [{ role: 'system' as const, content: instructions }] : []),
    ...said(turnsOf(orgId)),
    { role: 'user' as const, content: text },
  ];
  let answer: Answer = {
    kind: 'answer',
    id,
    model,
    text: '',
    reasoning: '',
    state: 'running',
    error: null,
    usage: null,
    finish: null,
    requestId: null,
  };
  const tell = (news: Partial<Answer>) => {
    answer = { ...answer, ...news };
    change(
      orgId,
      turnsOf(orgId).map((turn) => (turn.id === id ? answer : turn)),
    );
  };
  change(orgId, [...turnsOf(orgId), question, answer]);
  const controller = new AbortController();
  running.set(orgId, controller);
  try {
    const hear = ({ text: more = '', reasoning = '', ...heard }: Heard) =>
      tell({ ...heard, text: answer.text + more, reasoning: answer.reasoning + reasoning });
    const body = { model, messages, ...(maxTokens !== null && { max_tokens: maxTokens }) };
    await askModel(place, body, hear, controller.signal);
    tell({ state: 'done' });
  } catch (error) {
    tell(controller.signal.aborted ? { state: 'stopped' } : { state: 'refused', error });
  } finally {
    running.delete(orgId);
    await forget('GET /orgs/{orgId}/members/me', 'GET /orgs/{orgId}/requests');
  }
}

function said(turns: readonly Turn[]) {
  return turns.flatMap((turn, i) => {
    const answer = turns[i + 1];
    if (turn.kind !== 'question' || answer?.kind !== 'answer' || answer.text === '') return [];
    return [
      { role: 'user' as const, content: turn.text },
      { role: 'assistant' as const, content: answer.text },
    ];
  });
}
