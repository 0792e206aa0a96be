/** Why Docker does not get what it asked for: what happened, to which object, what to do next. */
export interface Refusal {
  readonly kind: 'refused';
  /** Without a final full stop. */
  readonly message: string;
  readonly object: string;
  /** A sentence. */
  readonly hint: string;
}

/** Makes a refusal. */
export function refuse(message: string, object: string, hint: string): Refusal {
  return { kind: 'refused', message, object, hint };
}

/** Tells a refusal from anything else. */
export function isRefusal(value: object): value is Refusal {
  return 'kind' in value && value.kind === 'refused';
}

/** As `docker` prints it behind "Error response from daemon". */
export function refusalText({ message, object, hint }: Omit<Refusal, 'kind'>): string {
  return `${message}: ${object}. ${hint}`;
}
