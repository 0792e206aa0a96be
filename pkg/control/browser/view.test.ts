/** What a page says of many nodes. */
import { describe, expect, it } from 'vitest';
import type { Look, Peer, Status } from './api.ts';
import { ageOf, countsOf, inView, stateOf } from './view.ts';

const statusOf = (ok: boolean): Status => ({ readiness: { ok, reasons: [] } }) as unknown as Status;

const unasked = (name: string): Look => ({ name, base: '/' });
const silent = (name: string, askedAt = 1): Look => ({ ...unasked(name), askedAt, problem: 'silent' });
const unready = (name: string): Look => ({ ...unasked(name), askedAt: 1, status: statusOf(false) });

function ready(name: string, peers: readonly Partial<Peer>[] = [], askedAt = 1): Look {
  const bgp = { asn: 64512, bgpIdentifier: '10.0.0.1', peers: peers as readonly Peer[] };
  return { ...unasked(name), askedAt, status: statusOf(true), bgp };
}

const many = (count: number): Look[] => Array.from({ length: count }, (_, index) => ready(`node${index}`));
const namesOf = (looks: readonly Look[]): string[] => looks.map(({ name }) => name);

it.each([
  ['unasked', unasked('a')],
  ['silent', silent('a')],
  ['unready', unready('a')],
  ['ready', ready('a')],
])('tells that a node is %s', (state, look) => expect(stateOf(look)).toBe(state));

describe('the map', () => {
  it('draws all nodes it has room for', () => {
    expect(inView(many(30), undefined, '')).toEqual({ drawn: many(30), rest: 0 });
  });

  it('draws of more those one has to see: the chosen one, those that are not well, and its peers', () => {
    const looks = many(1_000);
    looks[500] = unready('node500');
    looks[600] = silent('node600');
    looks[700] = unasked('node700');
    const chosen = ready('node900', [{ node: 'node800' }, { address: '192.0.2.1' }]);
    looks[900] = chosen;
    const { drawn, rest } = inView(looks, chosen, '');
    expect({ drawn: drawn.length, rest }).toEqual({ drawn: 30, rest: 970 });
    expect(namesOf(drawn).slice(25)).toEqual(['node25', 'node500', 'node600', 'node800', 'node900']);
  });

  it('finds the others by a part of the name', () => {
    const { drawn, rest } = inView(many(1_000), many(1)[0], 'Node99');
    expect(namesOf(drawn)).toEqual(['node99', ...namesOf(many(1_000).slice(990))]);
    expect(rest).toBe(0);
  });
});

describe('the header', () => {
  it('counts those that were asked alone', () => {
    const peers = [{ state: 'Established' }, { state: 'Active' }];
    const looks = [ready('a', peers), unready('b'), silent('c'), unasked('d')];
    expect(countsOf(looks)).toBe('1 of 3 nodes ready, 1 of 2 sessions up');
  });

  it.each([
    ['asked within the last 5 s', [1_000, 3_000], 4_000],
    ['asked within the last 45 s', [1_000, 40_000], 42_500],
    ['asked within the last 120 s', [1_000], 120_000],
    ['asked within the last 3 min', [1_000], 122_000],
  ])('says how old it is: %s', (text, times, now) => {
    expect(
      ageOf(
        times.map((time) => ready('a', [], time)),
        now,
      ),
    ).toBe(text);
  });

  it('says of how many it knows nothing', () => {
    expect(ageOf([silent('a', 1_000), unasked('b')], 1_000)).toBe(
      'asked within the last 5 s; 1 more not asked yet',
    );
    expect(ageOf([unasked('a')], 1_000)).toBe('');
  });
});
