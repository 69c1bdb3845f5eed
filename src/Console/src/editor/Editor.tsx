/** The SQL editor: CodeMirror in a shadow root, because its styles are then rules of the page's own and no inline ones, which the page's policy forbids. */
import { useEffect, useRef } from 'preact/hooks';
import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { SQLite, sql } from '@codemirror/lang-sql';
import { bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { Compartment, Prec, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from '@codemirror/view';
import type { Table } from '../sql/schema';
import { colors, theme } from './theme';

export interface Mark {
  from: number;
  to: number;
  message: string;
}

export interface EditorProps {
  text: string;
  tables: Table[];
  mark: Mark | undefined;
  onText: (text: string) => void;
  /** Runs what is selected, or all: the text and where it begins. */
  onRun: (text: string, from: number) => void;
  /** Where the text to run can be asked for by a button. */
  handle: { run?: () => void };
}

export function Editor(props: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const language = useRef(new Compartment());
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
    const root = place.current!.shadowRoot ?? place.current!.attachShadow({ mode: 'open' });
    const run = (): boolean => {
      const { state } = view.current!;
      const { from, to, empty } = state.selection.main;
      closeCompletion(view.current!);
      now.current.onRun(empty ? state.doc.toString() : state.sliceDoc(from, to), empty ? 0 : from);
      return true;
    };
    view.current = new EditorView({
      doc: now.current.text,
      root,
      parent: root,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
        language.current.of(dialect(now.current.tables)),
        lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), autocompletion({ icons: false }), highlightActiveLine(),
        placeholder('SELECT …'),
        // Tab leaves the editor, so that the keyboard is never caught in it.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'SQL' }),
        EditorView.updateListener.of((update) => update.docChanged && now.current.onText(update.state.doc.toString())),
        theme, syntaxHighlighting(colors),
      ],
    });
    props.handle.run = () => void run();
    view.current.focus();
    return () => view.current?.destroy();
  }, []);

  useEffect(() => view.current?.dispatch({ effects: language.current.reconfigure(dialect(props.tables)) }), [props.tables]);

  useEffect(() => {
    const editor = view.current!;
    const length = editor.state.doc.length;
    const at = props.mark && { from: Math.min(props.mark.from, length), to: Math.min(props.mark.to, length) };
    editor.dispatch(setDiagnostics(editor.state, at ? [{ ...at, severity: 'error', message: props.mark!.message }] : []));
    if (at) editor.dispatch({ effects: EditorView.scrollIntoView(at.from) });
  }, [props.mark]);

  return <div class="editor" ref={place} />;
}

function dialect(tables: Table[]): Extension {
  const names = Object.fromEntries(tables.map((table) => [table.name, table.columns.map((column) => ({ label: column.name, detail: column.type.toLowerCase() }))]));
  // With one table its columns complete by themselves.
  return sql({ dialect: SQLite, schema: names, ...(tables.length === 1 && { defaultTable: tables[0]!.name }) });
}
