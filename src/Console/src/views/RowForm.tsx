/** One row: its columns to fill in, and the SQL that will run, before it does. */
import { useState } from 'preact/hooks';
import * as databases from '../server/databases';
import { Problem } from '../server/http';
import { Bytes, Real, kindOf, realText, type Kind, type Row, type Value } from '../server/values';
import { Dialog } from '../shell/Dialog';
import { cellsOf, deleteSql, insertSql, updateSql } from '../sql/edits';
import type { Table, TableColumn } from '../sql/schema';

/** A field as it is filled in. A new row's fields may be left to the column's default. */
interface Field {
  kind: Kind | 'default';
  text: string;
}

interface RowFormProps {
  database: string;
  table: Table;
  /** Nothing: a new one. */
  row: Row | undefined;
  onClose: () => void;
  onWritten: () => void;
}

export function RowForm({ database, table, row, onClose, onWritten }: RowFormProps) {
  const before = row && cellsOf(table, row);
  const [fields, setFields] = useState<Field[]>(() => table.columns.map((_, i) => (before ? { kind: kindOf(before[i]!), text: inputText(before[i]!) } : { kind: 'default', text: '' })));
  const [deleting, setDeleting] = useState(false);
  const set = (i: number, field: Partial<Field>): void => setFields(fields.map((it, at) => (at === i ? { ...it, ...field } : it)));

  const values = fields.map((field, i) => (table.columns[i]!.generated ? undefined : valueOf(field, before?.[i])));
  const wrong = values.findIndex((value) => value instanceof Error);
  const draft = values as (Value | undefined)[];
  const sql = deleting && row ? deleteSql(table, row) : wrong >= 0 ? undefined : row ? updateSql(table, row, draft) : insertSql(table, draft);

  const run = async (): Promise<void> => {
    const done = await databases.execute(database, [sql!]);
    onWritten();
    // The row is found by its key, so it is one or none.
    if (done.results[0]!.changes === 0) {
      throw new Problem('Nothing was changed: the row is not as it was shown any more. Close this, look at it as it is now, and change that.', 0, 'changed');
    }
  };

  return (
    <Dialog
      wide title={row ? `A row of ${table.name}` : `A new row of ${table.name}`} action={deleting ? 'Delete row' : row ? 'Update row' : 'Insert row'} danger={deleting}
      ready={sql !== undefined} onClose={onClose} onDo={run}
      more={row && <label class="check"><input type="checkbox" checked={deleting} onChange={(event) => setDeleting(event.currentTarget.checked)} /> Delete this row</label>}
    >
      <div class="fields">
        {table.columns.map((column, i) => (
          <ColumnField key={column.name} column={column} field={fields[i]!} fresh={!row} disabled={deleting || column.generated} error={wrong === i ? (values[i] as unknown as Error).message : ''} onField={(field) => set(i, field)} />
        ))}
      </div>
      <h3>What will run</h3>
      <pre class="preview" aria-live="polite" tabIndex={0}>{sql ?? (wrong >= 0 ? '—' : '— nothing is changed yet')}</pre>
    </Dialog>
  );
}

interface ColumnFieldProps {
  column: TableColumn;
  field: Field;
  fresh: boolean;
  disabled: boolean;
  error: string;
  onField: (field: Partial<Field>) => void;
}

function ColumnField({ column, field, fresh, disabled, error, onField }: ColumnFieldProps) {
  const bare = field.kind === 'null' || field.kind === 'default';
  const onInput = (event: { currentTarget: { value: string } }): void => onField({ text: event.currentTarget.value, ...(bare && { kind: likely(column) }) });
  const common = { id: `field-${column.name}`, value: bare ? '' : field.text, disabled, spellcheck: false, 'aria-invalid': error !== '', placeholder: bare ? field.kind.toUpperCase() : '', onInput };
  return (
    <div class="row-field">
      <label for={common.id}>{column.name} <span class="note">{[column.type.toLowerCase(), column.key ? 'key' : '', column.generated ? 'generated' : ''].filter(Boolean).join(' ')}</span></label>
      {field.text.includes('\n') || field.text.length > 60 ? <textarea rows={4} {...common} /> : <input autocomplete="off" {...common} />}
      <select aria-label={`Type of ${column.name}`} value={field.kind} disabled={disabled} onChange={(event) => onField({ kind: event.currentTarget.value as Field['kind'] })}>
        {fresh && <option value="default">default</option>}
        {['null', 'integer', 'real', 'text', 'blob'].map((kind) => <option key={kind} value={kind}>{kind === 'null' ? 'NULL' : kind}</option>)}
      </select>
      {error && <p class="error" role="alert">{error}</p>}
    </div>
  );
}

/** The kind that a column's type speaks for, by SQLite's rules of affinity. */
function likely(column: TableColumn): Kind {
  const type = column.type.toUpperCase();
  if (type.includes('INT')) return 'integer';
  if (/CHAR|CLOB|TEXT/.test(type)) return 'text';
  if (type.includes('BLOB')) return 'blob';
  return /REAL|FLOA|DOUB|NUM|DEC/.test(type) ? 'real' : 'text';
}

function inputText(value: Value): string {
  if (value === null) return '';
  if (value instanceof Bytes) return value.hex();
  return value instanceof Real ? realText(value.value) : String(value);
}

/** The value of a field, or what is wrong with it. */
function valueOf({ kind, text }: Field, before: Value | undefined): Value | undefined | Error {
  // What was not touched stays as it is, whatever its text can express.
  if (before !== undefined && kindOf(before) === kind && inputText(before) === text) return before;
  switch (kind) {
    case 'default': return undefined;
    case 'null': return null;
    case 'text': return text;
    case 'integer': return integer(text.trim());
    case 'real': {
      const number = Number(text);
      return text.trim() === '' || Number.isNaN(number) ? new Error('Write a number, such as 2.5 or 1e6.') : new Real(number);
    }
    case 'blob': {
      const hex = text.replaceAll(/\s/g, '');
      return /^([0-9a-f]{2})*$/i.test(hex) ? Bytes.ofHex(hex) : new Error('Write the bytes in hex: 00ff12.');
    }
  }
}

function integer(text: string): Value | Error {
  if (!/^[+-]?\d+$/.test(text)) return new Error('Write a whole number.');
  const number = BigInt(text);
  return BigInt.asIntN(64, number) === number ? number : new Error('An integer has 64 bits: from -9223372036854775808 to 9223372036854775807.');
}
