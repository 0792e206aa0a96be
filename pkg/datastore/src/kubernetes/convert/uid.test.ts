import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { convertUid } from './uid.ts';

describe('convertUid', () => {
  it('gives what Calico gives', () => {
    // Source: Calico conversion_test.go, "should parse a UID to a Calico ID".
    expect(convertUid('30316465-6365-4463-ad63-3564622d3638')).toBe('0c8c26a6-c6a6-44c6-adc6-ac2646b46c1c');
  });

  it('is its own inverse, and keeps version and variant', () => {
    for (let count = 0; count < 1000; count++) {
      const uid = randomUUID();
      const converted = convertUid(uid);
      expect(convertUid(converted)).toBe(uid);
      expect([converted[14], converted[19]]).toEqual([uid[14], uid[19]]);
    }
  });

  it('leaves a text alone that is no UUID', () => {
    expect(convertUid('not-a-uid')).toBe('not-a-uid');
  });
});
