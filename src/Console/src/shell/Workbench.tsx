/** One database, as it is or as it was: its name, its time line, and a view of it. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import * as databases from '../server/databases';
import type { Database, Version } from '../server/databases';
import { schema, type Table } from '../sql/schema';
import { DataView } from '../views/DataView';
import { HistoryView } from '../views/HistoryView';
import { SchemaView } from '../views/SchemaView';
import { SqlView } from '../views/SqlView';
import { TimeLine } from '../views/TimeLine';
import { messageOf } from './message';
import { DeleteQuestion, ForkQuestion, RestoreQuestion } from './questions';
import { go, href, views, type Route, type View } from './route';
import { bytes, plural, when } from './text';

const titles: Record<View, string> = { sql: 'SQL', data: 'Data', schema: 'Schema', history: 'History' };

/** How many versions the time line shows. */
const shown = 200;

export function Workbench({ route, database, reload }: { route: Route; database: string; reload: () => void }) {
  const { at } = route;
  const [about, setAbout] = useState<Database>();
  const [versions, setVersions] = useState<Version[]>([]);
  const [tables, setTables] = useState<Table[]>([]);
  const [error, setError] = useState('');
  const [asked, setAsked] = useState<'fork' | 'restore' | 'delete'>();
  const round = useRef(0);

  /** Looks what there is now: after each write of ours, and when the server says that somebody else wrote. */
  const look = useCallback(async () => {
    const mine = ++round.current;
    try {
      const [now, past, found] = await Promise.all([databases.describe(database), databases.history(database, shown), schema(database, at)]);
      if (mine !== round.current) return;
      setAbout(now);
      setVersions(past.versions);
      setTables(found);
      setError('');
    } catch (failed) {
      if (mine === round.current) setError(messageOf(failed));
    }
  }, [database, at]);
  useEffect(() => void look(), [look]);

  useEffect(() => {
    const stop = new AbortController();
    let due: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      due ??= setTimeout(() => {
        due = undefined;
        void look();
      }, 250);
    };
    if (about) void databases.follow(database, about.version, changed, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(due);
    };
  }, [database, look, about === undefined]);

  const move = (to: Partial<Route>): void => go({ ...route, ...to });
  const pick = (version: number | undefined): void => {
    const next = { ...route };
    delete next.at;
    go(version === undefined || version === about?.version ? next : { ...next, at: version });
  };
  const changed = (): void => {
    void look();
    reload();
  };
  const past = at === undefined ? undefined : versions.find((version) => version.version === at);

  return (
    <div class="workbench">
      <header class="top">
        <div class="title">
          <h1>{database}</h1>
          {about && <p class="note facts">version {about.version} · {bytes(about.bytes)} · {bytes(about.storedBytes)} stored in {plural(about.segments, 'segment')}</p>}
          <span class="spring" />
          <button type="button" class="small" onClick={() => void look()}>Refresh</button>
          <button type="button" class="small" onClick={() => setAsked('fork')}>Fork</button>
          <button type="button" class="small" onClick={() => setAsked('delete')}>Delete</button>
        </div>
        <TimeLine versions={versions} at={at} newest={about?.version} onPick={pick} />
        {at !== undefined && (
          <div class="past" role="status">
            <p>As it was at <b>version {at}</b>{past && <>, {when(past.committedAt)}</>}. Nothing can be written here.</p>
            <span class="spring" />
            <button type="button" class="small" onClick={() => setAsked('fork')}>Fork from here</button>
            <button type="button" class="small" onClick={() => setAsked('restore')}>Restore</button>
            <button type="button" class="small main" onClick={() => pick(undefined)}>Back to now</button>
          </div>
        )}
        <nav class="tabs" aria-label="Views">
          {views.map((view) => <a key={view} href={href({ ...route, view })} aria-current={view === route.view ? 'page' : undefined}>{titles[view]}</a>)}
        </nav>
      </header>
      {error && <p class="error bar" role="alert">{error} <button type="button" class="link" onClick={() => void look()}>Again</button></p>}
      <section class="view" aria-label={titles[route.view]}>
        {route.view === 'sql' && <SqlView database={database} at={at} tables={tables} onWritten={changed} />}
        {route.view === 'data' && <DataView database={database} at={at} version={at ?? about?.version} tables={tables} table={route.table} onTable={(table) => move({ table })} onWritten={changed} />}
        {route.view === 'schema' && <SchemaView tables={tables} onTable={(table) => move({ view: 'data', table })} />}
        {route.view === 'history' && <HistoryView database={database} newest={about?.version} at={at} onPick={pick} />}
      </section>
      {asked === 'fork' && <ForkQuestion database={database} at={at} onClose={() => setAsked(undefined)} onDone={(name) => (reload(), go({ database: name, view: route.view }))} />}
      {asked === 'restore' && at !== undefined && <RestoreQuestion database={database} at={at} onClose={() => setAsked(undefined)} onDone={() => (changed(), pick(undefined))} />}
      {asked === 'delete' && <DeleteQuestion database={database} onClose={() => setAsked(undefined)} onDone={() => (reload(), go({ view: 'sql' }))} />}
    </div>
  );
}
