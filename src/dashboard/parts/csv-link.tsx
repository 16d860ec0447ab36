/** The same numbers as a CSV, from the same route. */
import { FileLink } from './file-link.tsx';

export function CsvLink({ path, query }: { path: string; query: Record<string, string | undefined> }) {
  const params = new URLSearchParams({ format: 'csv' });
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  return <FileLink href={`${path}?${params}`}>Download CSV</FileLink>;
}
