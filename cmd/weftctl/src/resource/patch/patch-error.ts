/** A patch that cannot be read, or does not fit the object; the message is a clause for users. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}
