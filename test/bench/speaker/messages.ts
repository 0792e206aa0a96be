/** The UPDATEs a feeder sends. */
import { encodeAttributes, type PathAttributes, UpdatePacker } from 'bgp-speaker-ts';
import {
  ownerOf,
  prefixAddress,
  prefixCount,
  prefixesOf,
  prefixLength,
  type Scenario,
  sessionAddress,
  sessionAsn,
} from './scenario.ts';

/** Everything a feeder announces. */
export function announcements(scenario: Scenario, feeder: number): Uint8Array {
  return pack((packer) => {
    for (let set = 0; set < scenario.setsPerFeeder; set += 1) {
      beginReach(packer, scenario, feeder, set);
      for (const id of prefixesOf(scenario, feeder, set)) addPrefix(packer, scenario, id);
    }
  });
}

/** Takes all of it back. */
export function withdrawals(scenario: Scenario, feeder: number): Uint8Array {
  return pack((packer) => {
    packer.beginWithdraw('ipv4-unicast', false);
    for (let set = 0; set < scenario.setsPerFeeder; set += 1) {
      for (const id of prefixesOf(scenario, feeder, set)) addPrefix(packer, scenario, id);
    }
  });
}

/** The prefix that flaps, announced by the first session. */
export function flapUp(scenario: Scenario): Uint8Array {
  return pack((packer) => {
    beginReach(packer, scenario, 0, 0);
    addPrefix(packer, scenario, prefixCount(scenario));
  });
}

/** The same, withdrawn. */
export function flapDown(scenario: Scenario): Uint8Array {
  return pack((packer) => {
    packer.beginWithdraw('ipv4-unicast', false);
    addPrefix(packer, scenario, prefixCount(scenario));
  });
}

function beginReach(packer: UpdatePacker, scenario: Scenario, feeder: number, set: number): void {
  const nextHop = Uint8Array.from(sessionAddress(feeder).split('.').map(Number));
  const block = encodeAttributes(describeRoute(scenario, feeder, set), { fourOctetAsn: true });
  packer.beginReach('ipv4-unicast', block, nextHop, false);
}

/** In transit the path is shorter by the best feeder, and communities are as many as the set has it. */
function describeRoute(scenario: Scenario, feeder: number, set: number): PathAttributes {
  if (scenario.kind === 'reflector') return { origin: 0, asPath: [], localPref: 100 };
  const detour = ownerOf(scenario, set, feeder) === feeder ? [] : [174];
  const asns = [sessionAsn(scenario, feeder), 3356, 100_000 + (set % 60_000), ...detour];
  const communities = Array.from({ length: set % 7 }, (_, index) => (3000 + index) * 65_536 + (set & 0xffff));
  return {
    origin: 0,
    asPath: [{ kind: 'sequence', asns }],
    med: set % 3 === 0 ? set % 1000 : undefined,
    communities: communities.length === 0 ? undefined : communities,
  };
}

function addPrefix(packer: UpdatePacker, scenario: Scenario, id: number): void {
  packer.addIpv4(prefixAddress(scenario, id), prefixLength(scenario), 0);
}

function pack(write: (packer: UpdatePacker) => void): Uint8Array {
  const packer = new UpdatePacker(4096);
  write(packer);
  packer.end();
  return packer.take();
}
