/** A program for the test of slow log readers: logs 4 MB in one go, then reports over IPC that it still lives. */
import { createLogger } from '../src/index.ts';

const log = createLogger({ name: 'flood', level: 'info' });
for (let i = 0; i < 4000; i++) log.info('flood', 'x'.repeat(1000));
setTimeout(() => process.send?.({ dropped: log.droppedLines() }), 10);
