/**
 * Who may ask the bridge: a browser that was opened once with the address that weftctl printed. Its token makes a cookie, which
 * other users of the machine do not have and pages of other sites cannot send. Each bridge has a token of its own.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '@weft/control';

/** What a request shows of itself. */
export type Visitor = Pick<IncomingMessage, 'headers' | 'url'>;

/** Let in; shown in by the token, with what makes the browser come back without it; or not let in. */
export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'shown-in'; readonly headers: Readonly<Record<string, string>> }
  | Refusal;

const PARAMETER = 'token';
const HINT = 'Open the address that weftctl dashboard has printed: each start has one of its own.';

/** The door of one bridge. */
export class Entrance {
  readonly #token = randomBytes(32).toString('base64url');
  readonly #port: number;

  /** @param port where the bridge listens on 127.0.0.1 */
  constructor(port: number) {
    this.#port = port;
  }

  /** What opens the page: to be shown to nobody but the user. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}/?${PARAMETER}=${this.#token}`;
  }

  admit({ headers, url = '/' }: Visitor): Admission {
    // A name that somebody made lead here would let their page read what this one does.
    if (headers.host !== `127.0.0.1:${this.#port}` && headers.host !== `localhost:${this.#port}`)
      return forbidden(
        'This is no name of this server',
        headers.host ?? 'no host',
        `It is 127.0.0.1:${this.#port} alone; through ssh -L, take the same port on both ends.`,
      );
    const shown = url.startsWith('/?') ? new URLSearchParams(url.slice(2)).get(PARAMETER) : null;
    if (shown !== null)
      return this.#isToken(shown)
        ? { kind: 'shown-in', headers: { location: '/', 'set-cookie': this.#cookie } }
        : forbidden('This token opens nothing', 'the address', HINT);
    if (cookies(headers.cookie).some((cookie) => this.#isCookie(cookie))) return { kind: 'admitted' };
    return forbidden('Only who has the token may read here', url, HINT);
  }

  /** The port is in its name, since browsers send the cookies of a host to all its ports. */
  get #name(): string {
    return `weft-dashboard-${this.#port}`;
  }

  /** Lax, since the address may be a link in a chat or a web terminal: after that click a browser would not send a strict one. */
  get #cookie(): string {
    return `${this.#name}=${this.#token}; HttpOnly; SameSite=Lax; Path=/`;
  }

  #isCookie(cookie: string): boolean {
    return cookie.startsWith(`${this.#name}=`) && this.#isToken(cookie.slice(this.#name.length + 1));
  }

  #isToken(text: string): boolean {
    const [shown, own] = [Buffer.from(text), Buffer.from(this.#token)];
    return shown.length === own.length && timingSafeEqual(shown, own);
  }
}

function cookies(header = ''): string[] {
  return header.split(';').map((cookie) => cookie.trim());
}

function forbidden(message: string, object: string, hint: string): Refusal {
  return refuse('forbidden', message, object, hint);
}
