/** The conversation as it is read: questions, answers as they come, what each cost, and why one was refused. */

import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { CopyButton } from '../../parts/secret.tsx';
import type { Answer, Turn } from './conversation.ts';
import { Refused } from './refused.tsx';

export function Turns({ turns }: { turns: readonly Turn[] }) {
  const isRunning = turns.some((turn) => turn.kind === 'answer' && turn.state === 'running');
  return (
    <div role="log" aria-label="Conversation" aria-busy={isRunning} className="flex flex-col gap-5">
      {turns.map((turn) =>
        turn.kind === 'question' ? (
          <div key={turn.id} className="max-w-[85%] self-end rounded-lg bg-kumo-recessed px-4 py-3">
            <span className="sr-only">You: </span>
            <p className="break-words whitespace-pre-wrap text-kumo-default">{turn.text}</p>
          </div>
        ) : (
          <AnswerShown key={turn.id} answer={turn} />
        ),
      )}
    </div>
  );
}

function AnswerShown({ answer }: { answer: Answer }) {
  const { model, text, reasoning, state, error, usage, finish } = answer;
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <p className="font-mono text-xs text-kumo-subtle">{model}</p>
      {reasoning && (
        <details className="text-sm text-kumo-subtle">
          <summary className="cursor-pointer">Reasoning</summary>
          <p className="mt-1 break-words whitespace-pre-wrap">{reasoning}</p>
        </details>
      )}
      {text && <p className="break-words whitespace-pre-wrap text-kumo-default">{text}</p>}
      {state === 'running' && !text && <p className="text-kumo-subtle">Waiting for the answer…</p>}
      {state === 'refused' && <Refused error={error} began={text !== ''} />}
      {state === 'done' && !text && <p className="text-kumo-subtle">The answer has no text.</p>}
      {state !== 'running' && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-kumo-subtle">
          {usage && (
            <span>
              Cost <Money amount={usage.cost} none="not told" className="font-medium text-kumo-default" /> for{' '}
              {formatCount(usage.inputTokens)} tokens in, {formatCount(usage.outputTokens)} out
            </span>
          )}
          {state === 'stopped' && <span>Stopped. What was made until then is charged, and listed shortly.</span>}
          {finish === 'length' && <span>Ended at its bound of output tokens.</span>}
          {text && <CopyButton text={text} />}
        </div>
      )}
    </div>
  );
}
