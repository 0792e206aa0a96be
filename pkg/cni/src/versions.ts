/**
 * The versions of the CNI specification and what came with which.
 */

/** Every version that is spoken, oldest first. */
export const SUPPORTED_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** One version of the specification. */
export type SpecVersion = (typeof SUPPORTED_VERSIONS)[number];

/** What is answered where no version was given or understood. */
export const NEWEST_VERSION: SpecVersion = '1.1.0';

/**
 * The version of a configuration that names none: the field came with version 0.2.0, so it is one of before. Source: the CNI
 * library reads it so, too. (Calico takes 0.2.0, whose results have the same shape.)
 */
export const UNNAMED_VERSION: SpecVersion = '0.1.0';

/** Narrows a text to a version that is spoken. */
export function isSupported(version: string): version is SpecVersion {
  return (SUPPORTED_VERSIONS as readonly string[]).includes(version);
}

/** True when `version` is `least` or newer. */
export function isAtLeast(version: SpecVersion, least: SpecVersion): boolean {
  return SUPPORTED_VERSIONS.indexOf(version) >= SUPPORTED_VERSIONS.indexOf(least);
}

/** What a runtime can ask a plugin to do. */
export const COMMANDS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const;

/** One of them; the value of CNI_COMMAND. */
export type Command = (typeof COMMANDS)[number];

/** The first version that has a command; those left out are in every version. */
export const FIRST_VERSION_WITH: Readonly<Partial<Record<Command, SpecVersion>>> = {
  CHECK: '0.4.0',
  STATUS: '1.1.0',
  GC: '1.1.0',
};
