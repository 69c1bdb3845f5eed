/** Requests to the server that gave this page, wherever an app has mapped it. */

const root = new URL('.', document.baseURI);
const tokenKey = 'orleans-sqlite.token';

/** The bearer token of this tab. It is gone when the tab is closed. */
export const token = {
  get: (): string => sessionStorage.getItem(tokenKey) ?? '',
  set: (value: string): void => (value ? sessionStorage.setItem(tokenKey, value) : sessionStorage.removeItem(tokenKey)),
};

/** Called when the server asks for a token, or for another one. */
export const unauthorized = new EventTarget();

/** An error as the server tells it, or the lack of an answer. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    /** The index of the statement that failed. */
    readonly statement?: number,
    readonly outcomeKnown = true,
  ) {
    super(message);
  }
}

export interface Call {
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Sends a request; anything but success is thrown as a Problem. */
export async function send(method: string, path: string, call: Call = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: call.accept ?? 'application/json', ...call.headers };
  if (token.get()) headers['Authorization'] = `Bearer ${token.get()}`;
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(new URL(path, root), {
      method,
      headers,
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: call.signal ?? null,
      cache: 'no-store',
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    const doubt = method === 'GET' ? '' : ' Whether it took effect is not known: look before you do it again.';
    throw new Problem(`The server does not answer.${doubt}`, 0, 'no-answer', undefined, method === 'GET');
  }
  if (response.ok) return response;
  if (response.status === 401) unauthorized.dispatchEvent(new Event('asked'));
  throw await problemOf(response);
}

/** Sends a request and gives the JSON of its answer. */
export async function json<T>(method: string, path: string, call: Call = {}): Promise<T> {
  return (await (await send(method, path, call)).json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as { detail?: string; code?: string; statement?: number; outcomeKnown?: boolean };
  return new Problem(told.detail ?? plain(response.status), response.status, told.code ?? '', told.statement, told.outcomeKnown ?? true);
}

function plain(status: number): string {
  switch (status) {
    case 401: return 'The server wants a token. Enter one under “Token”.';
    case 403: return 'The token does not allow this.';
    case 404: return 'The server does not have this.';
    case 429: return 'The server has too much to do. Try again in a moment.';
    default: return `The server answered with status ${status} and no reason.`;
  }
}
