/**
 * IPReservation: addresses that automatic allocation leaves alone.
 */

import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
import { cidrField, object, setOf } from '../schema/fields.ts';

const spec = object('IPReservationSpec', {
  reservedCIDRs: setOf(cidrField()).optional().describe('Ranges that no automatic allocation gives out.'),
});

/** IPReservation. An explicit request for an address ignores it. */
export const ipReservation: KindDefinition<'IPReservation'> = defineKind({
  kind: 'IPReservation',
  plural: 'ipreservations',
  aliases: ['reservation', 'reservations'],
  description: 'Addresses that automatic allocation leaves alone.',
  crd: true,
  spec,
  actsOn: 'all',
  columns: {
    ps: [nameColumn()],
    wide: [nameColumn(), fieldColumn('CIDRS', 'spec.reservedCIDRs')],
  },
});
