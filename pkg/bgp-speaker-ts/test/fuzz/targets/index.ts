/** All targets. */

import type { Target } from '../target.ts';
import { MESSAGE_TARGETS } from './messages.ts';
import { PART_TARGETS } from './parts.ts';

export const TARGETS: readonly Target[] = [...MESSAGE_TARGETS, ...PART_TARGETS];
