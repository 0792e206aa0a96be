import { createLogger, type Logger } from '@weft/telemetry';
import { describe, expect, it } from 'vitest';
import { Forwarding, type RunResult } from './forwarding.ts';

const log = createLogger({ name: 'test', level: 'error' });

/** iptables in memory: the rules of both programs, in order, behind those an administrator has in one of them. */
function firewall(before: readonly string[] = []): {
  rules: string[];
  run: (program: string, args: readonly string[]) => Promise<RunResult>;
} {
  const rules: string[] = [];
  return {
    rules,
    run: async (program, [, operation, , direction, name]) => {
      if (operation === '--list-rules') {
        const own = rules.filter((rule) => rule.startsWith(`${program} `));
        const listed = own.map(
          (rule) => `-A FORWARD ${rule} -m comment --comment "weft: containers are routed"`,
        );
        return { exitCode: 0, stdout: ['-P FORWARD DROP', ...before, ...listed].join('\n'), stderr: '' };
      }
      const rule = `${program} ${direction} ${name}`;
      if (operation === '--append') rules.push(rule);
      return { exitCode: rules.includes(rule) ? 0 : 1, stdout: '', stderr: '' };
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

  it.each([
    ['-A FORWARD -j REJECT --reject-with icmp-host-prohibited', true],
    ['-A FORWARD -m comment --comment "the \\"last\\" -j ACCEPT" -j DROP', true],
    ['-A FORWARD -m comment --comment closing -j DROP', true],
    ['-A FORWARD -m conntrack --ctstate INVALID -j DROP', false],
    ['-A FORWARD -i eth1 -j REJECT --reject-with icmp-port-unreachable', false],
    ['-A FORWARD -j DOCKER-USER', false],
  ])('with %s before the rules is complained about once: %s', async (rule, isClosed) => {
    const said: string[] = [];
    const warn = (_: string, message: string): void => void said.push(message);
    const { run } = firewall([rule]);
    const forwarding = new Forwarding({
      log: { ...log, warn } as Logger,
      run,
      interfacePrefixes: async () => ['cali'],
    });
    await forwarding.ensure();
    await forwarding.ensure();
    const expected = ['iptables', 'ip6tables'].map((program) =>
      expect.stringContaining(`${program} turns away`),
    );
    expect(said).toEqual(isClosed ? expected : []);
    if (isClosed) expect(said[0]).toContain(rule);
  });

  it('of a host without iptables ends nothing', async () => {
    const run = async (): Promise<RunResult> => ({
      exitCode: undefined,
      stdout: '',
      stderr: 'spawn iptables ENOENT',
    });
    await expect(
      new Forwarding({ log, run, interfacePrefixes: async () => ['cali'] }).ensure(),
    ).resolves.toBe(undefined);
  });
});
