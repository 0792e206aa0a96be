/**
 * The public API of @weft/recording: the lines of a node's record, and what can be told from them.
 */
export { CHANGED_THINGS, compareStates, describePath, describeRoute, type StateChange } from './compare.ts';
export { type HistoryEvent, type HistorySubject, MAX_HISTORY_EVENTS, PrefixHistory } from './history.ts';
export {
  type BeginLine,
  type DecodedLine,
  decodeBase64,
  decodeLine,
  encodeBase64,
  encodeLine,
  type KernelLine,
  type LineContent,
  RECORD_FORMAT,
  type RecordLine,
  type SegmentCause,
  whyUnreadable,
} from './line.ts';
export { InputChanges, inputOf, type ObjectLine, resourceName } from './objects.ts';
export { type RecordedRoute, RecordedState } from './recorded-state.ts';
export { type Divergence, ReplayedNode } from './replayed-node.ts';
