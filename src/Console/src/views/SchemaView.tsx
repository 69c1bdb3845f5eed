/** What the database consists of. */
import type { Table } from '../sql/schema';

export function SchemaView({ tables, onTable }: { tables: Table[]; onTable: (table: string) => void }) {
  if (tables.length === 0) return <p class="note hint">There are no tables yet. CREATE TABLE makes one, under SQL.</p>;
  return (
    <div class="schema">
      {tables.map((table) => (
        <article key={table.name} aria-label={table.name}>
          <h3>
            <button type="button" class="link" onClick={() => onTable(table.name)}>{table.name}</button>
            <span class="note"> {table.kind}{table.withoutRowid ? ' without rowid' : ''}</span>
          </h3>
          <table class="columns">
            <thead class="hidden"><tr><th>Column</th><th>Type</th><th>Rules</th></tr></thead>
            <tbody>
              {table.columns.map((column) => (
                <tr key={column.name}>
                  <td class={column.key ? 'name key' : 'name'}>{column.name}</td>
                  <td class="type">{column.type.toLowerCase()}</td>
                  <td class="note">{[
                    column.key ? `key${table.columns.filter((it) => it.key).length > 1 ? ` ${column.key}` : ''}` : '', column.notNull ? 'not null' : '',
                    column.default === null ? '' : `default ${column.default}`, column.generated ? 'generated' : '',
                  ].filter(Boolean).join(' · ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {table.parts.map((part) => <details key={part.name}><summary>{part.type} {part.name}</summary><pre>{part.sql}</pre></details>)}
          <details><summary>SQL</summary><pre>{table.sql}</pre></details>
        </article>
      ))}
    </div>
  );
}
