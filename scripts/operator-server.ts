/**
 * Whom the operator's commands ask, and how: the server that runs on a data folder here, by the secret that it left there, or a
 * deployment, by address and secret from the environment.
 */
import { resolve } from 'node:path';
import type { Call } from './operator-calls.ts';
import { type Operator, readOperator } from './operator-file.ts';

/** Longer than the server lets a change of all members wait. */
const TIMEOUT_MS = 30_000;

export function local(data: string): Operator {
  const operator = readOperator(resolve(data));
  if (!operator)
    throw new Error(`No Purser has run on ${data}. Start one (npm start), or name its folder with --data.`);
  return operator;
}

export function remote(): Operator {
  const { PURSER_URL: url, OPERATOR_SECRET: secret } = process.env;
  if (!url || !secret) throw new Error('--remote takes PURSER_URL and OPERATOR_SECRET from the environment.');
  // The secret travels in the request.
  if (new URL(url).protocol !== 'https:') throw new Error(`PURSER_URL must begin with https://, not ${url}.`);
  return { url: url.replace(/\/+$/, ''), secret };
}

/** The answer, as it came. Throws what was refused. */
export async function ask({ url, secret }: Operator, { method, path, body }: Call): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  let response: Response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    response = await fetch(url + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      signal,
      redirect: 'error',
    });
  } catch (error) {
    throw new Error(`${url} does not answer (${error instanceof Error ? error.message : error}). Is it running?`);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`Refused (${response.status}): ${messageIn(text)}`);
  return JSON.stringify(JSON.parse(text), null, 2);
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text;
  }
}
