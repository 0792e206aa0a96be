/**
 * The text of a snapshot, made piece by piece, so that whoever makes it can do something else between two pieces. What it
 * says is of one moment, whenever its text is made: its lines hold nothing that changes.
 */
import { encodeLine, type RecordLine } from '@weft/recording';

/** A piece is a millisecond or two of work. */
const PIECE_CHARACTERS = 64 * 1024;

/** A snapshot on its way to the disk. */
export class SnapshotText {
  readonly pieces: Buffer[] = [];
  /** Of all pieces so far. */
  bytes = 0;
  readonly #lines: Iterator<RecordLine>;

  constructor(lines: Iterable<RecordLine>) {
    this.#lines = lines[Symbol.iterator]();
  }

  /** Makes the next piece; false when it was the last. */
  makePiece(): boolean {
    let text = '';
    let line = this.#lines.next();
    for (; line.done !== true; line = this.#lines.next()) {
      text += `${encodeLine(line.value)}\n`;
      if (text.length >= PIECE_CHARACTERS) break;
    }
    const piece = Buffer.from(text);
    this.pieces.push(piece);
    this.bytes += piece.length;
    return line.done !== true;
  }
}
