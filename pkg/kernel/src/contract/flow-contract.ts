/**
 * Tracked connections, as every kernel has them.
 */
import { address } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Flow, FlowFilter, Kernel } from '../kernel.ts';
import { connect, type TestMachine } from './test-machine.ts';

const udp = 17;

/** One part of `describeKernel`. */
export function describeFlows(machine: () => TestMachine): void {
  describe('tracked connections', () => {
    let host: Kernel;
    beforeEach(() => {
      host = machine().host;
      connect(host, machine().pod);
    });
    const text = ({ original, protocol }: Flow): string =>
      `${protocol} ${original.source} ${original.destination} ${original.destinationPort}`;
    const of = (filter: FlowFilter): string[] => host.flows(filter).map(text);

    it('are none where nothing is tracked', () => {
      expect(host.flows({ family: 4 })).toEqual([]);
      expect(host.flows({ family: 6 })).toEqual([]);
    });

    it('are found by family, protocol and sources', () => {
      machine().talkToOneself(['10.0.0.1', 'fd00::1']);
      const [v4, v6] = ['17 10.0.0.1 10.0.0.1 9', '17 fd00::1 fd00::1 9'];
      expect(of({ family: 4 })).toEqual([v4]);
      expect(of({ family: 6, protocol: udp })).toEqual([v6]);
      expect(of({ family: 4, protocol: 132 })).toEqual([]);
      expect(of({ family: 4, originalSource: address('10.0.0.1') })).toEqual([v4]);
      expect(of({ family: 6, replySource: address('fd00::1') })).toEqual([v6]);
      expect(of({ family: 4, originalSource: address('10.0.0.2') })).toEqual([]);
      expect(of({ family: 6, replySource: address('fd00::2') })).toEqual([]);
    });

    it('are forgotten one by one; a second time there is none', () => {
      machine().talkToOneself(['10.0.0.1', 'fd00::1']);
      const flows = host.flows({ family: 4 });
      expect(host.removeFlows(flows)).toEqual([null]);
      expect(host.removeFlows(flows)).toMatchObject([{ errno: 'ENOENT' }]);
      expect(host.removeFlows([])).toEqual([]);
      expect(of({ family: 4 })).toEqual([]);
      expect(of({ family: 6 })).toHaveLength(1);
    });
  });
}
