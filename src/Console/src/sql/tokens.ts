/** Just as much of SQL's grammar as it takes to see where a statement ends and where a name stands. */

export interface Token {
  kind: 'word' | 'name' | 'text' | 'other';
  from: number;
  to: number;
}

const pattern = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|('(?:[^']|'')*(?:'|$))|("(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$))|([\p{L}_][\p{L}\p{N}_$]*)|(\S)/gu;

/** The tokens of a text, without comments and space. */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  for (const match of sql.matchAll(pattern)) {
    const kind = match[1] !== undefined ? 'text' : match[2] !== undefined ? 'name' : match[3] !== undefined ? 'word' : match[4] !== undefined ? 'other' : undefined;
    if (kind) found.push({ kind, from: match.index, to: match.index + match[0].length });
  }
  return found;
}

export interface Piece {
  sql: string;
  from: number;
  to: number;
}

/** The statements of a text, and where each stands. The body of a trigger ends with an END that stands after a semicolon, as SQLite's own shell has it. */
export function statements(text: string): Piece[] {
  const pieces: Piece[] = [];
  let open: Token[] = [];
  const word = (token: Token | undefined): string => (token?.kind === 'word' ? text.slice(token.from, token.to).toLowerCase() : '');
  const close = (end: number): void => {
    if (open[0]) pieces.push({ sql: text.slice(open[0].from, end), from: open[0].from, to: end });
    open = [];
  };
  for (const token of tokens(text)) {
    if (token.kind === 'other' && text[token.from] === ';') {
      const head = open.slice(0, 3).map(word);
      const trigger = head[0] === 'create' && head.includes('trigger') && open.some((it) => word(it) === 'begin');
      const ended = word(open.at(-1)) === 'end' && text[open.at(-2)?.from ?? -1] === ';';
      if (!trigger || ended) {
        close(open.at(-1)?.to ?? token.from);
        continue;
      }
    }
    open.push(token);
  }
  close(open.at(-1)?.to ?? 0);
  return pieces;
}

/** Whether a statement reads, as far as its first word says. */
export const reads = (sql: string): boolean => /^(select|values|with|explain|pragma)\b/i.test(sql);

/** Where in a statement an error of SQLite has its cause, as far as its words say. */
export function placeOf(error: string, piece: Piece): { from: number; to: number } {
  if (/incomplete input/.test(error)) return { from: Math.max(piece.from, piece.to - 1), to: piece.to };
  const quoted = /near "([\s\S]*)": syntax error/.exec(error)?.[1] ?? /unrecognized token: "([\s\S]*)"/.exec(error)?.[1];
  const named = /has no column named (\S+)/.exec(error)?.[1]
    ?? /(?:no such \w+|ambiguous column name|duplicate column name|no such collation sequence): (\S+)/.exec(error)?.[1]
    ?? /(?:table|index|view|trigger) (\S+) already exists/.exec(error)?.[1];
  const wanted = quoted ?? named?.split('.').at(-1);
  if (wanted) {
    const bare = (token: Token): string => {
      const text = piece.sql.slice(token.from, token.to);
      return token.kind === 'name' ? text.slice(1, -1) : text;
    };
    const hit = tokens(piece.sql).find((token) => bare(token).toLowerCase() === wanted.toLowerCase() || piece.sql.slice(token.from, token.to) === wanted);
    if (hit) return { from: piece.from + hit.from, to: piece.from + hit.to };
  }
  const line = piece.sql.search(/\n|$/);
  return { from: piece.from, to: piece.from + Math.max(1, line) };
}
