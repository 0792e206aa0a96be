/** `weftctl validate`: all checks that need no datastore. */
import type { Report } from '../../failure.ts';
import { type InputOptions, readDocuments } from '../input/documents.ts';
import { crossCheck } from './cross-checks.ts';
import { forEach } from './outcomes.ts';

/** Reads and checks what a file lists, also against each other. Throws CliError with every mistake. */
export async function validate(options: InputOptions): Promise<Report> {
  const documents = await readDocuments(options);
  if (documents.length === 0) return { text: 'No resources specified', failures: [] };
  await crossCheck(undefined, documents);
  return forEach('validate', documents, async () => ({ done: 'unchanged' }));
}
