/** A host that is removed and made again under its name, while something keeps its old namespace. */
import { closeSync, openSync } from 'node:fs';
import { addNode, installation, namespaceOf, removeNode, status } from '@weft/lab';
import { expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';

const lab = useLab('same-name', smallTopology(2, 1));
const silent = (): void => {};

it('makes a host again under the name of one removed, whose namespace is still there', async () => {
  // What holds it is this file; the kernel itself, taking namespaces apart in its own time, does so too.
  const held = openSync(`/run/netns/${namespaceOf(lab.name, 'node2')}`, 'r');
  try {
    await removeNode(lab.name, 'node2', silent);
    await addNode(lab.name, 'node2', 1, await installation(), silent);
    const { hosts } = await status(lab.name);
    expect(hosts.map(({ name }) => name)).toEqual(['node1', 'node2']);
    expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
  } finally {
    closeSync(held);
  }
});
