/** The same numbers as a CSV, from the same route, by a link that the browser saves. */
import { DownloadSimpleIcon } from '@phosphor-icons/react';

export function CsvLink({ path, query }: { path: string; query: Record<string, string | undefined> }) {
  const params = new URLSearchParams({ format: 'csv' });
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  return (
    <a
      href={`${path}?${params}`}
      download
      className="inline-flex items-center gap-1.5 rounded px-2 py-1 text-kumo-link hover:underline focus-visible:outline-2 focus-visible:outline-kumo-focus"
    >
      <DownloadSimpleIcon aria-hidden="true" />
      Download CSV
    </a>
  );
}
