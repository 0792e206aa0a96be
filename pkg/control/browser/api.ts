/** What the daemons answer, as far as it is drawn: the shapes of the control API (pkg/control), read and never written. */

/** A daemon that can be asked: its node, and what its paths begin with. */
export interface NodePlace {
  readonly name: string;
  readonly base: string;
}

export interface Status {
  readonly node: string;
  readonly role: string;
  readonly version: string;
  readonly since: string;
  readonly addresses: readonly { readonly address?: string; readonly reason: string }[];
  readonly datastore: {
    readonly type: string;
    readonly location: string;
    readonly inSync: boolean;
    readonly detail?: string;
  };
  readonly readiness: { readonly ok: boolean; readonly reasons: readonly string[] };
}

export interface Peer {
  readonly address: string;
  readonly asn: number;
  readonly type: string;
  readonly node?: string;
  readonly state: string;
  readonly since: string;
  readonly info: string;
  readonly counters: { readonly prefixesReceived: number; readonly prefixesAdvertised: number };
}

export interface Peers {
  readonly asn: number;
  readonly bgpIdentifier: string;
  readonly peers: readonly Peer[];
}

export interface Route {
  readonly prefix: string;
  readonly type: string;
  readonly via: readonly { readonly gateway?: string; readonly interface: string }[];
  readonly class?: string;
  readonly state: string;
  readonly reason: string;
  readonly detail?: string;
}

export interface Pool {
  readonly name: string;
  readonly cidr: string;
  readonly unusable?: string;
}

export interface Block {
  readonly cidr: string;
  readonly pool?: string;
  readonly node?: string;
  readonly size: number;
  readonly used: number;
}

/** Of an explanation only what is drawn. */
export interface Explanation {
  readonly node: string;
  readonly pools: readonly { readonly name: string; readonly cidr: string; readonly unusable?: string }[];
  readonly affinities: readonly { readonly block: string; readonly node: string; readonly state: string }[];
  readonly announcements: readonly {
    readonly prefix: string;
    readonly announced: boolean;
    readonly reason: string;
  }[];
  readonly prefixes: readonly {
    readonly prefix: string;
    readonly noRoute?: string;
    readonly paths: readonly {
      readonly peer?: string;
      readonly nextHop?: string;
      readonly best: boolean;
      readonly multipath: boolean;
      readonly importRule?: string;
      readonly lost?: {
        readonly kind: string;
        readonly step?: string;
        readonly rule?: string;
        readonly value?: string;
        readonly againstValue?: string;
      };
    }[];
    readonly exports: readonly { readonly peer: string; readonly told: boolean; readonly rule: string }[];
  }[];
}

/** A node's daemon at a moment, or why it said nothing; or nothing yet. */
export interface Look extends NodePlace {
  /** When it was asked, in ms of this page's clock; undefined as long as it was not. */
  readonly askedAt?: number;
  readonly status?: Status;
  readonly bgp?: Peers;
  readonly problem?: string;
}

/** The daemons that can be asked through this page's server. */
export async function readNodes(): Promise<readonly NodePlace[]> {
  return (await read<{ readonly nodes: readonly NodePlace[] }>('/v1/dashboard/nodes')).nodes;
}

/** How a node is. A daemon that does not answer is an answer, too. One question after the other: who is silent holds one connection. */
export async function lookAt({ base, name }: NodePlace): Promise<Look> {
  const asked = { name, base, askedAt: performance.now() };
  try {
    const status = await read<Status>(`${base}v1/status`, LOOK_MS);
    return { ...asked, status, bgp: await read<Peers>(`${base}v1/bgp/peers`, LOOK_MS) };
  } catch (error) {
    return { ...asked, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Every item of a list that is answered in pages, up to a limit that a page can show. */
export async function readAll<Item>(path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let after: string | undefined = ''; after !== undefined && items.length < MOST_ITEMS; ) {
    const query = new URLSearchParams({ limit: PAGE_ITEMS, ...(after !== '' && { after }) });
    const page: Page<Item> = await read<Page<Item>>(`${path}?${query}`);
    items.push(...page.items);
    after = page.next;
  }
  return items;
}

/** Asks, and throws with the daemon's own words when it refuses. */
export async function read<Answer>(path: string, patienceMs: number = PATIENCE_MS): Promise<Answer> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const response = await fetch(path, { headers: { accept: 'application/json' }, signal });
    const answer = await response.json();
    if (response.ok) return answer as Answer;
    throw new Error(answer.error?.message ?? `${path} answered ${response.status}`);
  } catch (error) {
    throw signal.aborted ? new Error(`silent for ${patienceMs / 1_000} s`) : error;
  }
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

const MOST_ITEMS = 20_000;

/** As many as a page may hold: most lists are one. */
const PAGE_ITEMS = '1000';

/** How long a node may take to say how it is, in ms: one that is well takes some. */
const LOOK_MS = 3_000;

/** And how long to any other question: a list may be long, or a datastore away. */
const PATIENCE_MS = 10_000;
