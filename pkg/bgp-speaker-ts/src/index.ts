/**
 * The public API of bgp-speaker-ts.
 */

export * from './fsm/types.ts';
export type * from './wire/attribute/path-attributes.ts';
export type * from './wire/capability/capability.ts';
export * from './wire/error.ts';
export * from './wire/family.ts';
export * from './wire/iana.ts';
export * from './wire/next-hop.ts';
