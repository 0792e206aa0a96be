/**
 * A map from prefixes to values that answers longest-prefix match, for both families.
 *
 * It is a path-compressed binary trie, one root for each family. Invariants, checked by `brokenInvariants`:
 * - a child lies inside its parent and is longer;
 * - a child hangs on the side of its first bit after the parent's length;
 * - a node without a value has two children, the roots excepted.
 */
import { type Address, addressBytes, type Family, familyOf } from './address.ts';
import { type Prefix, prefixBytes, prefixLength } from './prefix.ts';

/** A prefix with the value stored under it. */
export interface PrefixEntry<T> {
  readonly prefix: Prefix;
  readonly value: T;
}

interface Node<T> {
  readonly bytes: Uint8Array;
  readonly length: number;
  entry: PrefixEntry<T> | undefined;
  readonly children: [Node<T> | undefined, Node<T> | undefined];
}

/** A range of bits: the first `length` bits of `bytes`. */
type Bits = Pick<Node<unknown>, 'bytes' | 'length'>;

/** Prefixes with values; lookups cost at most the number of distinct lengths on the path. */
export class PrefixTrie<T> {
  #roots: Record<Family, Node<T>> = emptyRoots();
  #size = 0;

  /** How many prefixes have a value. */
  get size(): number {
    return this.#size;
  }

  /** Stores a value under the prefix, in place of the one before. */
  set(prefix: Prefix, value: T): this {
    const node = this.#nodeFor(prefix);
    if (node.entry === undefined) this.#size += 1;
    node.entry = { prefix, value };
    return this;
  }

  /** The value stored under exactly this prefix. */
  get(prefix: Prefix): T | undefined {
    const entry = this.#path(prefix).at(-1)?.entry;
    return entry?.prefix === prefix ? entry.value : undefined;
  }

  /** True when a value is stored under exactly this prefix. */
  has(prefix: Prefix): boolean {
    return this.#path(prefix).at(-1)?.entry?.prefix === prefix;
  }

  /** Removes the prefix; false when it had no value. */
  delete(prefix: Prefix): boolean {
    const path = this.#path(prefix);
    const node = path.at(-1);
    if (node?.entry?.prefix !== prefix) return false;
    node.entry = undefined;
    this.#size -= 1;
    const parent = path.at(-2);
    prune(parent, node);
    prune(path.at(-3), parent);
    return true;
  }

  /** Removes everything. */
  clear(): void {
    this.#roots = emptyRoots();
    this.#size = 0;
  }

  /** The most specific stored prefix that holds the address or contains the prefix. */
  longestMatch(target: Address | Prefix): PrefixEntry<T> | undefined {
    return this.covering(target).at(-1);
  }

  /** All stored prefixes that hold the address or contain the prefix (itself included), the shortest first. */
  covering(target: Address | Prefix): PrefixEntry<T>[] {
    return this.#path(target).flatMap((node) => node.entry ?? []);
  }

  /** All stored prefixes inside the prefix, itself included, in order of address, the shorter first. */
  *within(prefix: Prefix): Generator<PrefixEntry<T>> {
    const target = bitsOfTarget(prefix);
    const last = this.#path(prefix).at(-1) as Node<T>;
    if (last.length === target.length) yield* entriesOf(last);
    else {
      const child = last.children[bitAt(target.bytes, last.length)];
      if (child !== undefined && contains(target, child)) yield* entriesOf(child);
    }
  }

