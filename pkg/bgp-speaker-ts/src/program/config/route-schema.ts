/**
 * A route to announce, as the file and the command `announce` write it.
 */

import type { z } from 'zod';
import type { LocalRoute } from '../../speaker/config.ts';
import type { OriginValue } from '../../wire/attribute/path-attributes.ts';
import { Origin } from '../../wire/iana.ts';
import { community, type FieldType, ipPrefix, largeCommunity, oneOf, text, uint32 } from './fields.ts';
import { type Complete, field, list, object, optional, optionalPart, required } from './schema.ts';

const words = oneOf('igp', 'egp', 'incomplete');

const origin: FieldType<OriginValue> = {
  schema: words.schema,
  read: (value) => {
    const read = words.read(value);
    return read.ok ? { ok: true, value: Origin[read.value] } : read;
  },
};

/** A route of this speaker. */
export const routeSchema: z.ZodType<Complete<LocalRoute>> = object({
  prefix: required(ipPrefix, 'the route'),
  localPref: optional(uint32, 'LOCAL_PREF; 100 without'),
  med: optional(uint32, 'MULTI_EXIT_DISC'),
  origin: optional(origin, 'ORIGIN; igp without'),
  communities: optionalPart(list(field(community)), 'communities, each "aa:nn"'),
  largeCommunities: optionalPart(list(field(largeCommunity)), 'large communities, each "aa:nn:mm"'),
  interface: optional(text, 'interface the route points out of, for policies that look at it'),
});
