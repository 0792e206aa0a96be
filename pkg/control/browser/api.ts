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

/** A node's daemon at a moment, or why it said nothing. */
export interface Look {
  readonly name: string;
  readonly base: string;
  readonly status?: Status;
  readonly bgp?: Peers;
  readonly problem?: string;
}

/** The daemons that can be asked through this page's server. */
export async function readNodes(): Promise<readonly NodePlace[]> {
  return (await read<{ readonly nodes: readonly NodePlace[] }>('/v1/dashboard/nodes')).nodes;
}

/** How a node is. A daemon that does not answer is an answer, too. */
export async function lookAt({ base, name }: NodePlace): Promise<Look> {
  try {
    const [status, bgp] = await Promise.all([
      read<Status>(`${base}v1/status`),
      read<Peers>(`${base}v1/bgp/peers`),
    ]);
    return { name, base, status, bgp };
  } catch (error) {
    return { name, base, problem: error instanceof Error ? error.message : String(error) };
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
export async function read<Answer>(path: string): Promise<Answer> {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  const answer = await response.json();
  if (response.ok) return answer as Answer;
  throw new Error(answer.error?.message ?? `${path} answered ${response.status}`);
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

const MOST_ITEMS = 20_000;

/** As many as a page may hold: most lists are one. */
const PAGE_ITEMS = '1000';
