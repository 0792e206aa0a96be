/** `weftctl cni uninstall`: takes away what `install` put on the host. */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../failure.ts';
import { configurationsIn } from './configurations.ts';
import { PLUGIN } from './conflist.ts';
import type { PlaceOptions } from './install.ts';
import { onFile } from './place-file.ts';

/** Removes the configuration, then the plugin, unless another configuration uses it. */
export async function uninstall({ binDir, confDir, confName }: PlaceOptions): Promise<Report> {
  const users = configurationsIn(confDir, confName).others.filter(({ isOurs }) => isOurs);
  const files = [join(confDir, confName), ...(users.length === 0 ? [join(binDir, PLUGIN)] : [])];
  const removed = files.filter(remove);
  return {
    text: removed.length === 0 ? 'Nothing is there to be removed' : `Removed ${removed.join(' and ')}`,
    failures: [],
    notes: users.map(({ path }) => `The plugin stays: ${path} uses it.`),
  };
}

/** False when it was not there. */
function remove(path: string): boolean {
  return onFile(path, () => {
    try {
      unlinkSync(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return false;
    }
  });
}
