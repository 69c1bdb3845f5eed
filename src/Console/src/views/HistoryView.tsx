/** All versions that can be gone back to. */
import { useEffect, useState } from 'preact/hooks';
import * as databases from '../server/databases';
import type { Version } from '../server/databases';
import { messageOf } from '../shell/message';
import { bytes, clock, day, number } from '../shell/text';

interface HistoryViewProps {
  database: string;
  newest: number | undefined;
  at: number | undefined;
  onPick: (version: number | undefined) => void;
}

const page = 200;

export function HistoryView({ database, newest, at, onPick }: HistoryViewProps) {
  const [versions, setVersions] = useState<Version[]>();
  const [below, setBelow] = useState<number>();
  const [error, setError] = useState('');
  const load = (from: number | undefined, before: Version[]): void => {
    databases.history(database, page, from).then((got) => {
      setVersions([...before, ...got.versions]);
      setBelow(got.below);
      setError('');
    }, (failed: unknown) => setError(messageOf(failed)));
  };
  useEffect(() => load(undefined, []), [database, newest]);

  const days = Map.groupBy(versions ?? [], (it) => day(it.committedAt));
  return (
    <div class="history">
      {error && <p class="error" role="alert">{error}</p>}
      {versions?.length === 0 && <p class="note hint">Nothing was written yet.</p>}
      {[...days].map(([date, some]) => (
        <table key={date} class="versions">
          <caption>{date}</caption>
          <thead><tr><th scope="col">version</th><th scope="col">time</th><th scope="col" class="touched">tables</th><th scope="col">pages changed</th><th scope="col">stored</th><th scope="col">size</th><th scope="col"><span class="hidden">Look</span></th></tr></thead>
          <tbody>
            {some.map((it) => (
              <tr key={it.version} class={it.version === (at ?? newest) ? 'here' : ''}>
                <td>{it.version}</td><td>{clock(it.committedAt)}</td><td class="touched" title={it.tables?.join(', ')}>{it.tables?.join(', ') ?? '–'}</td><td>{it.changedPages === undefined ? '–' : number(it.changedPages)}</td>
                <td>{it.storedBytes === undefined ? '–' : bytes(it.storedBytes)}</td><td>{bytes(it.bytes)}</td>
                <td>{it.version === (at ?? newest) ? <span class="note">shown</span> : <button type="button" class="link" aria-label={`Look at version ${it.version}`} onClick={() => onPick(it.version)}>look</button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      {below !== undefined && <button type="button" class="small" onClick={() => load(below, versions ?? [])}>Older ones</button>}
    </div>
  );
}
