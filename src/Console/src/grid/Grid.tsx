/** A table of any number of rows, of which only those in sight are in the page. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { cellText, kindOf, textOf, type Row } from '../server/values';

const rowHeight = 26;
const beyond = 12;

export interface GridProps {
  label: string;
  columns: { name: string; note?: string }[];
  rows: Row[];
  /** How many of the first columns are keys, shown paler. */
  keys?: number;
  /** Called by Enter or a double click, if rows can be opened. */
  onOpen?: ((row: number) => void) | undefined;
  /** Called by a click on a heading. */
  onHeading?: ((column: number) => void) | undefined;
}

export function Grid({ label, columns, rows, keys = 0, onOpen, onHeading }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 600 });
  const [at, setAt] = useState({ row: 0, column: keys < columns.length ? keys : 0 });
  const id = useMemo(() => `grid-${Math.random().toString(36).slice(2, 8)}`, []);
  const template = useMemo(() => columnsOf(columns, rows), [columns, rows, Math.min(rows.length, 100)]);

  useEffect(() => {
    const element = scroller.current!;
    const look = (): void => setSight({ top: element.scrollTop, height: element.clientHeight });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);

  useEffect(() => {
    setAt({ row: 0, column: keys < columns.length ? keys : 0 });
    scroller.current!.scrollTop = 0;
  }, [columns]);

  const first = Math.max(0, Math.floor(sight.top / rowHeight) - beyond);
  const last = Math.min(rows.length, Math.ceil((sight.top + sight.height) / rowHeight) + beyond);
  const page = Math.max(1, Math.floor(sight.height / rowHeight) - 2);

  const go = (row: number, column: number): void => {
    const to = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    setAt(to);
    const element = scroller.current!;
    const [top, bottom] = [to.row * rowHeight, (to.row + 2) * rowHeight];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    requestAnimationFrame(() => document.getElementById(`${id}-${to.row}-${to.column}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const far = event.ctrlKey || event.metaKey;
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at.row + 1, at.column), ArrowUp: () => go(at.row - 1, at.column),
      ArrowRight: () => go(at.row, at.column + 1), ArrowLeft: () => go(at.row, at.column - 1),
      PageDown: () => go(at.row + page, at.column), PageUp: () => go(at.row - page, at.column),
      Home: () => go(far ? 0 : at.row, 0), End: () => go(far ? rows.length - 1 : at.row, columns.length - 1),
      Enter: () => onOpen?.(at.row),
    };
    const move = moves[event.key];
    if (event.target === scroller.current && move && rows.length > 0) {
      event.preventDefault();
      move();
    }
  };

  const onCopy = (event: ClipboardEvent): void => {
    const value = rows[at.row]?.[at.column];
    if (value === undefined || String(getSelection()) !== '') return;
    event.clipboardData?.setData('text/plain', value === null ? '' : textOf(value));
    event.preventDefault();
  };

  const value = rows[at.row]?.[at.column];
  return (
    <div class="grid-frame">
      <div
        class="grid" role="grid" tabIndex={0} ref={scroller} aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={columns.length}
        aria-activedescendant={rows.length > 0 ? `${id}-${at.row}-${at.column}` : undefined} onKeyDown={onKeyDown} onCopy={onCopy}
      >
        <div class="grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {columns.map((column, i) => (
            <div role="columnheader" key={i} title={column.note || undefined}>
              {onHeading ? <button type="button" class="heading" onClick={() => onHeading(i)}>{column.name}</button> : column.name}
              {column.note && <span class="note"> {column.note}</span>}
            </div>
          ))}
        </div>
        <div class="grid-body" role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(first, last).map((row, i) => (
            <div
              role="row" key={first + i} aria-rowindex={first + i + 2} class="grid-row"
              style={{ gridTemplateColumns: template, transform: `translateY(${(first + i) * rowHeight}px)` }}
              onDblClick={() => onOpen?.(first + i)}
            >
              {row.map((cell, column) => (
                <div
                  role="gridcell" key={column} id={`${id}-${first + i}-${column}`} class={`${kindOf(cell)}${column < keys ? ' key' : ''}`}
                  aria-selected={at.row === first + i && at.column === column} onMouseDown={() => setAt({ row: first + i, column })}
                >
                  {cellText(cell)}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      {value !== undefined && (
        <div class="grid-value" aria-live="off">
          <span class="note">{columns[at.column]?.name} · {kindOf(value)}</span>
          <output>{textOf(value).slice(0, 5000)}</output>
        </div>
      )}
    </div>
  );
}

/** Columns as wide as what stands in the first rows, within bounds. */
function columnsOf(columns: GridProps['columns'], rows: Row[]): string {
  const few = rows.slice(0, 100);
  return columns.map((column, i) => {
    const widest = few.reduce((width, row) => Math.max(width, cellText(row[i] ?? null).length), column.name.length + (column.note ? column.note.length + 1 : 0));
    return `${Math.max(5, Math.min(44, widest)) + 3}ch`;
  }).join(' ');
}
