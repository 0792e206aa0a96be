/** The tables of `ipam show`, as calicoctl draws them. Pure. */
import { printBoxedTable } from '../print/boxed-table.ts';
import type { Borrowing } from './borrowed.ts';
import { fiveDigits, percent } from './go-number.ts';
import type { Setting } from './settings.ts';
import type { Usage, Utilization } from './utilization.ts';

const USAGE_HEADINGS = ['Grouping', 'CIDR', 'IPs total', 'IPs in use', 'IPs reserved', 'IPs free'];

/** A row for each pool, and with `withBlocks` below it one for each of its blocks; blocks of no pool come last. */
export function printUtilization({ pools, blocksWithoutPool }: Utilization, withBlocks: boolean): string {
  const rows = pools.flatMap((pool) => [
    usageRow('IP Pool', pool),
    ...(withBlocks ? pool.blocks.map((block) => usageRow('Block', block)) : []),
  ]);
  const strays = withBlocks ? blocksWithoutPool.map((block) => usageRow('Block', block)) : [];
  return printBoxedTable(USAGE_HEADINGS, alignRight(USAGE_HEADINGS, [...rows, ...strays], 2));
}

/** What the table cannot say. */
export function utilizationNotes({ pools, blocksWithoutPool }: Utilization, withBlocks: boolean): string[] {
  const notes: string[] = [];
  const cooling = [...pools, ...blocksWithoutPool].reduce((count, usage) => count + usage.coolingDown, 0n);
  if (pools.length === 0) notes.push('There is no IP pool. Make one: weftctl apply -f FILE.');
  if (cooling > 0n) notes.push(`Cooling down after their release, and counted as in use: ${cooling}.`);
  if (blocksWithoutPool.length > 0)
    notes.push(
      `${blocksWithoutPool.length} block(s) lie in no IP pool${withBlocks ? ' and stand last' : '; --show-blocks shows them'}.`,
    );
  return notes;
}

/** Borrowed addresses, and how many allocations cannot be judged. */
export function printBorrowing({ borrowed, withoutNode }: Borrowing): string {
  const table = printBoxedTable(
    ['IP', 'Borrowing-Node', 'Block', 'Block Owner', 'Type', 'Allocated-To'],
    borrowed.map((one) => [one.ip, one.borrowingNode, one.block, one.blockOwner, one.type, one.allocatedTo]),
  );
  if (withoutNode === 0) return table;
  const note = `Note: found ${withoutNode} IP allocations without an explicit node association. Unable to determine if they are borrowed.`;
  return `${table}\n\n${note}`;
}

/** The settings in force. */
export function printSettings(settings: readonly Setting[]): string {
  const rows = settings.map(({ name, value, isDefault }) => [
    name,
    `${value}${isDefault ? ' (default)' : ''}`,
  ]);
  return printBoxedTable(['Property', 'Value'], rows);
}

function usageRow(grouping: string, { cidr, total, inUse, reserved, free }: Usage): string[] {
  const parts = [inUse, reserved, free].map((count) => `${fiveDigits(count)} (${percent(count, total)})`);
  return [grouping, cidr, fiveDigits(total), ...parts];
}

/** Pads the cells from that column on, so that numbers stand below each other. */
function alignRight(headings: readonly string[], rows: readonly string[][], from: number): string[][] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row.map((cell, column) => (column < from ? cell : cell.padStart(widths[column] ?? 0))),
  );
}
