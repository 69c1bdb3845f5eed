/** Values and names as SQL. */
import { Bytes, Real, type Value } from '../server/values';

export const quote = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`);

export function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (value instanceof Bytes) return `x'${value.hex()}'`;
  if (value instanceof Real) return real(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : real(value);
  if (typeof value === 'bigint') return String(value);
  // SQL ends at a NUL, wherever that stands.
  return value.includes('\0') ? `CAST(x'${hexOf(value)}' AS TEXT)` : `'${value.replaceAll("'", "''")}'`;
}

function real(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const hexOf = (text: string): string => Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Not all of SQLite's keywords are refused as names; a name that is quoted without need does no harm.
const reserved = new Set(
  ('abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case cast check collate column commit conflict ' +
    'constraint create cross current current_date current_time current_timestamp database default deferrable deferred delete desc detach distinct do drop each else end ' +
    'escape except exclude exclusive exists explain fail filter first following for foreign from full generated glob group groups having if ignore immediate in index ' +
    'indexed initially inner insert instead intersect into is isnull join key last left like limit match materialized natural no not nothing notnull null nulls of ' +
    'offset on or order others outer over partition plan pragma preceding primary query raise range recursive references regexp reindex release rename replace ' +
    'restrict returning right rollback row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique update using vacuum ' +
    'values view virtual when where window with without').split(' '),
);
