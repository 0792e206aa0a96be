/** A program for tests: listens on the unix socket given as its argument, says so, and waits to be killed. */
import { createServer } from 'node:net';

createServer().listen(process.argv[2], () => process.send?.('listening'));
