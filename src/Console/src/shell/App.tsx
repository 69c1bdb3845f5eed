/** The whole page: the databases at the side, one of them in the middle. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import * as databases from '../server/databases';
import type { Database } from '../server/databases';
import { messageOf } from './message';
import { Rail } from './Rail';
import { useRoute } from './route';
import { Workbench } from './Workbench';
import { ServerView } from '../views/ServerView';

export function App() {
  const route = useRoute();
  const [known, setKnown] = useState<Database[]>();
  const [error, setError] = useState('');
  const reload = useCallback(() => {
    databases.list().then((all) => {
      setKnown(all);
      setError('');
    }, (failed: unknown) => setError(messageOf(failed)));
  }, []);
  useEffect(reload, []);
  // With another token all is asked for anew.
  const [tokens, setTokens] = useState(0);
  useEffect(() => {
    document.title = route.database ? `${route.database} · OrleansSqlite` : 'OrleansSqlite';
  }, [route.database]);

  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}>To the content</a>
      <Rail route={route} databases={known} error={error} reload={reload} onToken={() => (setTokens(tokens + 1), reload())} />
      <main id="main" tabIndex={-1}>
        {route.database ? <Workbench key={`${route.database}/${tokens}`} route={route} database={route.database} reload={reload} /> : <ServerView databases={known} />}
      </main>
    </div>
  );
}
