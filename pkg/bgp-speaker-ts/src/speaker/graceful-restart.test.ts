import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { CeaseSubcode } from '../wire/iana.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker, toldBy } from './test/network.ts';

const AS = 64512;
const A = '10.0.0.1';
const B = '10.0.0.2';
const C = '10.0.0.3';

function config(name: string, others: readonly string[], more: Partial<SpeakerConfig> = {}): SpeakerConfig {
  return speaker(
    name,
    AS,
    others.map((other) => peer(other, AS, { passive: other > name })),
    more,
  );
}

/** A and B with a route each, converged. */
function pair(more: Partial<SpeakerConfig> = {}): Network {
  const network = new Network();
  network.add(config(A, [B], more));
  network.add(config(B, [A], more));
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
  network.advance(10_000);
  return network;
}

/** Numbers of Loc-RIB changes a node has reported so far. */
function changesOf(network: Network, name: string): number {
  return toldBy(network, name, 'loc-rib-changed').flatMap(({ changes }) => changes).length;
}

const B_ROUTES = { '10.1.0.0/26': 'local', '10.2.0.0/26': B, '10.2.0.64/26': B };

describe('Receiving Speaker (RFC 4724 §4.2)', () => {
  test('keeps the routes of a peer that is killed, without a word to the kernel', () => {
    const network = pair();
    const before = changesOf(network, A);
    network.kill(B);
    network.advance(100_000);
    expect(routesOf(network, A)).toEqual(B_ROUTES);
    expect(changesOf(network, A)).toBe(before);
    expect(toldBy(network, A, 'peer-down')).toMatchObject([{ keptPaths: 2, reason: { kind: 'tcp-closed' } }]);
    expect(network.node(A).speaker.status()[0]?.families[0]).toMatchObject({ received: 2, stale: 2 });
  });

  test('takes them back as they are when the peer returns, and nobody notices', () => {
    const network = pair();
    const before = changesOf(network, A);
    network.kill(B);
    network.advance(20_000);
    network.restart(B, config(B, [A]), { restarting: true });
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
    network.advance(20_000);
    expect(changesOf(network, A)).toBe(before);
    expect(network.node(A).speaker.status()[0]).toMatchObject({
      state: 'Established',
      staleUntil: undefined,
    });
    expect(network.node(A).speaker.status()[0]?.families[0]).toMatchObject({ received: 2, stale: 0 });
  });

  test('removes what the peer no longer has when its End-of-RIB comes', () => {
    const network = pair();
    network.kill(B);
    network.advance(20_000);
    network.restart(B, config(B, [A]), { restarting: true });
    originate(network, B, '10.2.0.0/26');
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local', '10.2.0.0/26': B });
    expect(toldBy(network, A, 'stale-paths-removed')).toMatchObject([{ paths: 1, cause: 'end-of-rib' }]);
  });

  test('gives them up when the restart time of the peer has passed', () => {
    const network = pair();
    network.kill(B);
    network.advance(119_000);
    expect(routesOf(network, A)).toEqual(B_ROUTES);
    network.advance(2_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(toldBy(network, A, 'stale-paths-removed')).toMatchObject([
      { paths: 2, cause: 'restart-time-passed' },
    ]);
  });

  test('removes them at once when the peer is back without its forwarding state (F bit clear)', () => {
    const network = pair();
    network.kill(B);
    network.advance(20_000);
    network.restart(B, config(B, [A]), { restarting: false });
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(toldBy(network, A, 'stale-paths-removed')[0]).toMatchObject({ cause: 'forwarding-not-preserved' });
  });

  test('removes them at once when the peer is back without graceful restart', () => {
    const network = pair();
    network.kill(B);
    network.advance(20_000);
    const { gracefulRestart: _, ...plain } = config(B, [A]);
    network.restart(B, plain);
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
  });

  test('waits no longer than the stale time for an End-of-RIB that never comes', () => {
    const network = pair({ gracefulRestart: { restartTimeSeconds: 120, staleTimeSeconds: 30 } });
    network.kill(B);
    network.advance(20_000);
    network.restart(B, config(B, [A]), { restarting: true });
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual(B_ROUTES);
    network.advance(30_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(toldBy(network, A, 'stale-paths-removed')[0]).toMatchObject({ cause: 'stale-time-passed' });
  });

  test('drops routes at once after a NOTIFICATION', () => {
    const network = pair();
    network.send(B, {
      kind: 'stop-peer',
      peer: address(A),
      reason: { subcode: CeaseSubcode.administrativeShutdown },
    });
    network.advance(1_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(toldBy(network, A, 'peer-down')[0]).toMatchObject({ keptPaths: 0 });
  });

  test('drops routes at once when the hold timer expires: the link is down, not the daemon', () => {
    const network = pair();
    network.freeze(B);
    network.advance(91_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
  });

  test('RFC 8538: keeps them after an expired hold timer when both sides have the N bit', () => {
    const network = pair({ gracefulRestart: { restartTimeSeconds: 120, notification: true } });
    network.freeze(B);
    network.advance(91_000);
    expect(network.node(A).speaker.status()[0]?.state).not.toBe('Established');
    expect(routesOf(network, A)).toEqual(B_ROUTES);
  });

  test('consecutive restarts: what was stale already goes, what came since stays', () => {
    const network = pair();
    network.kill(B);
    network.advance(10_000);
    network.restart(B, config(B, [A, C]), { restarting: true });
    // It comes back with one of its two routes, and dies before its End-of-RIB: it still waits for C.
    originate(network, B, '10.2.0.0/26');
    network.advance(20_000);
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Established' });
    network.kill(B);
    network.advance(1_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local', '10.2.0.0/26': B });
  });

  test('a session that only broke is back with its routes: forwarding went on (F bit set)', () => {
    const network = pair();
    const before = changesOf(network, A);
    network.disconnect(A, B);
    network.advance(30_000);
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Established', establishedCount: 2 });
    expect(changesOf(network, A)).toBe(before);
  });
});

describe('Restarting Speaker (RFC 4724 §4.1)', () => {
  /** C reflects between A and B; all have converged. */
  function reflected(ofA: Partial<SpeakerConfig> = {}): { network: Network; reflector: SpeakerConfig } {
    const network = new Network();
    const reflector = speaker(C, AS, [
      peer(A, AS, { passive: true, routeReflectorClient: true }),
      peer(B, AS, { passive: true, routeReflectorClient: true }),
    ]);
    network.add(reflector);
    network.add(speaker(A, AS, [peer(C, AS)], ofA));
    network.add(speaker(B, AS, [peer(C, AS)]));
    originate(network, C);
    originate(network, A, '10.1.0.0/26');
    originate(network, B, '10.2.0.0/26');
    network.advance(10_000);
    return { network, reflector };
  }

  /** The reflector and A have just started again, and A, which has no graceful restart and no local routes, says nothing. */
  function restartedBesideSilence(): Network {
    const { network, reflector } = reflected({ gracefulRestart: undefined });
    network.kill(C);
    network.kill(A);
    network.add(speaker(A, AS, [peer(C, AS)], { gracefulRestart: undefined }));
    network.restart(C, reflector, { restarting: true });
    originate(network, C);
    return network;
  }

  test('a reflector that restarts tells nobody anything before it has heard all: no route is lost anywhere', () => {
    const { network, reflector } = reflected();
    const before = changesOf(network, B);
    network.kill(C);
    network.advance(5_000);
    network.cut.add(`${A} ${C}`);
    network.restart(C, reflector, { restarting: true });
    originate(network, C);
    network.advance(30_000);
    // B is back, A is not: B still has A's route as stale, and C waits.
    expect(
      network
        .node(C)
        .speaker.status()
        .map(({ state }) => state),
    ).toContain('Established');
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([]);
    expect(receivedBy(network, B, C).get('10.1.0.0/26')?.stale).toBe(true);
    network.cut.clear();
    network.advance(30_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([
      { kind: 'end-of-rib-complete', cause: 'all-received' },
    ]);
    expect(receivedBy(network, B, C).get('10.1.0.0/26')?.stale).toBe(false);
    expect(changesOf(network, B)).toBe(before);
  });

  test('listens to a peer that need not send End-of-RIB for a moment: its routes are not lost elsewhere', () => {
    const network = restartedBesideSilence();
    network.advance(5_000);
    expect(receivedBy(network, B, C).get('10.1.0.0/26')?.stale).toBe(true);
    const before = changesOf(network, B);
    originate(network, A, '10.1.0.0/26');
    network.advance(1_000);
    expect(receivedBy(network, B, C).get('10.1.0.0/26')?.stale).toBe(false);
    expect(changesOf(network, B)).toBe(before);
  });

  test('does not listen longer than that to one that says nothing', () => {
    const network = restartedBesideSilence();
    network.advance(20_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toMatchObject([{ cause: 'all-received' }]);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B });
  });

  test('waits no longer than that for a peer behind it, which may speak no BGP at all', () => {
    const { network, reflector } = reflected();
    network.kill(C);
    network.kill(A);
    const [client, ...others] = reflector.peers;
    const peers = [{ ...client, behindUs: true } as PeerConfig, ...others];
    network.restart(C, { ...reflector, peers }, { restarting: true });
    originate(network, C);
    network.advance(9_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([]);
    network.advance(2_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toMatchObject([{ cause: 'all-received' }]);
  });

  /** The reflector has just started again; A is behind it, and has no local routes yet, so that it sends no End-of-RIB. */
  function restartedBefore(ofA: Partial<SpeakerConfig>, strangers: readonly PeerConfig[] = []): Network {
    const { network, reflector } = reflected(ofA);
    network.kill(C);
    network.kill(A);
    network.add(speaker(A, AS, [peer(C, AS)], ofA));
    const [client, ...others] = reflector.peers;
    const peers = [{ ...client, behindUs: true } as PeerConfig, ...others, ...strangers];
    network.restart(C, { ...reflector, peers }, { restarting: true });
    originate(network, C);
    return network;
  }

  function statesOf(network: Network, name: string): string[] {
    return network
      .node(name)
      .speaker.status()
      .map(({ state }) => state);
  }

  test('selects without the End-of-RIB of a peer behind it, also beside a host that is dead', () => {
    const network = restartedBefore({}, [peer('10.0.0.9', AS, { passive: true })]);
    network.advance(9_000);
    expect(statesOf(network, C).slice(0, 2)).toEqual(['Established', 'Established']);
    expect(routesOf(network, C)).toEqual({});
    network.advance(2_000);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B });
  });

  test('gives a peer behind it no more time when it comes again', () => {
    const network = restartedBefore({ gracefulRestart: undefined });
    network.advance(4_000);
    network.disconnect(A, C);
    network.advance(7_000);
    expect(statesOf(network, C)).toEqual(['Established', 'Established']);
    expect(toldBy(network, C, 'end-of-rib-complete')).toMatchObject([{ cause: 'all-received' }]);
  });

  test('listens to nobody where no peer has graceful restart: there is nothing to sweep', () => {
    const network = new Network();
    const silent = { gracefulRestart: undefined };
    network.add(config(A, [C], silent));
    network.add(config(B, [C], silent));
    originate(network, B, '10.2.0.0/26');
    network.add(config(C, [A, B]), { restarting: true });
    originate(network, C);
    network.advance(8_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toMatchObject([{ cause: 'all-received' }]);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B });
  });

  test('goes on without those that have not come back by the deadline', () => {
    const { network, reflector } = reflected();
    network.kill(C);
    network.kill(A);
    network.advance(5_000);
    const gracefulRestart = { restartTimeSeconds: 120, selectionDeferralSeconds: 40 };
    network.restart(C, { ...reflector, gracefulRestart }, { restarting: true });
    originate(network, C);
    network.advance(39_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([]);
    expect(Object.keys(routesOf(network, B))).toContain('10.1.0.0/26');
    network.advance(2_000);
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([
      { kind: 'end-of-rib-complete', cause: 'deadline' },
    ]);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B });
    expect(routesOf(network, B)).toEqual({ '10.2.0.0/26': 'local' });
  });

  test('Departs from RFC 4724 §4.1: selection waits 10 s for a peer without a session, End-of-RIB until the deadline', () => {
    const { network, reflector } = reflected();
    network.kill(C);
    network.kill(A);
    network.restart(C, reflector, { restarting: true });
    originate(network, C);
    network.advance(9_000);
    expect(routesOf(network, C)).toEqual({});
    network.advance(2_000);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B });
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
    network.advance(1_000);
    expect(routesOf(network, C)).toEqual({ '10.2.0.0/26': B, '10.2.0.64/26': B });
    expect(toldBy(network, C, 'end-of-rib-complete')).toEqual([]);
    expect(receivedBy(network, B, C).get('10.1.0.0/26')?.stale).toBe(true);
  });

  test('a peer that has a session is waited for until its End-of-RIB, however late it is', () => {
    const network = new Network();
    network.add(config(A, [B, '10.0.0.9']), { restarting: true });
    network.add(
      speaker(B, AS, [peer(A, AS, { routeReflectorClient: true }), peer(C, AS, { passive: true })]),
    );
    network.add(config(C, [B]));
    originate(network, A);
    originate(network, C, '10.3.0.0/26');
    network.advance(30_000);
    expect(receivedBy(network, A, B).has('10.3.0.0/26')).toBe(true);
    expect(routesOf(network, A)).toEqual({});
    originate(network, B);
    network.advance(1_000);
    expect(routesOf(network, A)).toEqual({ '10.3.0.0/26': C });
  });

  test('reports its routes before it reports that they are complete', () => {
    const { network, reflector } = reflected();
    network.kill(C);
    network.restart(C, reflector, { restarting: true });
    originate(network, C);
    network.advance(30_000);
    const kinds = network.node(C).told.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('loc-rib-changed')).toBeLessThan(kinds.indexOf('end-of-rib-complete'));
    expect(kinds).toContain('loc-rib-changed');
  });

  test('reports a table of several batches whole before it reports that it is complete', () => {
    const network = new Network();
    network.add(config(A, [B]), { restarting: true });
    network.add(config(B, [A]));
    originate(network, A);
    const count = 40_000;
    originate(
      network,
      B,
      ...Array.from({ length: count }, (_, index) => `20.${index >> 8}.${index & 0xff}.0/24`),
    );
    network.advance(20_000);
    const { told } = network.node(A);
    const end = told.findIndex(({ kind }) => kind === 'end-of-rib-complete');
    const before = told
      .slice(0, end)
      .flatMap((action) => (action.kind === 'loc-rib-changed' ? action.changes : []));
    expect(before.length).toBe(count);
  });

  test('Departs from RFC 4724 §4.1: a local route is told at once, whoever is still missing', () => {
    const network = new Network();
    network.add(config(A, [B, C]), { restarting: true });
    network.add(config(B, [A]));
    originate(network, A, '10.1.0.0/26');
    originate(network, B);
    network.advance(10_000);
    expect(routesOf(network, B)).toEqual({ '10.1.0.0/26': A });
    expect(network.node(B).speaker.status()[0]?.families[0]).toMatchObject({
      received: 1,
      endOfRibReceived: false,
    });
  });

  test('waits for no End-of-RIB of a peer that is restarting itself, so that two do not wait for each other', () => {
    const network = pair();
    network.kill(A);
    network.kill(B);
    network.advance(1_000);
    for (const [name, other] of [
      [A, B],
      [B, A],
    ] as const) {
      network.restart(name, config(name, [other]), { restarting: true });
    }
    originate(network, A, '10.1.0.0/26');
    originate(network, B, '10.2.0.0/26');
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local', '10.2.0.0/26': B });
    expect(toldBy(network, A, 'end-of-rib-complete')[0]?.cause).toBe('all-received');
  });

  test('a first start does not hold routes back, and reports when it has heard all', () => {
    const network = pair();
    expect(toldBy(network, A, 'end-of-rib-complete')).toEqual([
      { kind: 'end-of-rib-complete', cause: 'all-received' },
    ]);
    expect(toldBy(network, A, 'end-of-rib-received').map(({ family }) => family)).toEqual([
      'ipv4-unicast',
      'ipv6-unicast',
    ]);
  });

  test('sends no End-of-RIB before it knows its local routes, lest its peers sweep them', () => {
    const network = new Network();
    network.add(config(A, [B]));
    network.add(config(B, [A]));
    originate(network, A);
    network.advance(10_000);
    expect(network.node(A).speaker.status()[0]?.families[0]?.endOfRibReceived).toBe(false);
    originate(network, B, '10.2.0.0/26');
    network.advance(1_000);
    expect(network.node(A).speaker.status()[0]?.families[0]?.endOfRibReceived).toBe(true);
  });

  test('a graceful shutdown of the process closes without a NOTIFICATION: peers keep its routes (RFC 4724 §4)', () => {
    const network = pair();
    network.send(B, { kind: 'shutdown' });
    network.advance(1_000);
    expect(toldBy(network, A, 'peer-down')[0]).toMatchObject({ keptPaths: 2 });
    expect(routesOf(network, A)).toEqual(B_ROUTES);
    // What the process itself had is not taken from the kernel on the way out.
    expect(Object.keys(routesOf(network, B))).toContain('10.1.0.0/26');
  });

  test('a shutdown with a reason is a Cease: peers drop its routes', () => {
    const network = pair();
    network.send(B, { kind: 'shutdown', reason: { subcode: CeaseSubcode.administrativeShutdown } });
    network.advance(1_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': 'local' });
    expect(network.node(A).speaker.explain(prefix('10.2.0.0/26')).paths).toEqual([]);
  });
});
