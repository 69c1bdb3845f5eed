/** Where one is, in the address behind the #: it can be kept, sent and gone back to. */
import { useEffect, useState } from 'preact/hooks';

export type View = 'sql' | 'data' | 'schema' | 'history';
export const views: View[] = ['sql', 'data', 'schema', 'history'];

export interface Route {
  /** No database: the server itself. */
  database?: string;
  /** A version of the past; the newest without it. */
  at?: number;
  view: View;
  table?: string;
}

export function parse(hash: string): Route {
  const [, name, at, view, table] = /^#\/([^/@]+)(?:@(\d+))?(?:\/(\w+))?(?:\/(.+))?$/.exec(hash) ?? [];
  if (!name) return { view: 'sql' };
  return {
    database: decodeURIComponent(name),
    ...(at && { at: Number(at) }),
    view: views.includes(view as View) ? (view as View) : 'sql',
    ...(table && { table: decodeURIComponent(table) }),
  };
}

export function href(route: Route): string {
  if (!route.database) return '#/';
  const at = route.at === undefined ? '' : `@${route.at}`;
  return `#/${encodeURIComponent(route.database)}${at}/${route.view}${route.table ? `/${encodeURIComponent(route.table)}` : ''}`;
}

export const go = (route: Route): void => void (location.hash = href(route));

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = (): void => setRoute(parse(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
