import { describe, expect, it } from 'vitest';
import { fromV1Metadata, fromV3Metadata, toV1Metadata, toV3Metadata } from './metadata.ts';

const ANNOTATION = 'projectcalico.org/metadata';
const uid = '30316465-6365-4463-ad63-3564622d3638';
const convertedUid = '0c8c26a6-c6a6-44c6-adc6-ac2646b46c1c';

describe('metadata for crd.projectcalico.org/v1', () => {
  it('of an object with a name only is that of Calico, byte for byte', () => {
    expect(toV1Metadata({ name: 'a' })).toEqual({
      name: 'a',
      annotations: { [ANNOTATION]: '{"creationTimestamp":null}' },
    });
  });

  it('keeps what a user wrote in the annotation, sorted and escaped as Go does it', () => {
    const { annotations } = toV1Metadata({
      name: 'a',
      labels: { zone: 'east', Area: '1', 'a<b': 'x&y' },
      annotations: { note: '"quoted" \u2028 é' },
      finalizers: ['example.org/hold'],
    });
    expect(annotations).toEqual({
      [ANNOTATION]:
        '{"creationTimestamp":null,"labels":{"Area":"1","a\\u003cb":"x\\u0026y","zone":"east"},' +
        '"annotations":{"note":"\\"quoted\\" \\u2028 é"},"finalizers":["example.org/hold"]}',
    });
  });

  it("leaves Calico's own labels and annotations on the object, too", () => {
    const meta = toV1Metadata({
      name: 'a',
      labels: { 'projectcalico.org/affinity-type': 'host', mine: 'x' },
      annotations: { 'operator.tigera.io/x': '1', mine: 'x' },
    });
    expect(meta.labels).toEqual({ 'projectcalico.org/affinity-type': 'host' });
    expect(Object.keys(meta.annotations ?? {})).toEqual(['operator.tigera.io/x', ANNOTATION]);
    expect(JSON.parse(meta.annotations?.[ANNOTATION] ?? '')).toMatchObject({
      labels: { 'projectcalico.org/affinity-type': 'host', mine: 'x' },
    });
  });

  it('names owners by the stored group and uid, and back', () => {
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'Pod', name: 'p', uid },
      { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', name: 'q', uid },
    ];
    const meta = toV1Metadata({ name: 'a', ownerReferences });
    expect(JSON.parse(meta.annotations?.[ANNOTATION] ?? '').ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'p', uid },
      { apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool', name: 'q', uid: convertedUid },
    ]);
    expect(fromV1Metadata(meta).ownerReferences).toEqual(ownerReferences);
  });
});

describe('metadata from crd.projectcalico.org/v1', () => {
  it('takes the name, revision and converted uid of the object, and the rest from the annotation', () => {
    expect(
      fromV1Metadata({
        name: 'default-ipv4-ippool',
        uid,
        resourceVersion: '712',
        creationTimestamp: '2026-01-01T00:00:01Z',
        labels: { onObject: '1', both: 'object' },
        annotations: {
          [ANNOTATION]:
            '{"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"both":"annotation"},"annotations":{"note":"x"}}',
          'operator.tigera.io/x': '1',
        },
      }),
    ).toEqual({
      name: 'default-ipv4-ippool',
      uid: convertedUid,
      resourceVersion: '712',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { onObject: '1', both: 'annotation' },
      annotations: { note: 'x', 'operator.tigera.io/x': '1' },
    });
  });

  it.each([
    ['no annotation', {}],
    ['one that is not JSON', { annotations: { [ANNOTATION]: 'oops' } }],
  ])('takes the object as it is when there is %s', (_, extra) => {
    const creationTimestamp = '2026-01-01T00:00:01Z';
    const meta = fromV1Metadata({ name: 'a', uid, creationTimestamp, labels: { x: '1' }, ...extra });
    expect(meta).toMatchObject({ name: 'a', uid: convertedUid, creationTimestamp, labels: { x: '1' } });
  });
});

describe('metadata of projectcalico.org/v3', () => {
  it('is sent without what the server decides, and read without its bookkeeping', () => {
    const written = { name: 'a', resourceVersion: '7', labels: { x: '1' }, finalizers: ['f'] };
    const stamps = { uid, creationTimestamp: '2026-01-01T00:00:00Z' };
    expect(toV3Metadata({ ...written, ...stamps })).toEqual(written);
    const served = { ...written, ...stamps, managedFields: [{}], generation: 3 };
    expect(fromV3Metadata(served)).toEqual({ ...written, ...stamps });
  });
});
