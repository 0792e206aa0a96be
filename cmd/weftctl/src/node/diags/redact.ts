/**
 * Takes secrets out of text before it leaves the host. Pure. Nothing that holds secrets is collected on purpose; this is
 * for what other programs print and log. It rather takes too much than too little.
 */

const HIDDEN = '***';

/** Names that say that a secret follows. */
const NAMES =
  '[\\w.-]*(?:passw(?:or)?d|secret|token|private[-_]?key|api[-_]?key|fastopen_key|authorization|md5)[\\w-]*';

const RULES: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(-----END \1PRIVATE KEY-----|$)/g,
    `${HIDDEN} private key ${HIDDEN}`,
  ],
  // scheme://user:password@host
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@]*@/gi, `$1:${HIDDEN}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${HIDDEN}`],
  // A JSON Web Token, as service accounts have it.
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  // "password": "x", password=x, password: x, and --password x
  [new RegExp(`(${NAMES}["']?\\s*[=:]\\s*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;}&]+)`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(`(--${NAMES}\\s+)([^\\s-]\\S*)`, 'gi'), `$1${HIDDEN}`],
];

/** The text without passwords, tokens and private keys. */
export function redact(text: string): string {
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
