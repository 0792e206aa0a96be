import { createHash } from 'node:crypto';
import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { affinityName, blockName, handleName, shortAffinityName, workloadEndpointName } from './names.ts';

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

describe('names of IPAM objects, as Calico writes them in Kubernetes', () => {
  test('a block is named by its CIDR', () => {
    expect(blockName(prefix('10.244.0.0/26'))).toBe('10-244-0-0-26');
    expect(blockName(prefix('fd00:10::/122'))).toBe('fd00-10---122');
  });

  test('an affinity is named by node and block', () => {
    expect(affinityName('node1', prefix('10.244.0.0/26'))).toBe('node1-10-244-0-0-26');
  });

  test('an affinity of 253 characters or more is cut and told apart by a hash', () => {
    const block = prefix('10.244.0.0/26');
    const room = 252 - '10-244-0-0-26'.length;
    expect(shortAffinityName('n'.repeat(room - 1), block, sha256Hex)).toBe(
      `${'n'.repeat(room - 1)}-10-244-0-0-26`,
    );
    const name = shortAffinityName('n'.repeat(room), block, sha256Hex);
    expect(name).toHaveLength(252);
    const hash = sha256Hex(`${'n'.repeat(room)}+10-244-0-0-26`).slice(0, 11);
    expect(name).toBe(`${'n'.repeat(room - 13)}-10-244-0-0-26-${hash}`);
    expect(shortAffinityName(`${'n'.repeat(room)}x`, block, sha256Hex)).not.toBe(name);
  });

  test('a handle is named in lower case', () => {
    expect(handleName('k8s-pod-network.ABC')).toBe('k8s-pod-network.abc');
  });
});

describe('the name of a WorkloadEndpoint', () => {
  test.each([
    [{ node: 'node-1', orchestrator: 'k8s', pod: 'web-0', endpoint: 'eth0' }, 'node--1-k8s-web--0-eth0'],
    [{ node: 'n', orchestrator: 'cni', containerID: 'abc', endpoint: 'eth0' }, 'n-cni-abc-eth0'],
    [{ node: 'n', orchestrator: 'libnetwork', workload: 'x', endpoint: 'id' }, 'n-libnetwork-libnetwork-id'],
    [{ node: 'n', orchestrator: 'open-stack', workload: 'w', endpoint: 'tap' }, 'n-open--stack-w-tap'],
  ])('of %j is %s', (identifiers, name) => {
    expect(workloadEndpointName(identifiers)).toEqual({ ok: true, value: name });
  });

  test.each([
    [{ node: '', orchestrator: 'k8s', pod: 'p', endpoint: 'eth0' }, 'node is required'],
    [{ node: 'n', orchestrator: 'cni', pod: 'p', endpoint: 'eth0' }, 'containerID is required'],
    [{ node: 'n', orchestrator: 'k8s', pod: 'p-', endpoint: 'eth0' }, 'pod "p-" begins or ends with "-"'],
    [{ node: 'n', orchestrator: 'k8s', pod: 'p' }, 'endpoint is required'],
  ])('cannot be made of %j', (identifiers, reason) => {
    const result = workloadEndpointName(identifiers);
    expect(result.ok ? result.value : result.reason).toContain(reason);
  });
});
