/** The endpoints, as far as the console uses them. */
import { json, send, Problem } from './http';
import { parseRow, fromWire, type Row, type Value } from './values';

export interface Database {
  name: string;
  version: number;
  committedAt: string;
  bytes: number;
  storedBytes: number;
  segments: number;
  oldestVersion: number;
  retentionSeconds: number;
}

export interface Version {
  version: number;
  committedAt: string;
  bytes: number;
  changedPages?: number;
  storedBytes?: number;
  tables?: string[];
}

export interface Column {
  name: string;
  type: string | null;
}

export interface StatementResult {
  columns: Column[];
  rows: Row[];
  changes: number;
}

export interface Executed {
  version: number;
  results: StatementResult[];
}

const of = (database: string, rest = ''): string => `v1/databases/${encodeURIComponent(database)}${rest}`;
const past = (at?: number): { atVersion: number } | undefined => (at === undefined ? undefined : { atVersion: at });

export const list = async (): Promise<Database[]> => (await json<{ databases: Database[] }>('GET', 'v1/databases')).databases;
export const create = (name: string): Promise<Database> => json('PUT', of(name));
export const describe = (name: string): Promise<Database> => json('GET', of(name));
export const remove = async (name: string): Promise<void> => void (await send('DELETE', of(name)));
export const fork = (name: string, to: string, at?: number): Promise<Database> => json('POST', of(name, '/fork'), { body: { name: to, at: past(at) } });
export const restore = (name: string, to: number): Promise<Database> => json('POST', of(name, '/restore'), { body: { to: past(to) } });

/** The versions that can be gone back to, newest first. */
export const history = (name: string, limit: number, below?: number): Promise<{ versions: Version[]; below?: number }> =>
  json('GET', of(name, `/history?limit=${limit}${below === undefined ? '' : `&below=${below}`}`));

/** Runs statements as one transaction. Each call has an operation id, so that a doubt is resolved by asking again. */
export async function execute(name: string, statements: string[], signal?: AbortSignal): Promise<Executed> {
  const call = { body: { statements }, headers: { 'Idempotency-Key': randomId() }, ...(signal && { signal }) };
  const send = (): Promise<Executed> => json('POST', of(name, '/execute'), call);
  const done = await send().catch((error: unknown) => {
    if (error instanceof Problem && !error.outcomeKnown && !signal?.aborted) return send();
    throw error;
  });
  for (const result of done.results) result.rows = result.rows.map((row) => (row as unknown[]).map(fromWire));
  return done;
}

// crypto.randomUUID is there on https and localhost alone.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface Reading {
  version: number;
  columns: Column[];
  rows: Row[];
  /** There are more rows than were read. */
  more: boolean;
}

/** Reads rows as they come. `progress` is called now and then with what is there so far; the same object grows. */
export async function read(
  name: string,
  sql: string,
  options: { at?: number | undefined; most?: number; signal?: AbortSignal; progress?: (reading: Reading) => void } = {},
): Promise<Reading> {
  const most = options.most ?? 100_000;
  const stop = new AbortController();
  options.signal?.addEventListener('abort', () => stop.abort(options.signal!.reason));
  const response = await send('POST', of(name, '/query'), {
    accept: 'application/x-ndjson',
    body: { sql, ...(options.at !== undefined && { level: past(options.at) }) },
    signal: stop.signal,
  });
  let reading: Reading | undefined;
  let told = performance.now();
  try {
    for await (const line of lines(response.body!)) {
      if (!reading) {
        reading = { ...(JSON.parse(line) as { version: number; columns: Column[] }), rows: [], more: false };
      } else if (reading.rows.length === most) {
        reading.more = true;
        stop.abort();
        break;
      } else {
        reading.rows.push(parseRow(line));
      }
      if (performance.now() - told > 200) {
        told = performance.now();
        options.progress?.(reading);
      }
    }
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(`The answer broke off after ${reading?.rows.length ?? 0} rows. The server's log says why; run it again.`, 0, 'broken-off');
  }
  return reading!;
}

/** The first row of a query. */
export async function one(name: string, sql: string, at?: number): Promise<Value[] | undefined> {
  return (await read(name, sql, { at, most: 1 })).rows[0];
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>;
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split('\n');
    rest = parts.pop()!;
    for (const part of parts) if (part) yield part;
  }
  if (rest) yield rest;
}

/**
 * Calls `changed` at each commit for as long as the signal allows, where the server tells of them.
 * Ends quietly where it doesn't: then the console sees what others write when it asks the next time.
 */
export async function follow(name: string, from: number, changed: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      // EventSource cannot send a token, so the lines of the stream are read here.
      const response = await send('GET', of(name, `/changes?from=${from}`), { accept: 'text/event-stream', signal });
      if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) return;
      for await (const line of lines(response.body!)) {
        if (line.startsWith('id:')) from = Number(line.slice(3)) || from;
        if (line.startsWith('data: {')) changed(); // Those without data only say that the server lives.
      }
    } catch (error) {
      if (error instanceof Problem && error.status !== 0) return;
    }
    // A connection ends at times: it goes on where it was.
    await new Promise((resume) => setTimeout(resume, 3000));
  }
}
