/** SQLite's values, without loss: JavaScript alone would round long integers and take 1.0 for 1. */

/** A real that JavaScript would print like an integer, or not at all. */
export class Real {
  constructor(readonly value: number) {}
}

/** A blob, in base64 as it came. */
export class Bytes {
  constructor(readonly base64: string) {}

  get length(): number {
    const padding = this.base64.endsWith('==') ? 2 : this.base64.endsWith('=') ? 1 : 0;
    return (this.base64.length / 4) * 3 - padding;
  }

  hex(most = Infinity): string {
    const binary = atob(most === Infinity ? this.base64 : this.base64.slice(0, Math.ceil(most / 3) * 4));
    let text = '';
    for (let i = 0; i < Math.min(binary.length, most); i++) text += binary.charCodeAt(i).toString(16).padStart(2, '0');
    return text;
  }

  static ofHex(hex: string): Bytes {
    return new Bytes(btoa((hex.match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('')));
  }
}

export type Value = null | string | number | bigint | Real | Bytes;
export type Row = Value[];
export type Kind = 'null' | 'integer' | 'real' | 'text' | 'blob';

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const keepReal: Reviver = (_key, value, context) =>
  typeof value === 'number' && Number.isInteger(value) && /[.eE]/.test(context?.source ?? '') ? new Real(value) : value;

/** Reads one row of an answer. */
export function parseRow(line: string): Row {
  // Most rows have no such number, and reading without a reviver is several times as fast.
  const cells = (/\d(\.\d|[eE][+-]?\d)/.test(line) ? JSON.parse(line, keepReal as never) : JSON.parse(line)) as unknown[];
  return cells.map(fromWire);
}

/** Reads a value as an answer has it. */
export function fromWire(cell: unknown): Value {
  if (cell === null || typeof cell !== 'object' || cell instanceof Real) return cell as Value;
  const told = cell as { integer?: string; real?: string; blob?: string };
  if (told.integer !== undefined) return BigInt(told.integer);
  if (told.real !== undefined) return new Real(told.real === '-Infinity' ? -Infinity : Infinity);
  return new Bytes(told.blob ?? '');
}

export function kindOf(value: Value): Kind {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'real';
  return value instanceof Real ? 'real' : 'blob';
}

export function realText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

/** The value as one reads it; a blob as hex. */
export function textOf(value: Value): string {
  if (value === null) return 'NULL';
  if (value instanceof Real) return realText(value.value);
  if (value instanceof Bytes) return `x'${value.hex()}'`;
  return String(value);
}

/** The value in the width of a cell. */
export function cellText(value: Value): string {
  if (value instanceof Bytes) return `x'${value.hex(12)}${value.length > 12 ? '…' : "'"} ${value.length} B`;
  if (typeof value === 'string') return (value.length > 300 ? `${value.slice(0, 300)}…` : value).replace(/\r?\n/g, ' ⏎ ');
  return textOf(value);
}
