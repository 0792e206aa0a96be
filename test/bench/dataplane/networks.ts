/**
 * The ways in which a container on one host reaches one on another, side by side between the two hosts of a lab. All that
 * is made here lives in namespaces of the lab, and ends with it.
 */
import { namespaceOf } from '@weft/lab';
import { execa } from 'execa';

/** One way: who asks, who answers, and by which address. */
export interface Network {
  readonly name: string;
  readonly client: string;
  readonly server: string;
  readonly address: string;
}

/** Runs a command in a namespace and gives its output. Throws when it fails. */
export async function runInside(
  namespace: string,
  command: readonly [string, ...string[]],
  input?: string,
): Promise<string> {
  const options = input === undefined ? {} : { input };
  const { stdout } = await execa('nsenter', [`--net=/run/netns/${namespace}`, ...command], options);
  return stdout;
}

const UPLINK = 'eth0';
const SIDES = [1, 2] as const;
type Side = (typeof SIDES)[number];

/** Makes every way between `node1` and `node2`, which have a pod of weft each. */
export async function makeNetworks(lab: string, podAddress: string): Promise<Network[]> {
  const host = (side: Side): string => namespaceOf(lab, `node${side}`);
  const container = async (kind: string, side: Side): Promise<string> => {
    const namespace = namespaceOf(lab, `${kind}${side}`);
    await execa('ip', ['netns', 'add', namespace]);
    await runInside(namespace, ['ip', 'link', 'set', 'lo', 'up']);
    return namespace;
  };
  for (const side of SIDES) {
    await bridged(host(side), await container('nat', side), `172.30.${side}`);
    await behindNat(host(side), `172.30.${side}`, `10.0.8.${side}`);
    await macvlan(host(side), await container('mac', side), `10.0.9.${side}/16`);
    await overlay(host(side), await container('vx', side), side);
  }
  const way = (name: string, kind: string, address: string): Network => ({
    name,
    client: namespaceOf(lab, `${kind}1`),
    server: namespaceOf(lab, `${kind}2`),
    address,
  });
  return [
    way('host to host', 'node', '10.0.0.2'),
    { ...way('weft', 'node1-pod', podAddress), server: namespaceOf(lab, 'node2-pod1') },
    way('macvlan', 'mac', '10.0.9.2'),
    way('bridge and published port', 'nat', '10.0.8.2'),
    way('VXLAN overlay', 'vx', '172.29.0.2'),
  ];
}

/** A container at a bridge of its host, as `docker network create -d bridge` makes it. */
async function bridged(host: string, container: string, net: string): Promise<void> {
  await ip(host, `link add br-nat type bridge`);
  await ip(host, `address add ${net}.1/24 dev br-nat`);
  await ip(host, `link set br-nat up`);
  await plugInto(host, 'br-nat', container, `${net}.2/24`, 'vnat');
  await ip(container, `route add default via ${net}.1`);
}

/** Connections out are masqueraded; an address of the host is the container's, as if every port of it were published. */
async function behindNat(host: string, net: string, published: string): Promise<void> {
  await ip(host, `address add ${published}/16 dev ${UPLINK}`);
  const rules = `table ip bench {
    chain prerouting { type nat hook prerouting priority dstnat; ip daddr ${published} dnat to ${net}.2; }
    chain postrouting { type nat hook postrouting priority srcnat; ip saddr ${net}.0/24 oifname "${UPLINK}" masquerade; }
  }`;
  await runInside(host, ['nft', '-f', '-'], rules);
}

/** A container with an interface of its own on the hosts' segment. */
async function macvlan(host: string, container: string, address: string): Promise<void> {
  await ip(host, `link add mv0 link ${UPLINK} type macvlan mode bridge`);
  await ip(host, `link set mv0 netns ${container} name eth0`);
  await ip(container, `address add ${address} dev eth0`);
  await ip(container, `link set eth0 up`);
}

/** Containers of one bridge across hosts, as Docker's overlay and Flannel make it. */
async function overlay(host: string, container: string, side: Side): Promise<void> {
  const other = side === 1 ? 2 : 1;
  await ip(host, `link add br-vx type bridge`);
  await ip(
    host,
    `link add vx0 type vxlan id 42 dstport 4789 local 10.0.0.${side} remote 10.0.0.${other} dev ${UPLINK}`,
  );
  await ip(host, `link set vx0 master br-vx mtu 1450 up`);
  await ip(host, `link set br-vx up`);
  await plugInto(host, 'br-vx', container, `172.29.0.${side}/24`, 'vvx');
  await ip(container, `link set eth0 mtu 1450`);
}

async function plugInto(host: string, bridge: string, container: string, address: string, end: string) {
  await ip(host, `link add ${end} type veth peer name eth0 netns ${container}`);
  await ip(host, `link set ${end} master ${bridge} up`);
  await ip(container, `address add ${address} dev eth0`);
  await ip(container, `link set eth0 up`);
}

async function ip(namespace: string, words: string): Promise<void> {
  await runInside(namespace, ['ip', ...words.split(' ')]);
}
