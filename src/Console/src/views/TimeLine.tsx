/** The latest versions, one stroke each, as high as what the commit put into the store. A slider: the arrow keys go from version to version. */
import type { Version } from '../server/databases';
import { bytes, clock, day, when } from '../shell/text';

interface TimeLineProps {
  versions: Version[];
  at: number | undefined;
  newest: number | undefined;
  onPick: (version: number | undefined) => void;
}

export function TimeLine({ versions, at, newest, onPick }: TimeLineProps) {
  if (versions.length === 0 || newest === undefined) return <div class="timeline none" />;
  const inTime = [...versions].reverse();
  const here = at ?? newest;
  const index = inTime.findIndex((it) => it.version === here);
  const weights = inTime.map((it) => Math.log1p(weight(it)));
  const [least, most] = [Math.min(...weights), Math.max(...weights)];
  const high = (it: Version): number => Math.round(25 + 65 * ((Math.log1p(weight(it)) - least) / (most - least || 1)));
  const pick = (i: number): void => onPick(inTime[Math.max(0, Math.min(inTime.length - 1, i))]!.version);
  const onKeyDown = (event: KeyboardEvent): void => {
    const from = index < 0 ? 0 : index;
    const to = { ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1, PageDown: from - 10, PageUp: from + 10, Home: 0, End: inTime.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(to);
  };
  const onPointer = (event: PointerEvent): void => {
    if (event.buttons !== 1) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const i = Math.min(inTime.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * inTime.length)));
    if (inTime[i]!.version !== here) pick(i);
  };
  const told = inTime[index];
  const [first, last] = [inTime[0]!, inTime.at(-1)!];
  return (
    <div class="timeline">
      <div
        class="strokes" role="slider" tabIndex={0} aria-label="Version" aria-valuemin={first.version} aria-valuemax={last.version} aria-valuenow={here}
        aria-valuetext={told ? `version ${told.version}, ${when(told.committedAt)}` : `version ${here}`} onKeyDown={onKeyDown} onPointerDown={onPointer} onPointerMove={onPointer}
      >
        {inTime.map((it) => (
          <span
            key={it.version} class={it.version === here ? 'stroke here' : it.version > here ? 'stroke later' : 'stroke'} title={`version ${it.version} · ${when(it.committedAt)}${it.storedBytes === undefined ? '' : ` · ${bytes(it.storedBytes)}`}`}
            style={{ '--high': `${high(it)}%` }}
          />
        ))}
      </div>
      <div class="ends note">
        <span>{first.version} · {day(first.committedAt) === day(last.committedAt) ? clock(first.committedAt) : when(first.committedAt)}</span>
        <span>{last.version} · {when(last.committedAt)}</span>
      </div>
    </div>
  );
}

/** A commit that was too large to stand in the head has no size: it was large. */
const weight = (version: Version): number => version.storedBytes ?? 200_000;
