/** All targets. */

import type { Target } from '../target.ts';
import { BFD_TARGETS } from './bfd.ts';
import { MESSAGE_TARGETS } from './messages.ts';
import { PART_TARGETS } from './parts.ts';
import { FILE_TARGETS } from './speaker-file.ts';
import { STATEFUL_TARGETS } from './stateful.ts';

/** All targets: decoders first, whole machines last. */
export const TARGETS: readonly Target[] = [
  ...MESSAGE_TARGETS,
  ...PART_TARGETS,
  ...BFD_TARGETS,
  ...FILE_TARGETS,
  ...STATEFUL_TARGETS,
];
