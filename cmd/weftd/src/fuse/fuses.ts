/**
 * The fuses of one daemon: for what it learns by BGP, for where blocks of encapsulated pools are, for what it announces, and for what
 * an earlier daemon left in the kernel. Here they meet the clock, the log, and who says what becomes of held routes.
 */
import type { Announcement, CalcInput, DesiredState } from '@weft/calc';
import {
  FUSE_TABLES,
  type FuseDecided,
  type FuseDecision,
  type FuseStatus,
  type FuseTable,
  type HeldRoutes,
  type Refusal,
  refuse,
} from '@weft/control';
import type { Prefix } from '@weft/ip';
import type { Logger } from '@weft/telemetry';
import type { BestPath } from 'bgp-speaker-ts';
import { Fuse, type FuseLimits, type HeldWithdrawal, type Verdict, type Withdrawal } from './fuse.ts';
import { PlaceFuse } from './place-fuse.ts';
import { Sweep, type SweptDataplane } from './sweep.ts';

/** How many routes of a held withdrawal are shown. */
const EXAMPLES = 10;

/** What it needs of the daemon. */
export interface FusesOptions {
  readonly nodeName: string;
  readonly limits: FuseLimits;
  readonly dataplane: SweptDataplane;
  readonly log: Logger;
  /** Learned routes are to go after all. */
  readonly giveUp: (withdrawals: readonly Withdrawal<BestPath>[]) => void;
  /** Blocks or announcements that were held are to go: all has to be decided anew. */
  readonly decideAnew: () => void;
}

/** All fuses of a daemon. */
export class Fuses {
  readonly #with: FusesOptions;
  readonly #learned: Fuse<BestPath>;
  readonly #encapsulated: PlaceFuse;
  readonly #announced: Fuse<Announcement>;
  readonly #sweep: Sweep;
  #announcing: ReadonlyMap<Prefix, Announcement> = new Map();
  #arePlacesKnown = false;
  #hasLearnedAll = false;
  /** Tables that were held when last looked at: what the log has told. */
  readonly #told = new Set<FuseTable>();

  constructor(options: FusesOptions) {
    this.#with = options;
    this.#learned = new Fuse(options.limits);
    this.#encapsulated = new PlaceFuse(options.nodeName, options.limits);
    this.#announced = new Fuse(options.limits);
    this.#sweep = new Sweep(options.dataplane, options.limits);
  }

  /** Judges learned routes that went together; `left` are there without them. */
  judgeLearned(withdrawals: readonly Withdrawal<BestPath>[], left: number): Verdict<BestPath> {
    const verdict = this.#learned.judge(withdrawals, left, performance.now());
    this.#tell();
    return verdict;
  }

  /** The learned route is there again, or can no longer be had. */
  forgetLearned(prefix: Prefix): void {
    if (this.#learned.forget(prefix)) this.#tell();
  }

  /** Learned routes that are held. */
  heldLearned(): Iterable<Withdrawal<BestPath>> {
    return this.#learned.withdrawals();
  }

  /** Where blocks are, by the datastore, and those of encapsulated pools that are held; undefined while nobody knows. */
  places({ places, pools }: Pick<CalcInput, 'places' | 'pools'>): CalcInput['places'] {
    const found = places && this.#encapsulated.places(places, pools, performance.now());
    this.#tell();
    if (!this.#arePlacesKnown && found !== undefined) {
      this.#arePlacesKnown = true;
      this.#sweepWhenKnown();
    }
    return found;
  }

  /**
   * What is to be announced: what is wanted, and what is held. Without BGP nothing is, and that is no withdrawal; addresses of
   * Services go when their containers or labels say so, and to keep them would keep traffic coming.
   */
  announcements({ announcements, speaker }: DesiredState): readonly Announcement[] {
    if (speaker.kind === 'no-bgp') return announcements;
    const wanted = new Map(announcements.map((announcement) => [announcement.prefix, announcement]));
    for (const prefix of wanted.keys()) this.#announced.forget(prefix);
    const gone = [...this.#announcing.values()]
      .filter(({ isService, prefix }) => isService !== true && !wanted.has(prefix))
      .map((item) => ({ prefix: item.prefix, item, cause: 'the datastore' }));
    if (gone.length > 0) this.#announced.judge(gone, wanted.size, performance.now());
    this.#announcing = wanted;
    this.#tell();
    const held = [...this.#announced.withdrawals()].map(({ item }) => ({
      ...item,
      reason: `held by the fuse; it was ${item.reason}`,
    }));
    return held.length === 0 ? announcements : [...announcements, ...held];
  }

