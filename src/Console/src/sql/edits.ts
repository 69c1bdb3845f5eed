/** Changes of single rows, as the SQL that makes them. */
import { rowidOf, type Table } from './schema';
import { literal, quote } from './literals';
import { Bytes, type Row, type Value } from '../server/values';

/** What finds a row again: its row id, or its primary key. */
export function keyColumns(table: Table): string[] | undefined {
  if (table.kind === 'view') return undefined;
  const rowid = rowidOf(table);
  if (rowid) return [rowid];
  const keys = table.columns.filter((column) => column.key > 0).sort((a, b) => a.key - b.key).map((column) => column.name);
  return keys.length > 0 ? keys : undefined;
}

/** The rows of a table, with what finds each of them in front. */
export function selectRows(table: Table, filter: string, order: string): string {
  const rowid = rowidOf(table);
  return `SELECT ${rowid ? `${rowid}, ` : ''}${table.columns.map((column) => quote(column.name)).join(', ')} FROM ${quote(table.name)}` +
    (filter.trim() ? ` WHERE ${filter}` : '') + (order ? ` ORDER BY ${order}` : '');
}

/** The cells of a row of selectRows that stand for the table's columns. */
export const cellsOf = (table: Table, row: Row): Row => (rowidOf(table) ? row.slice(1) : row);

/** `undefined` leaves a column to its default. */
export type Draft = (Value | undefined)[];

export function insertSql(table: Table, draft: Draft): string {
  const set = table.columns.map((column, i) => ({ name: column.name, value: draft[i] })).filter((it) => it.value !== undefined);
  if (set.length === 0) return `INSERT INTO ${quote(table.name)} DEFAULT VALUES`;
  return `INSERT INTO ${quote(table.name)} (${set.map((it) => quote(it.name)).join(', ')})\nVALUES (${set.map((it) => literal(it.value!)).join(', ')})`;
}

/** Nothing if nothing was changed. */
export function updateSql(table: Table, row: Row, draft: Draft): string | undefined {
  const before = cellsOf(table, row);
  const changed = table.columns.map((column, i) => ({ name: column.name, was: before[i]!, value: draft[i] }))
    .filter((it) => it.value !== undefined && literal(it.value) !== literal(it.was));
  if (changed.length === 0) return undefined;
  const set = changed.map((it) => `${quote(it.name)} = ${literal(it.value!)}`).join(',\n    ');
  return `UPDATE ${quote(table.name)}\nSET ${set}\nWHERE ${where(table, row, changed)}`;
}

export function deleteSql(table: Table, row: Row): string {
  const before = cellsOf(table, row);
  return `DELETE FROM ${quote(table.name)}\nWHERE ${where(table, row, table.columns.map((column, i) => ({ name: column.name, was: before[i]! })))}`;
}

/**
 * The row, and that it still is as it was shown: if somebody else was there in between, no row is found and nothing happens.
 * Long values are left out; they would bury what one is to read.
 */
function where(table: Table, row: Row, shown: { name: string; was: Value }[]): string {
  const keys = keyColumns(table)!;
  const rowid = rowidOf(table);
  const key = keys.map((name) => `${quote(name)} = ${literal(rowid ? row[0]! : row[table.columns.findIndex((column) => column.name === name)]!)}`);
  const same = shown.filter((it) => !keys.includes(it.name) && sizeOf(it.was) <= 200).map((it) => `${quote(it.name)} IS ${literal(it.was)}`);
  return [...key, ...same].join('\n  AND ');
}

const sizeOf = (value: Value): number => (typeof value === 'string' ? value.length : value instanceof Bytes ? value.length * 2 : 0);
