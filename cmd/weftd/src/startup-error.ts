/**
 * Why weftd cannot start. The message has three parts: what happened, to which object, what to do next.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly object: string;
  readonly hint: string;

  constructor(what: string, object: string, hint: string, options?: ErrorOptions) {
    super(what, options);
    this.object = object;
    this.hint = hint;
  }
}
