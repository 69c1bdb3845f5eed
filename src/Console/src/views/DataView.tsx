/** The rows of a table, to look at and to change. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import * as databases from '../server/databases';
import type { Reading } from '../server/databases';
import type { Row } from '../server/values';
import { Grid } from '../grid/Grid';
import { messageOf } from '../shell/message';
import { plural } from '../shell/text';
import { keyColumns, selectRows } from '../sql/edits';
import { quote } from '../sql/literals';
import { rowidOf, type Table } from '../sql/schema';
import { RowForm } from './RowForm';

interface DataViewProps {
  database: string;
  at: number | undefined;
  /** The version that is shown; another one is read anew. */
  version: number | undefined;
  tables: Table[];
  table: string | undefined;
  onTable: (table: string) => void;
  onWritten: () => void;
}

export function DataView({ database, at, version, tables, table: chosen, onTable, onWritten }: DataViewProps) {
  const table = tables.find((it) => it.name === chosen) ?? (chosen === undefined ? tables[0] : undefined);
  const [filter, setFilter] = useState('');
  const [condition, setCondition] = useState('');
  const [order, setOrder] = useState('');
  const [reading, setReading] = useState<Reading>();
  const [error, setError] = useState('');
  // The row as it was when it was opened: what others write meanwhile must not slip into what is expected of it.
  const [open, setOpen] = useState<{ row?: Row | undefined }>();
  useEffect(() => {
    setOrder('');
    setFilter('');
    setCondition('');
    setReading(undefined);
  }, [table?.name]);

  useEffect(() => {
    if (!table) return;
    const stop = new AbortController();
    databases.read(database, selectRows(table, condition, order), { at, signal: stop.signal }).then((read) => {
      setReading(read);
      setError('');
    }, (failed: unknown) => !stop.signal.aborted && setError(messageOf(failed)));
    return () => stop.abort();
  }, [database, at, version, table, condition, order]);

  const keys = table && rowidOf(table) ? 1 : 0;
  const sorted = order.replace(/ DESC$/, '');
  const columns = useMemo(() => table && [
    ...(keys ? [{ name: rowidOf(table)! }] : []),
    ...table.columns.map((it) => ({ name: it.name, note: `${it.type.toLowerCase()}${it.key ? ' key' : ''}${quote(it.name) === sorted ? (order === sorted ? ' ↑' : ' ↓') : ''}`.trim() })),
  ], [table, keys, order]);
  if (!table || !columns) {
    return <p class="note hint">{chosen === undefined ? 'There are no tables yet. CREATE TABLE makes one, under SQL.' : `There is no table ${chosen} in this version.`}</p>;
  }

  const writable = at === undefined && keyColumns(table) !== undefined;
  const sort = (column: number): void => {
    const name = quote(columns[column]!.name);
    setOrder(order === name ? `${name} DESC` : order === `${name} DESC` ? '' : name);
  };
  return (
    <div class="data">
      <div class="data-bar">
        <label class="pick"><span class="hidden">Table</span>
          <select value={table.name} onChange={(event) => onTable(event.currentTarget.value)}>
            {tables.map((it) => <option key={it.name} value={it.name}>{it.name}{it.kind === 'table' ? '' : ` (${it.kind})`}</option>)}
          </select>
        </label>
        <form class="where" onSubmit={(event) => (event.preventDefault(), setCondition(filter))}>
          <label><span class="note">where</span>
            <input value={filter} spellcheck={false} autocomplete="off" placeholder="a condition in SQL" onInput={(event) => setFilter(event.currentTarget.value)} />
          </label>
        </form>
        <span class="note" role="status">{reading ? `${reading.more ? 'the first ' : ''}${plural(reading.rows.length, 'row')}` : 'reading …'}</span>
        {writable && <button type="button" class="small" onClick={() => setOpen({})}>New row</button>}
      </div>
      {error && <p class="error bar" role="alert">{error}</p>}
      {reading && reading.columns.length === columns.length && (
        <Grid label={table.name} columns={columns} rows={reading.rows} keys={keys} onOpen={writable ? (row) => setOpen({ row: reading.rows[row] }) : undefined} onHeading={sort} />
      )}
      {writable && <p class="note hint foot">Enter or a double click opens a row.</p>}
      {open && <RowForm database={database} table={table} row={open.row} onClose={() => setOpen(undefined)} onWritten={onWritten} />}
    </div>
  );
}