  /** Everything stored, IPv4 first, in order of address, the shorter first. */
  *entries(): Generator<PrefixEntry<T>> {
    yield* entriesOf(this.#roots[4]);
    yield* entriesOf(this.#roots[6]);
  }

  [Symbol.iterator](): Generator<PrefixEntry<T>> {
    return this.entries();
  }

  /** The invariants that do not hold, in words; empty for a sound trie. */
  brokenInvariants(): string[] {
    return [this.#roots[4], this.#roots[6]].flatMap((root) =>
      root.children.flatMap((child) => broken(root, child)),
    );
  }

  /** The nodes from the root down that contain the target; never empty. */
  #path(target: Address | Prefix): Node<T>[] {
    const bits = bitsOfTarget(target);
    const path: Node<T>[] = [];
    let node: Node<T> | undefined = this.#roots[familyOf(target)];
    while (node !== undefined && contains(node, bits)) {
      path.push(node);
      node = node.length < bits.length ? node.children[bitAt(bits.bytes, node.length)] : undefined;
    }
    return path;
  }

  /** The node of exactly this prefix, made if need be. */
  #nodeFor(prefix: Prefix): Node<T> {
    const target = bitsOfTarget(prefix);
    const parent = this.#path(prefix).at(-1) as Node<T>;
    if (parent.length === target.length) return parent;
    const side = bitAt(target.bytes, parent.length);
    const sibling = parent.children[side];
    const node = newNode<T>(target.bytes, target.length);
    parent.children[side] = sibling === undefined ? node : joined(node, sibling);
    return node;
  }
}

/** The smallest subtree that holds both; `node` is not inside `sibling`. */
function joined<T>(node: Node<T>, sibling: Node<T>): Node<T> {
  const length = commonLength(node, sibling);
  const top = length === node.length ? node : newNode<T>(node.bytes, length);
  top.children[bitAt(sibling.bytes, length)] = sibling;
  if (top !== node) top.children[bitAt(node.bytes, length)] = node;
  return top;
}

/** Takes a node without value out of the tree when it no longer joins two children. The root has no parent and stays. */
function prune<T>(parent: Node<T> | undefined, node: Node<T> | undefined): void {
  if (parent === undefined || node === undefined || node.entry !== undefined) return;
  const [left, right] = node.children;
  if (left !== undefined && right !== undefined) return;
  parent.children[bitAt(node.bytes, parent.length)] = left ?? right;
}

function emptyRoots<T>(): Record<Family, Node<T>> {
  return { 4: newNode(new Uint8Array(4), 0), 6: newNode(new Uint8Array(16), 0) };
}

function newNode<T>(bytes: Uint8Array, length: number): Node<T> {
  return { bytes, length, entry: undefined, children: [undefined, undefined] };
}

function broken<T>(parent: Node<T>, node: Node<T> | undefined): string[] {
  if (node === undefined) return [];
  const name = `node ${node.bytes.join('.')}/${node.length}`;
  const sound = node.length > parent.length && contains(parent, node);
  const placed = parent.children[bitAt(node.bytes, parent.length)] === node;
  const needed = node.entry !== undefined || node.children.every((child) => child !== undefined);
  return [
    ...(sound ? [] : [`${name} is not inside its parent`]),
    ...(placed ? [] : [`${name} hangs on the wrong side`]),
    ...(needed ? [] : [`${name} neither stores nor joins anything`]),
    ...node.children.flatMap((child) => broken(node, child)),
  ];
}

function* entriesOf<T>(node: Node<T>): Generator<PrefixEntry<T>> {
  if (node.entry !== undefined) yield node.entry;
  for (const child of node.children) if (child !== undefined) yield* entriesOf(child);
}

function bitsOfTarget(target: Address | Prefix): Bits {
  if (target.includes('/'))
    return { bytes: prefixBytes(target as Prefix), length: prefixLength(target as Prefix) };
  const bytes = addressBytes(target as Address);
  return { bytes, length: bytes.length * 8 };
}

function contains(outer: Bits, inner: Bits): boolean {
  return outer.length <= inner.length && commonLength(outer, inner) === outer.length;
}

/** How many leading bits two ranges share, at most the shorter length. */
function commonLength(left: Bits, right: Bits): number {
  const limit = Math.min(left.length, right.length);
  for (let index = 0; index * 8 < limit; index += 1) {
    const difference = (left.bytes[index] ?? 0) ^ (right.bytes[index] ?? 0);
    if (difference !== 0) return Math.min(limit, index * 8 + Math.clz32(difference) - 24);
  }
  return limit;
}

function bitAt(bytes: Uint8Array, index: number): 0 | 1 {
  return (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) as 0 | 1;
}
