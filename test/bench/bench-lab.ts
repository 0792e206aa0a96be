/** A lab for one benchmark, gone afterwards whatever happened. */
import { down, existingLabs, installation, type Topology, up } from '@weft/lab';

const silent = (): void => {};

/** Brings a lab up, hands it over, and removes it. */
export async function withLab<T>(
  name: string,
  topology: Topology,
  use: (lab: string) => Promise<T>,
): Promise<T> {
  if (existingLabs().includes(name)) await down(name, silent);
  await up({ name, topology, baseDirectory: '/' }, await installation(), silent);
  try {
    return await use(name);
  } finally {
    await down(name, silent);
  }
}
