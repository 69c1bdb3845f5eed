/** A question to the user. The browser's own dialog: it keeps the focus, Escape closes it, and the focus goes back where it was. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { messageOf } from './message';

interface DialogProps {
  title: string;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  ready?: boolean;
  wide?: boolean;
  onClose: () => void;
  /** Closes the dialog when it is done; what it throws is shown. */
  onDo: () => Promise<void>;
  /** Buttons beside. */
  more?: ComponentChildren;
  children: ComponentChildren;
}

export function Dialog({ title, action, danger, ready = true, wide, onClose, onDo, more, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current!.showModal();
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || !ready) return;
    setBusy(true);
    setError('');
    try {
      await onDo();
      dialog.current?.close();
    } catch (failed) {
      setError(messageOf(failed));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class={wide ? 'wide' : ''} aria-labelledby={heading} onClose={onClose}>
      <form method="dialog" onSubmit={(event) => void submit(event)}>
        <h2 id={heading}>{title}</h2>
        {children}
        {error && <p class="error" role="alert">{error}</p>}
        <div class="buttons">
          {more}
          <span class="spring" />
          <button type="button" onClick={() => dialog.current!.close()}>Cancel</button>
          <button type="submit" class={danger ? 'main danger' : 'main'} disabled={busy || !ready}>{action}</button>
        </div>
      </form>
    </dialog>
  );
}
