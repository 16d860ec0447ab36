/** Facts, the sums of a quarter of an hour and a combination of dimensions, as rows that travel to D1. */
import { eachRow } from '../database/json-rows.ts';
import { forJson } from './running-totals.ts';
import { type Combination, DIMENSIONS, SUM_COLUMNS, type Sums } from './sums.ts';

export const FACT_COLUMNS = ['dimension_id', 'bucket_at', ...SUM_COLUMNS, 'latencies', 'first_tokens'];

export function factValues(id: number, bucketAt: number, { values, latencies, firstTokens }: Sums): unknown[] {
  return [id, bucketAt, ...values.map(forJson), latencies, firstTokens];
}

/** ?1 rows as `dimensionRows` makes them. */
export const ADD_DIMENSIONS = `
  INSERT INTO usage_dimensions (${DIMENSIONS.join(', ')})
  SELECT ${DIMENSIONS.map((_, i) => `value ->> ${i}`).join(', ')}
  FROM ${eachRow('?1')}
  WHERE true
  ON CONFLICT DO NOTHING`;

/** The same parameter. */
export const FIND_DIMENSIONS = `
  SELECT asked.value ->> ${DIMENSIONS.length} AS place, dimension.id
  FROM ${eachRow('?1')} AS asked
  CROSS JOIN usage_dimensions AS dimension
    ON ${DIMENSIONS.map((column, i) => `dimension.${column} = asked.value ->> ${i}`).join(' AND ')}`;

export interface FoundDimensions {
  place: number;
  id: number;
}

/** What tells each combination from others, and its place in the list. */
export function dimensionRows(combinations: readonly Combination[]): unknown[][] {
  return combinations.map(({ dimensions }, place) => [...DIMENSIONS.map((column) => dimensions[column]), place]);
}
