/** SQL, and what it gives. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import * as databases from '../server/databases';
import type { Column, StatementResult } from '../server/databases';
import { Problem } from '../server/http';
import type { Row } from '../server/values';
import { Editor, type Mark } from '../editor/Editor';
import { Grid } from '../grid/Grid';
import { messageOf } from '../shell/message';
import { plural } from '../shell/text';
import type { Table } from '../sql/schema';
import { placeOf, reads, statements, type Piece } from '../sql/tokens';

interface SqlViewProps {
  database: string;
  at: number | undefined;
  tables: Table[];
  onWritten: () => void;
}

interface Outcome {
  columns: Column[];
  rows: Row[];
  says: string;
}

/** What was typed for each database, for as long as the page is open. */
const drafts = new Map<string, string>();

export function SqlView({ database, at, tables, onWritten }: SqlViewProps) {
  const [outcome, setOutcome] = useState<Outcome>();
  const [mark, setMark] = useState<Mark>();
  const [busy, setBusy] = useState<AbortController>();
  const handle = useRef<{ run?: () => void }>({});
  useEffect(() => () => busy?.abort(), [busy]);

  const run = async (sql: string, begins: number): Promise<void> => {
    const pieces = statements(sql).map((piece) => ({ ...piece, from: piece.from + begins, to: piece.to + begins }));
    if (pieces.length === 0 || busy) return;
    const stop = new AbortController();
    const began = performance.now();
    setBusy(stop);
    setMark(undefined);
    setOutcome(undefined);
    const after = (): string => `${Math.max(1, Math.round(performance.now() - began))} ms`;
    try {
      const only = pieces[0]!;
      if (pieces.length === 1 && reads(only.sql)) {
        if (await read(only, stop, after)) return;
      } else if (at !== undefined) {
        throw new Problem('A version of the past is only read, by one SELECT at a time. Go back to now, or fork from here and write there.', 0, 'read-only');
      }
      const done = await databases.execute(database, pieces.map((piece) => piece.sql), stop.signal);
      const last = done.results.findLast((result) => result.columns.length > 0);
      const changes = done.results.reduce((sum, result) => sum + result.changes, 0);
      setOutcome({ columns: last?.columns ?? [], rows: last?.rows ?? [], says: `${said(done.results, changes)} · version ${done.version} · ${after()}` });
      onWritten();
    } catch (error) {
      if (stop.signal.aborted) setOutcome({ columns: [], rows: [], says: 'Stopped. A write that was under way may have taken effect.' });
      else setMark(markOf(error, pieces));
    } finally {
      setBusy(undefined);
    }
  };

  /** Gives false for a statement that looked like one that reads, and writes. */
  const read = async (piece: Piece, stop: AbortController, after: () => string): Promise<boolean> => {
    try {
      const show = (reading: databases.Reading, says: string): void =>
        setOutcome((before) => ({ columns: before?.columns.length ? before.columns : reading.columns, rows: reading.rows, says }));
      const reading = await databases.read(database, piece.sql, { at, signal: stop.signal, progress: (so) => show(so, `${plural(so.rows.length, 'row')} …`) });
      show(reading, `${reading.more ? 'the first ' : ''}${plural(reading.rows.length, 'row')}${reading.more ? ' of more' : ''} · version ${reading.version} · ${after()}`);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === 'read-only' && at === undefined) return false;
      throw error;
    }
  };

  const columns = useMemo(() => outcome?.columns.map((column) => ({ name: column.name, note: column.type?.toLowerCase() ?? '' })) ?? [], [outcome?.columns]);
  return (
    <div class="sql">
      <Editor
        text={drafts.get(database) ?? ''} tables={tables} mark={mark} handle={handle.current}
        onText={(now) => (drafts.set(database, now), setMark(undefined))} onRun={(sql, from) => void run(sql, from)}
      />
      <div class="sql-bar">
        {busy
          ? <button type="button" class="small" onClick={() => busy.abort()}>Stop</button>
          : <button type="button" class="small main" onClick={() => handle.current.run?.()}>Run</button>}
        <span class="note keys"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
        <span class="spring" />
        <span class="note" role="status">{busy && !outcome ? 'running …' : outcome?.says}</span>
      </div>
      {mark && <p class="error bar" role="alert">{mark.message}</p>}
      {outcome && outcome.columns.length > 0
        ? <Grid label="Result" columns={columns} rows={outcome.rows} />
        : !mark && <p class="note hint">{outcome ? '' : 'What is selected runs, or all of it. Several statements are one transaction: all of them take effect, or none.'}</p>}
    </div>
  );
}

function said(results: StatementResult[], changes: number): string {
  return results.length === 1 ? `${plural(changes, 'row')} changed` : `${plural(results.length, 'statement')}, ${plural(changes, 'row')} changed`;
}

function markOf(error: unknown, pieces: Piece[]): Mark {
  const message = messageOf(error);
  const failed = error instanceof Problem ? pieces[error.statement ?? 0] : undefined;
  return { ...(failed ? placeOf(message, failed) : { from: 0, to: 0 }), message };
}
