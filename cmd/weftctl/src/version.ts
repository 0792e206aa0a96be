/** `weftctl version`: this program's version, and that of the daemons it can reach. */
import description from '../package.json' with { type: 'json' };
import { type Failure, printFailure, type Report } from './failure.ts';
import { askNodes } from './node/ask.ts';
import type { WhereOptions } from './options.ts';

/** A daemon that is away is worth a remark, not an error: the own version is known. */
export async function version(where: WhereOptions): Promise<Report> {
  const { answers, failures } = await askNodes(
    where,
    undefined,
    async (client) => (await client.status()).version,
  );
  const lines = [
    `Client Version:   ${description.version}`,
    ...answers.map(({ node, value }) => `Daemon Version:   ${value} (${node})`),
  ];
  return {
    text: lines.join('\n'),
    failures: [],
    notes: failures.map((failure: Failure) => printFailure(failure)),
  };
}
