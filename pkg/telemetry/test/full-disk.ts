/** Logs onto a full disk, says that it lives on, and ends in order. */
import { setImmediate } from 'node:timers/promises';
import { createLogger } from '../src/log.ts';

const log = createLogger({ name: 'full', level: 'info', destination: '/dev/full' });
for (let round = 0; round < 100; round++) {
  log.info('line', 'a line that finds no room');
  await setImmediate();
}
process.send?.('alive');
process.disconnect();
process.exit(0);
