/** The verbs as functions, on a store of a test's own, with what they would print. */
import { failuresOf, printFailure, type Report } from '../src/failure.ts';
import { get } from '../src/resource/get/get.ts';
import { write } from '../src/resource/write/write.ts';
import { Workbench } from './run.ts';

/** What a command would print, whether it returned or threw. */
export interface Printed {
  readonly text: string;
  readonly problems: string;
  readonly notes: string;
}

/** Waits for a command and collects what it would print. */
export async function printed(command: Promise<Report>): Promise<Printed> {
  const {
    text,
    failures,
    notes = [],
  }: Report = await command.catch((error) => ({
    text: '',
    failures: failuresOf(error),
  }));
  const lines = typeof text === 'string' ? [text] : await Array.fromAsync(text);
  return { text: lines.join('\n'), problems: failures.map(printFailure).join('\n'), notes: notes.join('\n') };
}

/** A directory with an embedded store. */
export class VerbBench extends Workbench {
  readonly datastore: string = this.path('store.db');

  apply(...documents: readonly string[]): Promise<Printed> {
    const filename = [this.file('applied.yaml', documents.join('---\n'))];
    return printed(write('apply', { filename, datastore: this.datastore, force: true }));
  }

  async getJson(kind: string, name: string, namespace?: string): Promise<Record<string, unknown>> {
    const where = { datastore: this.datastore, ...(namespace !== undefined && { namespace }) };
    return JSON.parse((await printed(get(kind, [name], { ...where, output: 'json' }))).text);
  }
}
