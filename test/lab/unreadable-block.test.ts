/** A block of the node that nobody can read, at its start: the daemon comes up without it, says which it is, and uses another. */
import { DatabaseSync } from 'node:sqlite';
import { ControlClient } from '@weft/control';
import { address, containsAddress, prefix } from '@weft/ip';
import { addPod, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { blockName } from '@weft/resources';
import { expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-unreadable', smallTopology(2, 1));

/** Changes the text of an object in the file behind everybody's back, and gives it as it was. */
async function rewrite(kind: string, name: string, change: (value: string) => string): Promise<string> {
  const { datastore } = await resolveLab(lab.name);
  const file = new DatabaseSync(datastore.type === 'embedded' ? datastore.path : '', { timeout: 5_000 });
  try {
    file.exec('BEGIN IMMEDIATE');
    const row = file.prepare('SELECT value FROM object WHERE kind = ? AND name = ?').get(kind, name);
    const before = String(row?.value);
    const revision = Number(file.prepare('SELECT max(revision) AS head FROM change').get()?.head) + 1;
    const value = change(before);
    file
      .prepare('UPDATE object SET value = ?, revision = ? WHERE kind = ? AND name = ?')
      .run(value, revision, kind, name);
    file.prepare("INSERT INTO change VALUES (?, ?, '', ?, ?)").run(revision, kind, name, value);
    file.exec('COMMIT');
    return before;
  } finally {
    file.close();
  }
}

it('keeps no daemon from its start and no pod from an address, and is named by the status until it is corrected', async () => {
  const [cidr = ''] = await lab.blocksOf('node1');
  const name = blockName(prefix(cidr));
  const before = await rewrite('IPAMBlock', name, (value) => value.replace('"allocations"', '"lost"'));
  await stopDaemon(lab.name, 'node1', 'SIGTERM');
  await restartDaemon(lab.name, 'node1');
  const daemon = new ControlClient(await lab.controlSocket('node1'));
  const { datastore } = await daemon.status();
  expect(datastore.detail).toMatch(
    new RegExp(`^weftd goes on without .* \\(correct it, .*\\): IPAMBlock ${name}: spec.allocations`),
  );
  await waitFor('node1 is ready', async () => (await daemon.readiness()).ok, 30_000);
  const pod = await addPod(lab.name, 'node1');
  for (const text of pod.addresses) {
    expect(containsAddress(prefix(cidr), address(text))).toBe(false);
    await waitFor(`node2 reaches ${text}`, () => lab.pings('node2-pod1', text), 30_000);
  }
  await rewrite('IPAMBlock', name, () => before);
  await waitFor(
    'the status has no remark',
    async () => (await daemon.status()).datastore.detail === undefined,
    30_000,
  );
});
