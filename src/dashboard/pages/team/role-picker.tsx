/** Choosing a role: one line about each, and beside them a card that says exactly what the chosen one can do. */
import { CheckIcon, XIcon } from '@phosphor-icons/react';
import { useId } from 'react';
import { useFieldError } from '../../parts/form.tsx';
import { ROLE_CARDS, type Role } from './roles.ts';

export function RolePicker({
  roles,
  role,
  onRole,
}: {
  roles: readonly Role[];
  role: Role;
  onRole: (role: Role) => void;
}) {
  const error = useFieldError('role');
  const errorId = useId();
  const card = ROLE_CARDS[role];
  return (
    <fieldset aria-describedby={error ? errorId : undefined} className="min-w-0">
      <legend className="mb-2 text-base font-medium text-kumo-default">Role</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <div className="flex flex-col gap-1">
          {roles.map((each) => (
            <label
              key={each}
              className="flex cursor-pointer items-start gap-2.5 rounded-lg px-2 py-1.5 has-checked:ring has-checked:ring-kumo-line"
            >
              <input
                type="radio"
                name="role"
                value={each}
                checked={each === role}
                onChange={() => onRole(each)}
                className="mt-1 size-4 shrink-0 accent-kumo-brand"
              />
              <span className="min-w-0">
                <span className="block font-medium text-kumo-default">{ROLE_CARDS[each].name}</span>
                <span className="block text-sm text-kumo-subtle">{ROLE_CARDS[each].about}</span>
              </span>
            </label>
          ))}
        </div>
        <section
          aria-label={`What the role ${card.name} can do`}
          aria-live="polite"
          className="rounded-lg p-3 text-sm ring ring-kumo-hairline"
        >
          <h3 className="font-medium text-kumo-default">{card.name} can</h3>
          <ul className="mt-1.5 flex flex-col gap-1 text-kumo-default">
            {card.can.map((each) => (
              <li key={each} className="flex gap-2">
                <CheckIcon aria-hidden="true" className="mt-1 shrink-0" />
                {each}
              </li>
            ))}
          </ul>
          {card.cannot.length > 0 && (
            <>
              <h3 className="mt-3 font-medium text-kumo-default">and cannot</h3>
              <ul className="mt-1.5 flex flex-col gap-1 text-kumo-subtle">
                {card.cannot.map((each) => (
                  <li key={each} className="flex gap-2">
                    <XIcon aria-hidden="true" className="mt-1 shrink-0" />
                    {each}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
      {error && (
        <p id={errorId} className="mt-2 text-sm text-kumo-danger">
          {error}
        </p>
      )}
    </fieldset>
  );
}
