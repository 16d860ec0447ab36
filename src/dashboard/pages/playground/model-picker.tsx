/** The models that may be asked, with what they cost: those that several providers have first, then provider by provider. */
import { useId } from 'react';
import type { Model } from '../../../../client/index.ts';
import { shortMoney } from '../../parts/amounts.ts';
import { formatCompact } from '../../parts/numbers.ts';

const SELECT =
  'h-9 w-full rounded-lg bg-kumo-control px-3 text-base text-kumo-default ring ring-kumo-hairline outline-none focus:ring-kumo-focus';

interface Offer {
  name: string;
  model: Model;
  /** How many providers have it, where any of them may answer. */
  providers: number;
}

function pricesOf({ pricing }: Model): { input: string; output: string } | null {
  const { input, output } = pricing?.tiers[0] ?? {};
  return input && output ? { input: shortMoney(input), output: shortMoney(output) } : null;
}

/** Everything that can be asked for: by its group's name. */
export function offersOf(models: readonly Model[]): Map<string, Offer[]> {
  const routed = [...Map.groupBy(models, ({ canonical_model }) => canonical_model)]
    .filter(([, offered]) => offered.length > 1)
    .map(([name, offered]): Offer => ({ name, model: offered[0] as Model, providers: offered.length }));
  const byProvider = Map.groupBy(models, ({ owned_by }) => owned_by);
  const groups = [...byProvider].map(([provider, offered]): [string, Offer[]] => [
    provider,
    offered.map((model) => ({ name: model.id, model, providers: 1 })),
  ]);
  return new Map([...(routed.length > 0 ? [['Any provider', routed] as [string, Offer[]]] : []), ...groups]);
}

export function ModelPicker({
  offers,
  chosen,
  onChoose,
}: {
  offers: Map<string, Offer[]>;
  chosen: string;
  onChoose: (name: string) => void;
}) {
  const told = useId();
  const offer = [...offers.values()].flat().find(({ name }) => name === chosen);
  return (
    <div className="flex flex-col gap-2">
      <label className="flex flex-col gap-2">
        <span className="font-medium text-kumo-default">Model</span>
        <select
          className={SELECT}
          value={chosen}
          aria-describedby={told}
          onChange={(event) => onChoose(event.target.value)}
        >
          {!offer && <option value={chosen}>{chosen}</option>}
          {[...offers].map(([group, offered]) => (
            <optgroup key={group} label={group}>
              {offered.map(({ name, model, providers }) => {
                const prices = providers === 1 ? pricesOf(model) : null;
                return (
                  <option key={name} value={name}>
                    {name}
                    {prices ? ` · ${prices.input} in, ${prices.output} out` : ''}
                  </option>
                );
              })}
            </optgroup>
          ))}
        </select>
      </label>
      <p id={told} className="text-sm text-kumo-subtle">
        {offer ? <Told {...offer} /> : 'You may not use this model here, or there is none of that name.'}
      </p>
    </div>
  );
}

function Told({ model, providers }: Offer) {
  const prices = pricesOf(model);
  if (providers > 1) return `Routed to one of ${providers} providers, at its price. Pin a provider to know it ahead.`;
  return (
    <>
      {prices ? `${prices.input} in and ${prices.output} out per million tokens` : 'What it costs is not known'}
      {model.pricing && model.pricing.tiers.length > 1 && ', more for long prompts'}
      {`. Reads ${formatCompact(model.context_length)}, writes at most ${formatCompact(model.max_output_tokens)} tokens.`}
      {model.retires_on && ` Retires on ${model.retires_on}.`}
    </>
  );
}
