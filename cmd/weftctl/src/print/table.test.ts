import { describe, expect, test } from 'vitest';
import { printBoxedTable } from './boxed-table.ts';
import { type Paint, printable, printTable } from './table.ts';

const marking: Paint = (tone, text) => `<${tone}>${text}</>`;

describe('a column table', () => {
  test('columns are as wide as their widest cell and three blanks apart, without trailing blanks', () => {
    expect(printTable(['NAME', 'CIDR'], [['default-ipv4', '10.0.0.0/8'], ['b']])).toBe(
      ['NAME           CIDR', 'default-ipv4   10.0.0.0/8', 'b'].join('\n'),
    );
  });

  test('without rows it is its headings', () => {
    expect(printTable(['NAME', 'CIDR'], [])).toBe('NAME   CIDR');
  });

  test('colour does not change the alignment', () => {
    const rows = [[{ text: 'up', tone: 'good' as const }, 'x']];
    expect(printTable(['STATE', 'INFO'], rows, marking).split('\n')[1]).toBe('<good>up   </>   x');
  });

  test('control characters and text direction of strangers do not reach the terminal', () => {
    expect(printable('a\u001b[31mb\nc\u202ed\u0007')).toBe('a\\u001b[31mb c\\u202ed\\u0007');
    expect(printTable(['A', 'B'], [['\u001b[2J', 'x']]).split('\n')[1]).toBe('\\u001b[2J   x');
  });
});

describe("calicoctl's boxed table", () => {
  test('headings are upper case and centred, cells are left-aligned', () => {
    const text = printBoxedTable(
      ['Peer address', 'Peer type', 'State', 'Since', 'Info'],
      [
        ['172.17.8.102', 'node-to-node mesh', 'up', '23:30:04', 'Established'],
        ['10.20.30.40', 'global', 'start', '2016-11-21', 'Active Socket: Connection refused'],
      ],
    );
    expect(`\n${text}`).toBe(`
+--------------+-------------------+-------+------------+-----------------------------------+
| PEER ADDRESS |     PEER TYPE     | STATE |   SINCE    |               INFO                |
+--------------+-------------------+-------+------------+-----------------------------------+
| 172.17.8.102 | node-to-node mesh | up    | 23:30:04   | Established                       |
| 10.20.30.40  | global            | start | 2016-11-21 | Active Socket: Connection refused |
+--------------+-------------------+-------+------------+-----------------------------------+`);
  });

  test('colour does not change the alignment', () => {
    const text = printBoxedTable(['State'], [[{ text: 'up', tone: 'good' }]], marking);
    expect(text).toContain('| <good>up   </> |');
  });
});
