import { createLogger } from '@weft/telemetry';
import { describe, expect, it } from 'vitest';
import { Forwarding, type RunResult } from './forwarding.ts';

const log = createLogger({ name: 'test', level: 'error' });

/** iptables in memory: the rules of both programs, in order. */
function firewall(): {
  rules: string[];
  run: (program: string, args: readonly string[]) => Promise<RunResult>;
} {
  const rules: string[] = [];
  return {
    rules,
    run: async (program, [, operation, , direction, name]) => {
      const rule = `${program} ${direction} ${name}`;
      if (operation === '--append') rules.push(rule);
      return { exitCode: rules.includes(rule) ? 0 : 1, stderr: '' };
    },
  };
}

describe('the FORWARD chain', () => {
  it('lets containers through in both families, each rule once', async () => {
    const { rules, run } = firewall();
    const forwarding = new Forwarding({ log, run, interfacePrefixes: async () => ['cali'] });
    await forwarding.ensure();
    await forwarding.ensure();
    expect(rules.toSorted()).toEqual([
      'ip6tables --in-interface cali+',
      'ip6tables --out-interface cali+',
      'iptables --in-interface cali+',
      'iptables --out-interface cali+',
    ]);
    rules.length = 0;
    await forwarding.ensure();
    expect(rules).toHaveLength(4);
  });

  it('is left alone while weftd does not say what its interfaces are called', async () => {
    const { rules, run } = firewall();
    const interfacePrefixes = (): Promise<string[]> => Promise.reject(new Error('away'));
    await new Forwarding({ log, run, interfacePrefixes }).ensure();
    expect(rules).toEqual([]);
  });

  it('of a host without iptables ends nothing', async () => {
    const run = async (): Promise<RunResult> => ({ exitCode: undefined, stderr: 'spawn iptables ENOENT' });
    await expect(
      new Forwarding({ log, run, interfacePrefixes: async () => ['cali'] }).ensure(),
    ).resolves.toBe(undefined);
  });
});
