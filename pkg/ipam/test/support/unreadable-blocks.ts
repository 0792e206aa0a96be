/** Blocks that nobody can read, as a datastore shows them. */
import { DatastoreError } from '@weft/datastore';
import type { Prefix } from '@weft/ip';
import { blockName, type IPAMBlock } from '@weft/resources';
import type { Around } from './intercepted-store.ts';

/** Lists leave these out, and whoever asks for one is told; they may become more while it is used. */
export function unreadableBlocks(cidrs: ReadonlySet<Prefix>): Around {
  const isBad = (name: string | undefined): boolean => [...cidrs].some((cidr) => blockName(cidr) === name);
  return async (call, perform) => {
    if (call.kind !== 'IPAMBlock') return perform();
    if (call.verb === 'get' && isBad(call.name))
      throw new DatastoreError('corrupt', `Cannot read IPAMBlock "${call.name}", as the test wants.`);
    const answer = await perform();
    if (call.verb !== 'list') return answer;
    const { items } = answer as { items: readonly IPAMBlock[] };
    return { ...answer, items: items.filter(({ metadata }) => !isBad(metadata.name)) };
  };
}
