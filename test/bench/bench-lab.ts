/** A lab for one benchmark, gone afterwards whatever happened. */
import { defaultTopology, down, existingLabs, installation, up } from '@weft/lab';

const silent = (): void => {};

/** Brings a lab up, hands it over, and removes it. */
export async function withLab<T>(
  name: string,
  nodes: number,
  pods: number,
  use: (lab: string) => Promise<T>,
): Promise<T> {
  if (existingLabs().includes(name)) await down(name, silent);
  await up(
    { name, topology: defaultTopology(nodes, pods), baseDirectory: '/' },
    await installation(),
    silent,
  );
  try {
    return await use(name);
  } finally {
    await down(name, silent);
  }
}
