/** Looks at the nodes in rounds, each of them bounded: however many nodes there are, one asks no more than it can. */
import type { Look, NodePlace } from './api.ts';

/** Nodes that a round asks, at most: a thousand have their turn in about a minute. */
const NODES_A_ROUND = 50;

/** Nodes that are asked at once: of the six connections of a browser to a server some are left for what the user asks. */
const AT_ONCE = 4;

/** A round does not wait longer for whoever is silent, in ms. What they say is heard later. */
const ROUND_MS = 2_000;

/** The nodes as they were when they were asked last. */
export class Rounds {
  readonly #ask: (place: NodePlace) => Promise<Look>;
  readonly #known = new Map<string, Look>();
  readonly #asking = new Set<string>();
  #places: readonly NodePlace[] = [];

  /** @param ask looks at a node, and never fails */
  constructor(ask: (place: NodePlace) => Promise<Look>) {
    this.#ask = ask;
  }

  /** In the order of the places; without a time those that were not asked yet. */
  get looks(): readonly Look[] {
    return this.#places.map((place) => this.#known.get(place.name) ?? place);
  }

  /** Asks `wanted`, and then those that were not asked for longest. */
  async round(places: readonly NodePlace[], wanted?: string): Promise<void> {
    this.#places = places;
    this.#forgetOthers();
    const due = this.#due(wanted);
    let isOver = false;
    const askInTurn = async (): Promise<void> => {
      for (let place = due.shift(); place !== undefined && !isOver; place = due.shift())
        await this.#lookAt(place);
    };
    // Were all places taken by nodes that are silent, nobody would be asked: so there is always one more.
    const askers = Array.from({ length: Math.max(1, AT_ONCE - this.#asking.size) }, askInTurn);
    await Promise.race([Promise.all(askers), new Promise((resolve) => setTimeout(resolve, ROUND_MS))]);
    isOver = true;
  }

  #due(wanted: string | undefined): NodePlace[] {
    const askedAt = ({ name }: NodePlace): number =>
      name === wanted ? -1 : (this.#known.get(name)?.askedAt ?? 0);
    return this.#places
      .filter(({ name }) => !this.#asking.has(name))
      .sort((left, right) => askedAt(left) - askedAt(right))
      .slice(0, NODES_A_ROUND);
  }

  #forgetOthers(): void {
    const names = new Set(this.#places.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }

  async #lookAt(place: NodePlace): Promise<void> {
    this.#asking.add(place.name);
    this.#known.set(place.name, await this.#ask(place));
    this.#asking.delete(place.name);
  }
}
