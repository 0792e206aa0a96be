import { describe, expect, test } from 'vitest';
import { jsonSchema } from './file-schema.ts';

describe('the JSON Schema of the file', () => {
  test('says what is needed, what is known and what is the default', () => {
    expect(jsonSchema()).toMatchObject({
      required: ['asn', 'routerId', 'listen'],
      additionalProperties: false,
      properties: {
        asn: { type: 'integer', minimum: 1 },
        holdTimeSeconds: { default: 90 },
        peers: {
          items: {
            required: ['address', 'asn'],
            properties: { addPath: { enum: ['send', 'receive', 'both'] } },
          },
        },
      },
    });
  });
});
