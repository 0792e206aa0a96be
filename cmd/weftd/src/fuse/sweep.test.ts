import type { RouteListing } from '@weft/dataplane';
import { prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { Sweep, type SweptDataplane } from './sweep.ts';

/** A data plane with so many routes to other nodes in the kernel, some of which nobody wants, and as many to its own containers. */
class Kernel implements SweptDataplane {
  inKernel: number;
  toDelete: number;
  deletesAllowed = false;

  constructor(inKernel: number, toDelete: number) {
    this.inKernel = inKernel;
    this.toDelete = toDelete;
  }

  allowDeletes(): void {
    this.deletesAllowed = true;
  }

  status(): ReturnType<SweptDataplane['status']> {
    const { deletesAllowed, inKernel, toDelete } = this;
    return { inKernel, toDelete, deletesAllowed } as ReturnType<SweptDataplane['status']>;
  }

  routes(): RouteListing[] {
    const remote = Array.from({ length: this.inKernel }, (_, index) => ({
      destination: prefix(`10.0.${index}.0/24`),
      ...(index < this.toDelete ? { state: 'stale' } : { state: 'in-kernel', class: 'no-encap' }),
    }));
    const own = remote.map(({ destination }) => ({
      destination,
      state: 'in-kernel',
      class: 'local-workload',
    }));
    return [...remote, ...own] as RouteListing[];
  }
}

const LIMITS = { percent: 50, routes: 100 };

describe('the sweep of what an earlier weftd left', () => {
  it.each([
    { inKernel: 100, toDelete: 100, allowed: true },
    { inKernel: 200, toDelete: 100, allowed: true },
    { inKernel: 200, toDelete: 101, allowed: false },
  ])('of $toDelete of $inKernel routes is allowed: $allowed', ({ inKernel, toDelete, allowed }) => {
    const kernel = new Kernel(inKernel, toDelete);
    const sweep = new Sweep(kernel, LIMITS);
    sweep.allow(7);
    expect(kernel.deletesAllowed).toBe(allowed);
    expect(sweep.held?.prefixes.length).toBe(allowed ? undefined : toDelete);
  });

  it('goes on when enough of it is wanted again', () => {
    const kernel = new Kernel(200, 150);
    const sweep = new Sweep(kernel, LIMITS);
    sweep.allow(7);
    sweep.reconsider();
    expect(sweep.held).toMatchObject({ since: 7, of: 200, rejected: false });
    kernel.toDelete = 20;
    sweep.reconsider();
    expect(kernel.deletesAllowed).toBe(true);
    expect(sweep.held).toBeUndefined();
  });

  it('waits for a word, whatever that is', () => {
    const kernel = new Kernel(200, 150);
    const sweep = new Sweep(kernel, LIMITS);
    sweep.allow(0);
    sweep.reject();
    expect(sweep.held?.rejected).toBe(true);
    expect(kernel.deletesAllowed).toBe(false);
    sweep.accept();
    expect(kernel.deletesAllowed).toBe(true);
  });
});
