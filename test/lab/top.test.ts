/** `weftctl top` in a terminal and in a pipe. */
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const LAB = 't-watched';
const lab = useLab(LAB, smallTopology(2, 1));

it('fills a terminal, and leaves it as it was', async () => {
  const program = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;
  const command = `stty rows 12 cols 60; ${program} --lab ${lab.name} top --count 2 --interval 0.2`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], { stdin: 'ignore' });
  expect(stdout.split('\u001b[H')).toHaveLength(3);
  expect(stdout).toMatch(/2 of 2 nodes ready/);
  expect(stdout.indexOf('\u001b[?1049h')).toBeLessThan(stdout.indexOf('nodes ready'));
  const last = (stdout.split('\u001b[H').at(-1) ?? '').split('\r\n');
  expect(last.length).toBeLessThanOrEqual(11);
  expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

it('prints one picture into a pipe', async () => {
  const { stdout, exitCode } = await weftctl('--lab', lab.name, 'top', 'node1');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^weft .* 1 of 1 nodes ready {3}1 of 1 sessions up\n/);
  expect(stdout).toMatch(/node1 +10\.0\.0\.2 \(node2\) +Established/);
});
