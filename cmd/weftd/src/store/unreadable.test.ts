import { DatastoreError } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getReadable, Unreadable } from './unreadable.ts';

const key = { kind: 'IPAMBlock', name: '10-0-0-0-26' } as const;
const corrupt = new DatastoreError('corrupt', 'it is no JSON');

let events: { event: string; name: string; hint?: string }[];
let get: ReturnType<typeof vi.fn<() => Promise<undefined>>>;
let unreadable: Unreadable;

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  get = vi.fn(async () => undefined);
  const log = createLogger({
    name: 'weftd',
    level: 'info',
    destination: { write: (line) => events.push(JSON.parse(line)) },
  });
  unreadable = new Unreadable({ get }, log);
});

afterEach(() => {
  unreadable.close();
  vi.useRealTimers();
});

describe('an object that cannot be read', () => {
  it('is named with what to do, in the log once and in the status until it can be read or is gone', async () => {
    expect(unreadable.describe()).toBeUndefined();
    get.mockRejectedValueOnce(corrupt);
    unreadable.found(key, 'it is no JSON');
    unreadable.found(key, 'Cannot read it: it is no JSON');
    expect(events).toEqual([
      expect.objectContaining({
        event: 'resource-unreadable',
        name: '10-0-0-0-26',
        hint: expect.stringMatching(/^correct it, .* weftd goes on without it$/),
      }),
    ]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(unreadable.describe()).toMatch(
      /^weftd goes on without what it cannot read \(correct it, .*\): IPAMBlock 10-0-0-0-26: it is no JSON$/,
    );
    await vi.advanceTimersByTimeAsync(10_000);
    expect(unreadable.describe()).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ event: 'resource-readable', kind: 'IPAMBlock' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is one of at most three that are named, with the number of the others', () => {
    for (let number = 0; number < 5; number++) unreadable.found({ ...key, name: `b${number}` }, 'bad');
    expect(unreadable.describe()).toMatch(
      /: IPAMBlock b0: bad; IPAMBlock b1: bad; IPAMBlock b2: bad; and 2 more$/,
    );
  });

  it('is looked at again only when the look before has ended', async () => {
    const answer = Promise.withResolvers<undefined>();
    get.mockReturnValueOnce(answer.promise);
    unreadable.found(key, 'bad');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(get).toHaveBeenCalledOnce();
    answer.resolve(undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.filter(({ event }) => event === 'resource-readable')).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is looked at no more once all is closed, also by a look that is under way', async () => {
    const answer = Promise.withResolvers<undefined>();
    get.mockReturnValueOnce(answer.promise);
    unreadable.found(key, 'bad');
    await vi.advanceTimersByTimeAsync(10_000);
    unreadable.close();
    answer.reject(corrupt);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(get).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is named as one of the first hundred; that there are more is said once, however often they are listed', async () => {
    const list = () => {
      for (let number = 0; number < 105; number++) unreadable.found({ ...key, name: `b${number}` }, 'bad');
    };
    const names = () => events.splice(0).map(({ event, name }) => (name === 'weftd' ? event : name));
    list();
    list();
    expect(names()).toEqual([
      ...Array.from({ length: 100 }, (_, number) => `b${number}`),
      'resources-unreadable',
    ]);
    get.mockRejectedValue(corrupt);
    get.mockResolvedValueOnce(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    unreadable.found({ ...key, name: 'b100' }, 'bad');
    unreadable.found({ ...key, name: 'b101' }, 'bad');
    expect(names()).toEqual(['b0', 'b100', 'resources-unreadable']);
  });

  it('is as good as none to whoever does without it, and any other failure is one', async () => {
    get.mockRejectedValueOnce(corrupt);
    expect(await getReadable({ get }, key)).toBeUndefined();
    get.mockRejectedValueOnce(new DatastoreError('unavailable', 'it is away'));
    await expect(getReadable({ get }, key)).rejects.toThrow('it is away');
  });
});
