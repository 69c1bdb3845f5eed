/** What a database consists of: tables with their columns, indexes, views and triggers. */
import * as databases from '../server/databases';
import type { Value } from '../server/values';

export interface TableColumn {
  name: string;
  type: string;
  notNull: boolean;
  default: string | null;
  /** Its place in the primary key, from 1; 0 if it is not in there. */
  key: number;
  generated: boolean;
}

export interface Table {
  name: string;
  kind: 'table' | 'view' | 'virtual';
  sql: string;
  withoutRowid: boolean;
  columns: TableColumn[];
  /** Indexes and triggers. */
  parts: { type: string; name: string; sql: string }[];
}

const entriesSql = `
SELECT s.type, s.name, s.tbl_name, s.sql, l.type, l.wr
FROM sqlite_schema s LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name AND s.type IN ('table', 'view')
WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.tbl_name <> 'orleans_sqlite_operations' AND l.type IS NOT 'shadow'
ORDER BY s.name`;

const columnsSql = `
SELECT s.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) c
WHERE s.type IN ('table', 'view') AND c.hidden <> 1
ORDER BY s.name, c.cid`;

/** Reads all of it, of one version. */
export async function schema(database: string, at?: number): Promise<Table[]> {
  const [entries, columns] = await Promise.all([databases.read(database, entriesSql, { at }), databases.read(database, columnsSql, { at })]);
  const tables = new Map<string, Table>();
  const text = (value: Value | undefined): string => (value === null || value === undefined ? '' : String(value));
  for (const [type, name, , sql, kind, withoutRowid] of entries.rows) {
    if (type === 'table' || type === 'view') {
      const is = kind === 'virtual' ? 'virtual' : (type as 'table' | 'view');
      tables.set(text(name), { name: text(name), kind: is, sql: text(sql), withoutRowid: withoutRowid === 1, columns: [], parts: [] });
    }
  }
  for (const [type, name, table, sql] of entries.rows) {
    if (type === 'index' || type === 'trigger') tables.get(text(table))?.parts.push({ type, name: text(name), sql: text(sql) });
  }
  for (const [table, name, type, notNull, initial, key, hidden] of columns.rows) {
    tables.get(text(table))?.columns.push({
      name: text(name), type: text(type), notNull: notNull === 1, default: initial === null ? null : text(initial), key: Number(key), generated: Number(hidden) > 1,
    });
  }
  return [...tables.values()];
}

/** The name by which a table gives its row ids, if it has any beside its columns and none of these hides it. An INTEGER PRIMARY KEY is the row id itself. */
export function rowidOf(table: Table): string | undefined {
  const keys = table.columns.filter((column) => column.key > 0);
  const isColumn = keys.length === 1 && keys[0]!.type.toUpperCase() === 'INTEGER';
  if (table.withoutRowid || table.kind === 'view' || isColumn) return undefined;
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
}
