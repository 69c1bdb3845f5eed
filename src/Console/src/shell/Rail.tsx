/** The databases, and what concerns the page itself. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Database } from '../server/databases';
import { token, unauthorized } from '../server/http';
import { CreateQuestion } from './questions';
import { go, href, type Route } from './route';
import { bytes } from './text';

interface RailProps {
  route: Route;
  databases: Database[] | undefined;
  error: string;
  reload: () => void;
  onToken: () => void;
}

export function Rail({ route, databases, error, reload, onToken }: RailProps) {
  const [creating, setCreating] = useState(false);
  const [filter, setFilter] = useState('');
  const shown = databases?.filter((database) => database.name.includes(filter));
  return (
    <nav class="rail" aria-label="Databases">
      <a class="brand" href="#/" aria-current={route.database ? undefined : 'page'}>Orleans<b>Sqlite</b></a>
      <div class="rail-head">
        <h2>Databases</h2>
        <button type="button" class="small" onClick={() => setCreating(true)}>New</button>
      </div>
      {(databases?.length ?? 0) > 12 && (
        <input class="filter" type="search" placeholder="Find" aria-label="Find a database" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      )}
      {error && <p class="error" role="alert">{error} <button type="button" class="link" onClick={reload}>Again</button></p>}
      <ul class="databases">
        {shown?.map((database) => (
          <li key={database.name}>
            <a href={href({ database: database.name, view: route.view })} aria-current={database.name === route.database ? 'page' : undefined}>
              <span class="name">{database.name}</span>
              <span class="note">{bytes(database.bytes)}</span>
            </a>
          </li>
        ))}
      </ul>
      {databases?.length === 0 && <p class="note empty">There is none yet.</p>}
      <span class="spring" />
      <TokenField onToken={onToken} />
      {creating && (
        <CreateQuestion
          onClose={() => setCreating(false)}
          onDone={(name) => {
            reload();
            go({ database: name, view: 'sql' });
          }}
        />
      )}
    </nav>
  );
}

function TokenField({ onToken }: { onToken: () => void }) {
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState(token.get());
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const asked = (): void => {
      setOpen(true);
      field.current?.focus();
    };
    unauthorized.addEventListener('asked', asked);
    return () => unauthorized.removeEventListener('asked', asked);
  }, []);
  return (
    <details class="token" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Token{token.get() ? ' (set)' : ''}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          token.set(value.trim());
          setOpen(false);
          onToken();
        }}
      >
        <label class="field">
          <span>Bearer token</span>
          <input ref={field} type="password" autocomplete="off" value={value} onInput={(event) => setValue(event.currentTarget.value)} />
          <small>Kept until this tab is closed.</small>
        </label>
        <button type="submit" class="small">Use it</button>
      </form>
    </details>
  );
}
