/**
 * The rights in manifests/ are those that are used: each component goes through all that it does with the API, uses every
 * right it has and is refused nothing; and without them it names every one before it goes on.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, bundleBfdThread } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rightsOf, titleOf } from '../harness/fault-api-server/rbac.ts';
import { MANIFESTS, manifestsOf } from '../harness/manifests.ts';
import { components, PROGRAMS } from './rbac-scenarios.ts';
import { makeNamespaces, removeNamespaces, tryRights } from './rbac-trial.ts';

/** Trials that wait for a component's patience run beside each other. */
const NAMESPACES = [1, 2, 3, 4].map((ordinal) => `weft-rbac-${process.pid}-${ordinal}`);

const rights = rightsOf(manifestsOf(join(MANIFESTS, 'overlays/route-reflectors')));

beforeAll(async () => {
  mkdirSync(PROGRAMS, { recursive: true });
  await bundleBfdThread(PROGRAMS);
  for (const { source, program } of components) await bundle(source, program);
  for (const namespace of NAMESPACES) await makeNamespaces(namespace);
});
afterAll(async () => {
  for (const namespace of NAMESPACES) await removeNamespaces(namespace);
});

describe.each(components)('$account', (component) => {
  const granted = rights.filter(({ account }) => account === component.account);

  it('uses every right it has, and needs no other', async () => {
    const [namespace = ''] = NAMESPACES;
    const { failure, refused, said, used } = await tryRights(component, namespace, rights);
    expect([...new Set(refused)], lastWords(said)).toEqual([]);
    expect(failure, lastWords(said)).toBeUndefined();
    expect(granted.filter((right) => !used.has(right)).map(titleOf)).toEqual([]);
  });

  it('says of every right that it lacks it, and goes on when it is given', async () => {
    const groups = [...Map.groupBy(granted, component.withheldTogether).values()];
    const outcomes = groups.map(async (withheld, index) => {
      const others = rights.filter((right) => !withheld.includes(right));
      const outcome = await tryRights(component, NAMESPACES[index] ?? '', others, withheld);
      expect(outcome.failure, lastWords(outcome.said)).toBeUndefined();
      return withheld.filter((right) => !outcome.missed.has(right)).map(titleOf);
    });
    expect((await Promise.all(outcomes)).flat()).toEqual([]);
  });
});

function lastWords(said: string): string {
  return said.split('\n').slice(-8).join('\n');
}
