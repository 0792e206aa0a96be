/**
 * The process that reads a configuration file: `node reader.ts FILE` prints the result as JSON.
 */

import { readSpeakerFile } from './read-file.ts';

process.stdout.write(JSON.stringify(readSpeakerFile(process.argv[2] ?? '')));
