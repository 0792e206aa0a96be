/** `weftctl ipam check`: compares IPAM with itself and with who is there, reports, and repairs if asked. */
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Datastore } from '@weft/datastore';
import type { Ipam } from '@weft/ipam';
import { stringifyJson } from '@weft/resources';
import description from '../../../package.json' with { type: 'json' };
import { CliError, type Failure, type Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { printable } from '../../print/table.ts';
import { withStore } from '../../where.ts';
import { withJournal } from '../journal.ts';
import { applyFix } from './fix.ts';
import { describePlan, planFix } from './fix-plan.ts';
import { reportOf } from './report.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import { confirmedBy, problemIds, type Survey, surveyOf } from './survey.ts';
import { describeSurvey } from './text.ts';

/** Options of the command. */
export interface CheckOptions extends WhereOptions {
  readonly showAllIps?: boolean;
  readonly showProblemIps?: boolean;
  /** File for the report. */
  readonly output?: string;
  readonly fix?: boolean;
  readonly yes?: boolean;
}

/** Checks, prints, and fails when there are problems left. */
export function check(options: CheckOptions): Promise<Report> {
  return withStore(options, false, async (store) => {
    const { survey, snapshot } = await look(store);
    if (options.output !== undefined) writeReport(options.output, survey, snapshot);
    const all = options.showAllIps ?? false;
    const text = describeSurvey(survey, { all, problems: all || (options.showProblemIps ?? false) });
    if (!options.fix) return { text, failures: failuresOf(survey) };
    console.log(text);
    const work = { verb: 'ipam check --fix', releaseReason: 'nobody uses it' };
    return withJournal(options, store, work, (ipam) => fix(store, ipam, survey, options.yes ?? false));
  });
}

interface Look {
  readonly survey: Survey;
  readonly snapshot: Snapshot;
}

/** One look; when it finds something a second one, since an operation under way looks like a broken one. */
async function look(store: Datastore): Promise<Look> {
  const first = await lookOnce(store);
  return first.survey.problems.length === 0 ? first : lookAgain(store, problemIds(first.survey));
}

/** Of the first look only the names of its problems are kept: a large cluster fits into memory once. */
async function lookAgain(store: Datastore, earlier: ReadonlySet<string>): Promise<Look> {
  const { survey, snapshot } = await lookOnce(store);
  return { survey: confirmedBy(earlier, survey), snapshot };
}

async function lookOnce(store: Datastore): Promise<Look> {
  const snapshot = await readSnapshot(store);
  return { survey: surveyOf(snapshot), snapshot };
}

function failuresOf({ problems }: Survey): Failure[] {
  if (problems.length === 0) return [];
  const hint =
    'List them: weftctl ipam check --show-problem-ips. See what a repair would do: weftctl ipam check --fix.';
  return [{ what: `IPAM has ${problems.length} problem(s)`, object: '', hint }];
}

async function fix(store: Datastore, ipam: Ipam, survey: Survey, yes: boolean): Promise<Report> {
  if (survey.problems.length === 0) return { text: 'Nothing to repair.', failures: [] };
  const steps = planFix(survey);
  console.log(`\nPlan:\n${describePlan(steps).split('\n').map(printable).join('\n')}`);
  const repairs = steps.filter(({ action }) => action !== undefined).length;
  if (repairs === 0) return { text: '', failures: remaining(survey.problems.length) };
  if (!yes && !(await isAgreed(repairs))) return { text: '', failures: notAgreed(repairs) };
  const lines = await applyFix(store, ipam, steps);
  const { survey: after } = await look(store);
  return {
    text: ['', ...lines.map(printable), `${after.problems.length} problem(s) left.`].join('\n'),
    failures: remaining(after.problems.length),
  };
}

function remaining(count: number): Failure[] {
  if (count === 0) return [];
  const hint = 'The plan says for each what to do by hand; weftctl ipam check --show-problem-ips lists them.';
  return [{ what: `IPAM has ${count} problem(s) that were not repaired`, object: '', hint }];
}

/** Only somebody at a terminal can be asked. */
async function isAgreed(repairs: number): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`\nCarry out these ${repairs} repair(s)? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function notAgreed(repairs: number): Failure[] {
  const what = `Nothing was changed: ${repairs} repair(s) of the plan wait for your word`;
  return [{ what, object: '', hint: 'Carry them out: weftctl ipam check --fix --yes.' }];
}

function writeReport(path: string, survey: Survey, { information }: Snapshot): void {
  const report = reportOf(survey, information, description.version);
  try {
    writeFileSync(path, `${stringifyJson(report, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CliError([{ what: 'The report cannot be written', object: path, hint: reason }]);
  }
}
