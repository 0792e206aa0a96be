/**
 * `weftctl get --watch`: what there is, then every change, until Ctrl-C. A store that goes away is waited for; what
 * changed meanwhile is printed when it is back.
 */
import { type Datastore, type FollowEvent, follow, keyText } from '@weft/datastore';
import type { Resource } from '@weft/resources';
import type { Remark, Report } from '../../failure.ts';
import type { Output } from '../../print/output.ts';
import { openStore } from '../../where.ts';
import { isAskedFor, type Question } from './find.ts';
import { type GetOptions, showsNamespace } from './options.ts';
import type { WatchedObject } from './printed.ts';
import { printerFor, readDefaultAsNumber } from './printer.ts';

/** The report goes on until SIGINT or SIGTERM, and then ends as a success. */
export async function watch(question: Question, output: Output, options: GetOptions): Promise<Report> {
  const store = await openStore(options, false);
  return { text: untilSignal(store, question, output, options), failures: [] };
}

async function* untilSignal(
  store: Datastore,
  question: Question,
  output: Output,
  options: GetOptions,
): AsyncGenerator<string | Remark> {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    yield* changes(store, question, output, options, stop.signal);
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    await store.close();
  }
}

/** The lines of a watch. Exported for tests, which end it by its signal. */
export async function* changes(
  store: Datastore,
  question: Question,
  output: Output,
  options: GetOptions,
  signal: AbortSignal,
): AsyncGenerator<string | Remark> {
  const printer = await printerFor(output, {
    kind: question.kind,
    defaultAsNumber: await readDefaultAsNumber(store, output),
    withNamespace: showsNamespace(options),
    withEvents: options.outputWatchEvents ?? false,
  });
  const view = new View(question);
  let isAway = false;
  for await (const event of follow(store, question.kind, signal)) {
    if (event.kind === 'interrupted') {
      if (!view.isFilled) throw event.error;
      if (!isAway) yield { note: `${event.error.message} Waiting for it.` };
      isAway = true;
      continue;
    }
    if (isAway) yield { note: 'The datastore answers again.' };
    isAway = false;
    const changed = view.take(event);
    const shown = options.outputWatchEvents ? changed : changed.map(({ resource }) => ({ resource }));
    if (shown.length > 0 || event.kind === 'snapshot') yield* printer.next(shown);
  }
}

/** What has been printed, so that a second snapshot prints only what is new, and a deletion the object as it was. */
class View {
  readonly #question: Question;
  readonly #known = new Map<string, Resource>();
  isFilled = false;

  constructor(question: Question) {
    this.#question = question;
  }

  take(event: Exclude<FollowEvent<Question['kind']>, { kind: 'interrupted' }>): WatchedObject[] {
    switch (event.kind) {
      case 'put':
        return this.#put(event.resource);
      case 'delete':
        return this.#delete(keyText(event.key));
      case 'snapshot': {
        const there = new Set(event.items.map(({ metadata }) => keyText(metadata)));
        const gone = [...this.#known.keys()].filter((key) => !there.has(key));
        this.isFilled = true;
        return [
          ...event.items.flatMap((item) => this.#put(item)),
          ...gone.flatMap((key) => this.#delete(key)),
        ];
      }
    }
  }

  #put(resource: Resource): WatchedObject[] {
    const key = keyText(resource.metadata);
    const before = this.#known.get(key);
    // An object that is no longer selected is gone for whoever asked.
    if (!isAskedFor(this.#question, resource)) return this.#delete(key);
    this.#known.set(key, resource);
    if (before === undefined) return [{ resource, event: 'ADDED' }];
    const isSame = before.metadata.resourceVersion === resource.metadata.resourceVersion;
    return isSame ? [] : [{ resource, event: 'MODIFIED' }];
  }

  #delete(key: string): WatchedObject[] {
    const resource = this.#known.get(key);
    this.#known.delete(key);
    return resource === undefined ? [] : [{ resource, event: 'DELETED' }];
  }
}
