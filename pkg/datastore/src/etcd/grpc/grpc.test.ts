/** gRPC's framing and the ends of calls. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, frame } from './frame.ts';
import { errorInTrailers, GrpcCode, GrpcError } from './status.ts';

describe('frames', () => {
  it('are one byte without compression, four of length, the message', () => {
    expect(frame(Buffer.from('abc')).toString('hex')).toBe('0000000003616263');
    expect(frame(Buffer.alloc(0)).toString('hex')).toBe('0000000000');
  });

  it('come out as they went in, however the bytes are cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }).map((some) => Buffer.from(some)));
    const cuts = fc.array(fc.nat(200));
    fc.assert(
      fc.property(messages, cuts, (sent, places) => {
        const all = Buffer.concat(sent.map(frame));
        const edges = [
          0,
          ...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b),
          all.length,
        ];
        const splitter = new FrameSplitter(1000);
        const received = edges
          .slice(1)
          .flatMap((end, index) => splitter.push(all.subarray(edges[index], end)));
        expect(received).toEqual(sent);
        expect(splitter.empty).toBe(true);
      }),
    );
  });

  it('that are larger than the limit are refused before they are read', () => {
    const splitter = new FrameSplitter(10);
    expect(() => splitter.push(Buffer.from('000000000b', 'hex'))).toThrow(/11 bytes; 10 are accepted/);
  });

  it('that are compressed are refused, since nobody asked for it', () => {
    expect(() => new FrameSplitter(10).push(Buffer.from('0100000000', 'hex'))).toThrow(GrpcError);
  });
});

describe('the end of a call', () => {
  it('is good with status 0', () => {
    expect(errorInTrailers({ 'grpc-status': '0' })).toBeUndefined();
  });

  it('is an error with its code and its decoded message', () => {
    const trailers = { 'grpc-status': '8', 'grpc-message': 'space exceeded: 5%25' };
    expect(errorInTrailers(trailers)).toMatchObject({
      code: GrpcCode.RESOURCE_EXHAUSTED,
      message: 'space exceeded: 5%',
    });
    expect(errorInTrailers({ 'grpc-status': '2', 'grpc-message': '100%' })).toMatchObject({
      message: '100%',
    });
  });

  it('is a lost connection without a status', () => {
    expect(errorInTrailers(undefined)).toMatchObject({ code: GrpcCode.UNAVAILABLE });
    expect(errorInTrailers({})).toMatchObject({ code: GrpcCode.UNAVAILABLE });
  });
});
