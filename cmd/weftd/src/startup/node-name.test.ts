import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNodeName, keepNodeName } from './node-name.ts';

describe('the name of a node that nobody names', () => {
  const all = {
    environment: { NODENAME: 'Given', HOSTNAME: 'Container' },
    files: { '/weft/nodename': 'kept\n', '/var/lib/calico/nodename': 'calicos' },
    host: ' Machine.Example.com\n',
  };

  it.each([
    ['NODENAME, as it is', all, 'Given', 'NODENAME'],
    ['the file', { ...all, environment: { NODENAME: '', HOSTNAME: 'C' } }, 'kept', '/weft/nodename'],
    [
      "Calico's file, when weft's is empty",
      { ...all, environment: {}, files: { ...all.files, '/weft/nodename': ' \n' } },
      'calicos',
      '/var/lib/calico/nodename',
    ],
    [
      'HOSTNAME in lower case',
      { ...all, environment: { HOSTNAME: 'Container' }, files: {} },
      'container',
      'HOSTNAME',
    ],
    [
      'the host name in lower case, trimmed',
      { ...all, environment: { HOSTNAME: '' }, files: {} },
      'machine.example.com',
      'the host name',
    ],
  ])('is %s', (_, { environment, files, host }, name, source) => {
    const known = new Map<string, string>(Object.entries(files));
    const sources = { environment, read: (path: string) => known.get(path), hostname: () => host };
    expect(findNodeName('/weft/nodename', sources)).toEqual({ name, source });
  });
});

describe('the file with the name', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weft-nodename-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is made with its directory, replaced, and nothing lies beside it', () => {
    const path = join(directory, 'weft/nodename');
    keepNodeName(path, 'node1');
    keepNodeName(path, 'node2');
    expect(readFileSync(path, 'utf8')).toBe('node2');
    expect(readdirSync(join(directory, 'weft'))).toEqual(['nodename']);
  });

  it('is not written again while it says the name', () => {
    const path = join(directory, 'nodename');
    keepNodeName(path, 'node1');
    const { ino } = statSync(path);
    keepNodeName(path, 'node1');
    expect(statSync(path).ino).toBe(ino);
  });

  it('says what is wrong when it cannot be written', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => keepNodeName(join(directory, 'file/nodename'), 'node1')).toThrow(
      /the name of the node cannot be kept \((EEXIST|ENOTDIR)\)/,
    );
  });
});
