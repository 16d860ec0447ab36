/** The search field over a table: what is typed goes into the address once typing pauses. */
import { Input } from '@cloudflare/kumo/components/input';
import { useEffect, useState } from 'react';
import type { ListSearch } from './search.ts';

/** A pause in typing after which is searched. */
const TYPING_MS = 250;

export function SearchField({
  label,
  search,
  onSearch,
}: {
  label: string;
  search: ListSearch;
  onSearch: (next: ListSearch) => void;
}) {
  const [typed, setTyped] = useState(search.q ?? '');
  const told = search.q ?? '';
  // The back button changes what the address says.
  useEffect(() => setTyped(told), [told]);
  useEffect(() => {
    if (typed === told) return;
    const pause = setTimeout(() => onSearch({ ...search, cursor: undefined, q: typed || undefined }), TYPING_MS);
    return () => clearTimeout(pause);
  }, [typed, told, search, onSearch]);
  return (
    <Input
      type="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      className="w-full sm:w-72"
    />
  );
}
