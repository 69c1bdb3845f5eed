/** The server: what it does at the moment, and what that costs. */
import { useEffect, useState } from 'preact/hooks';
import type { Database } from '../server/databases';
import { dollars, sample, type Sample } from '../server/metrics';
import { messageOf } from '../shell/message';
import { href } from '../shell/route';
import { bytes, number, plural, when } from '../shell/text';

const everyMs = 2000;
const kept = 90;

export function ServerView({ databases }: { databases: Database[] | undefined }) {
  return (
    <div class="server">
      <header class="top"><div class="title"><h1>This server</h1></div></header>
      <Live />
      <h2>Databases</h2>
      {databases?.length === 0 && <p class="note">There is none yet. <b>New</b> makes one, and so does <code>curl -X PUT</code> on <code>{new URL('v1/databases/hello', document.baseURI).href}</code>.</p>}
      {databases && databases.length > 0 && (
        <table class="versions">
          <thead><tr><th scope="col">name</th><th scope="col">version</th><th scope="col">last commit</th><th scope="col">size</th><th scope="col">stored</th><th scope="col">segments</th></tr></thead>
          <tbody>
            {databases.map((it) => (
              <tr key={it.name}>
                <td><a href={href({ database: it.name, view: 'sql' })}>{it.name}</a></td><td>{it.version}</td><td>{when(it.committedAt)}</td>
                <td>{bytes(it.bytes)}</td><td>{bytes(it.storedBytes)}</td><td>{it.segments}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Live() {
  const [samples, setSamples] = useState<Sample[]>([]);
  const [absent, setAbsent] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const tick = async (): Promise<void> => {
      try {
        const now = document.hidden ? undefined : await sample(stop.signal);
        if (stop.signal.aborted) return;
        if (now) setSamples((before) => [...before.slice(-kept), now]);
        else if (!document.hidden) return setAbsent('This server gives no metrics at /metrics.');
        setAbsent('');
      } catch (error) {
        if (stop.signal.aborted) return;
        setAbsent(messageOf(error));
      }
      timer = setTimeout(() => void tick(), everyMs);
    };
    void tick();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);

  if (absent) return <p class="note" role="status">{absent}</p>;
  const last = samples.at(-1);
  if (!last) return <p class="note" role="status">reading …</p>;
  const total = (it: Sample): number => Object.values(it.requests).reduce((sum, count) => sum + count, 0);
  const perSecond = (of: (it: Sample) => number): number[] =>
    samples.slice(1).map((it, i) => Math.max(0, (of(it) - of(samples[i]!)) / ((it.at - samples[i]!.at) / 1000)));
  const commits = perSecond((it) => it.commits);
  const groups = samples.slice(1).map((it, i) => (it.commits > samples[i]!.commits ? (it.transactions - samples[i]!.transactions) / (it.commits - samples[i]!.commits) : 0));
  const perHour = perSecond((it) => dollars(it.requests) * 3600);
  return (
    <>
      <div class="meters">
        <Meter name="commits/s" series={commits} note={`${number(last.commits)} so far`} />
        <Meter name="transactions/commit" series={groups} note={`${number(last.transactions)} so far`} />
        <Meter name="lost races/s" series={perSecond((it) => it.lostRaces)} note={`${number(last.lostRaces)} so far`} />
        <Meter name="queries/s" series={perSecond((it) => it.queries)} note={`${number(last.queries)} so far`} />
        <Meter name="store requests/s" series={perSecond(total)} note={`${plural(total(last), 'request')} so far`} />
        <Meter name="$ an hour" series={perHour} money note={`$${dollars(last.requests).toFixed(4)} so far`} />
      </div>
      <p class="note small-print">
        Of this server alone, since it started. Dollars at S3 Standard's prices in us-east-1: $0.005 for 1,000 writes or listings, $0.0004 for 1,000 reads.
        {Object.keys(last.requests).length > 0 && <> {Object.entries(last.requests).map(([kind, count]) => `${number(count)} ${kind}`).join(', ')}.</>}
      </p>
    </>
  );
}

function Meter({ name, series, note, money }: { name: string; series: number[]; note: string; money?: boolean }) {
  const now = series.at(-1) ?? 0;
  const most = Math.max(...series, 1e-9);
  const points = series.map((value, i) => `${((i + kept - series.length) / (kept - 1)) * 100},${30 - (value / most) * 28}`).join(' ');
  return (
    <figure class="meter">
      <figcaption>{name}</figcaption>
      <output>{money ? now.toFixed(now < 0.1 ? 4 : 2) : number(now)}</output>
      <svg viewBox="0 0 100 31" preserveAspectRatio="none" aria-hidden="true"><polyline points={points} /></svg>
      <span class="note">{note}</span>
    </figure>
  );
}