  /**
   * Every peer has sent its routes: what nobody wants may leave the kernel, as soon as it is known where the blocks of encapsulated
   * pools are, too. Before that an earlier weftd's routes by tunnels look as if nobody wanted them.
   */
  sweep(): void {
    this.#hasLearnedAll = true;
    this.#sweepWhenKnown();
  }

  /** What is decided in this moment comes first: best paths, or routes by tunnels. */
  #sweepWhenKnown(): void {
    if (!this.#hasLearnedAll || !this.#arePlacesKnown) return;
    setImmediate(() => {
      this.#sweep.allow(performance.now());
      this.#tell();
    });
  }

  /** More routes are wanted than before. */
  reconsider(): void {
    if (this.#told.size === 0) return;
    this.#sweep.reconsider();
    this.#tell();
  }

  /** Routes held now. */
  heldRoutes(table: FuseTable): number {
    return this.#fuseOf(table).size;
  }

  /** What is held, for whoever has to decide. */
  status(): FuseStatus {
    return {
      ...this.#with.limits,
      held: FUSE_TABLES.flatMap((table) => {
        const held = this.#heldOf(table);
        return held === undefined ? [] : [shown(table, held)];
      }),
    };
  }

  /** Ends a held withdrawal, or keeps its routes. */
  decide(table: FuseTable, { decision }: FuseDecision): FuseDecided | Refusal {
    const routes = this.heldRoutes(table);
    if (routes === 0)
      return refuse('not-found', 'No routes are held', table, 'Look at what is held: weftctl fuse.');
    this.#with.log.warn(`mass-withdrawal-${decision}ed`, `${routes} ${table} routes: ${decision}ed`, {
      table,
      routes,
    });
    if (decision === 'reject') this.#fuseOf(table).reject();
    else {
      this.#accept(table);
      this.#told.delete(table);
    }
    return { table, decision, routes };
  }

  #accept(table: FuseTable): void {
    if (table === 'learned') this.#with.giveUp(this.#learned.accept());
    if (table === 'left-over') this.#sweep.accept();
    if (table === 'announced') {
      this.#announced.accept();
      this.#with.decideAnew();
    }
    if (table === 'encapsulated') {
      this.#encapsulated.accept();
      this.#with.decideAnew();
    }
  }

  #fuseOf(table: FuseTable): Fuse<unknown> | Sweep {
    const fuses = {
      learned: this.#learned,
      encapsulated: this.#encapsulated.fuse,
      announced: this.#announced,
      'left-over': this.#sweep,
    };
    return fuses[table];
  }

  #heldOf(table: FuseTable): HeldWithdrawal | undefined {
    return this.#fuseOf(table).held;
  }

  /** Says once that a fuse has gone, and once that nothing is held any more. */
  #tell(): void {
    const { log } = this.#with;
    for (const table of FUSE_TABLES) {
      if (this.heldRoutes(table) > 0 === this.#told.has(table)) continue;
      const held = this.#heldOf(table);
      if (held === undefined) {
        this.#told.delete(table);
        log.info('mass-withdrawal-over', `no ${table} routes are held any more`, { table });
      } else {
        this.#told.add(table);
        log.error(
          'mass-withdrawal-held',
          `more than half of ${held.of} ${table} routes would go at once: held until weftctl fuse accept or reject`,
          { table, routes: held.prefixes.length, of: held.of, causes: held.causes },
        );
      }
    }
  }
}

function shown(table: FuseTable, { causes, of, prefixes, rejected, since }: HeldWithdrawal): HeldRoutes {
  return {
    table,
    since: new Date(Date.now() - (performance.now() - since)).toISOString(),
    routes: prefixes.length,
    of,
    state: rejected ? 'rejected' : 'held',
    causes,
    examples: [...prefixes].sort().slice(0, EXAMPLES),
  };
}
