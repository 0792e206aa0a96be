/**
 * `lab exec`: a command of the user on a host or in a pod.
 */
import { LabError } from './issues.ts';
import { namespaceOf } from './names.ts';
import { type CommandResult, runInNamespace, runOnTerminal } from './processes.ts';
import { requireState } from './state.ts';

export type { CommandResult } from './processes.ts';

/** Runs a command on a host or in a pod and answers what it printed. */
export function runIn(lab: string, member: string, command: readonly string[]): Promise<CommandResult> {
  return runInNamespace(memberNamespace(lab, member), command);
}

/** Runs a command on a host or in a pod on the user's terminal; answers its exit code. */
export function runInOnTerminal(lab: string, member: string, command: readonly string[]): Promise<number> {
  return runOnTerminal(memberNamespace(lab, member), command);
}

function memberNamespace(lab: string, member: string): string {
  const { topology, pods } = requireState(lab);
  const members = [...topology.hosts, ...pods].map(({ name }) => name);
  if (members.includes(member)) return namespaceOf(lab, member);
  throw new LabError(
    `there is no such host or pod in lab ${lab}`,
    member,
    `there are: ${members.join(', ')}`,
  );
}
