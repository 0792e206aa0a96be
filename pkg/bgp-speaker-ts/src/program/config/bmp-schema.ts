/**
 * One BMP collector of the configuration file.
 */

import type { z } from 'zod';
import type { BmpCollector } from '../../speaker/config.ts';
import { integer, ipAddress, oneOf, port } from './fields.ts';
import { type Complete, field, list, object, optional, optionalPart, required } from './schema.ts';

const view = oneOf('pre-policy', 'post-policy', 'loc-rib');

/** A collector. */
export const bmpSchema: z.ZodType<Complete<BmpCollector>> = object({
  address: required(ipAddress, 'address of the collector'),
  port: required(port, 'its TCP port'),
  views: optionalPart(
    list(field(view)).min(1, 'must name at least one'),
    'routes as received, after import policy, or as selected; pre-policy without',
  ),
  statisticsSeconds: optional(integer(1, 86_400), 'between two Statistics Reports; 60 without'),
});
