import { ControlError } from '@weft/control';
import { describe, expect, it } from 'vitest';
import { askWeftd } from './weftd.ts';

const away = new ControlError('unreachable', 'There is no control socket', '/run/x', 'Is weftd running?');

describe('asking weftd', () => {
  it('gives up on one that does not listen, in words for whoever ran docker', async () => {
    expect(await askWeftd(() => Promise.reject(away), 0)).toMatchObject({
      kind: 'refused',
      hint: 'Start it: systemctl start weftd.',
    });
  });

  it('passes a refusal on at once', async () => {
    const full = new ControlError('no-address', 'The pool has no free address', 'pool', 'Add a pool.');
    expect(await askWeftd(() => Promise.reject(full))).toEqual({
      kind: 'refused',
      message: 'The pool has no free address',
      object: 'pool',
      hint: 'Add a pool.',
    });
  });

  it('does not take a mistake for an answer', async () => {
    await expect(askWeftd(() => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
  });
});
