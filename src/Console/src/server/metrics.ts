/** The server's counters, from the text that Prometheus reads. */
import { send, Problem } from './http';

/** What the console shows of them, summed over their labels; store requests by kind. */
export interface Sample {
  at: number;
  commits: number;
  transactions: number;
  lostRaces: number;
  queries: number;
  requests: Record<string, number>;
}

/** Dollars a request, at the prices of S3 Standard in us-east-1. */
const dear = 0.005 / 1000;
const cheap = 0.0004 / 1000;
const prices: Record<string, number> = { write: dear, swap: dear, list: dear, read: cheap, range: cheap, delete: 0 };

export const dollars = (requests: Record<string, number>): number =>
  Object.entries(requests).reduce((sum, [kind, count]) => sum + count * (prices[kind] ?? dear), 0);

/** One sample, or nothing where the server has no metrics to give. */
export async function sample(signal: AbortSignal): Promise<Sample | undefined> {
  try {
    return parse(await (await send('GET', 'metrics', { accept: 'text/plain', signal })).text(), performance.now());
  } catch (error) {
    if (error instanceof Problem && [404, 501].includes(error.status)) return undefined;
    throw error;
  }
}

export function parse(text: string, at: number): Sample {
  const sample: Sample = { at, commits: 0, transactions: 0, lostRaces: 0, queries: 0, requests: {} };
  for (const line of text.split('\n')) {
    const [, name, labels = '', number] = /^orleans_sqlite_(\w+?)(?:_total)?(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    const count = Number(number);
    if (!name || !Number.isFinite(count)) continue;
    // A unit may stand at the end of a name.
    if (/^commits/.test(name)) sample.commits += count;
    else if (/^transactions/.test(name)) sample.transactions += count;
    else if (/^lost_races/.test(name)) sample.lostRaces += count;
    else if (/^queries/.test(name)) sample.queries += count;
    else if (/^store_requests/.test(name)) {
      const kind = /kind="(\w+)"/.exec(labels)?.[1] ?? 'other';
      sample.requests[kind] = (sample.requests[kind] ?? 0) + count;
    }
  }
  return sample;
}
