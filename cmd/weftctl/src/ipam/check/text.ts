/** The survey for people: calicoctl's sections and sentences, in its order. Pure. */
import { printable } from '../../print/table.ts';
import type { Problem, ProblemKind, Survey } from './survey.ts';

/** What to list beside the counts. */
export interface Detail {
  /** Every address that is looked at. */
  readonly all: boolean;
  /** Every address that is a problem. */
  readonly problems: boolean;
}

const MOST_NODES = 20;

/** All sections, as lines. */
export function describeSurvey(survey: Survey, detail: Detail): string {
  const sections = [
    ['Checking IPAM for inconsistencies...'],
    blockSection(survey, detail),
    poolSection(survey),
    userSection(survey, detail),
    nodeSection(survey),
    unusedSection(survey, detail),
    unallocatedSection(survey, detail),
    handleSection(survey, detail),
    affinitySection(survey, detail),
    validationSection(survey),
  ];
  const verdict = `Check complete; found ${survey.problems.length} problems.`;
  return [...sections.map((lines) => lines.map(printable).join('\n')), verdict].join('\n\n');
}

function blockSection({ blocks, allocations }: Survey, { all }: Detail): string[] {
  return [
    'Loading all IPAM blocks...',
    `Found ${blocks.length} IPAM blocks.`,
    ...blocks.map(({ cidr, affinity }) => ` IPAM block ${cidr} affinity=${affinity ?? '<none>'}`),
    ...(all
      ? allocations.map(({ record, attributes }) => `  ${record.ip} allocated; attrs ${attributes}`)
      : []),
    `IPAM blocks record ${allocations.length} allocations.`,
  ];
}

function poolSection({ pools }: Survey): string[] {
  return [
    'Loading all IPAM pools...',
    ...pools.map((cidr) => `  ${cidr}`),
    `Found ${pools.length} active IP pools.`,
  ];
}

function userSection({ nodeOwners, workloadOwners, used, loadBalancers }: Survey, { all }: Detail): string[] {
  const list = (owners: Survey['nodeOwners']) =>
    all ? owners.map(({ address, name }) => `  ${address} belongs to ${name}`) : [];
  return [
    'Loading all nodes.',
    ...list(nodeOwners),
    `Found ${nodeOwners.length} node tunnel IPs.`,
    'Loading all service load balancer IPs.',
    loadBalancers === 0
      ? 'No block belongs to a load balancer, skipping service check.'
      : `${loadBalancers} IPs are held for load balancers; this datastore has no Services, so they count as in use.`,
    'Loading all workload endpoints.',
    ...list(workloadOwners),
    `Found ${workloadOwners.length} workload IPs.`,
    `Workloads and nodes are using ${used.length} IPs.`,
  ];
}

function nodeSection({ nodes }: Survey): string[] {
  const heading = `Looking for top (up to ${MOST_NODES}) nodes by allocations...`;
  const [most] = nodes;
  if (!most) return [heading, 'No node has allocations.'];
  const median = nodes[Math.floor(nodes.length / 2)]?.[1];
  return [
    heading,
    ...nodes.slice(0, MOST_NODES).map(([node, count]) => `  ${node || '(no node)'} has ${count} allocations`),
    `Node with most allocations has ${most[1]}; median is ${median}`,
  ];
}

function unusedSection(survey: Survey, detail: Detail): string[] {
  const { young } = survey;
  return [
    ...listed(survey, detail, 'Scanning for IPs that are allocated but not actually in use...', [
      'leaked',
      'unused',
    ]),
    `Found ${count(survey, 'leaked', 'unused')} IPs that are allocated in IPAM but not actually in use.`,
    ...(young.length === 0
      ? []
      : [
          `Another ${young.length} were allocated in the last minutes; their workloads may be just starting, so they are not counted.`,
        ]),
  ];
}

function unallocatedSection(survey: Survey, detail: Detail): string[] {
  return [
    ...listed(
      survey,
      detail,
      'Scanning for IPs that are in use by a workload or node but not allocated in IPAM...',
      ['shared', 'outside-pools', 'not-allocated'],
    ),
    `Found ${count(survey, 'outside-pools')} in-use IPs that are not in active IP pools.`,
    `Found ${count(survey, 'not-allocated')} in-use IPs that are in active IP pools but have no corresponding IPAM allocation.`,
    `Found ${count(survey, 'shared')} IPs that several workloads or nodes use at once.`,
  ];
}

function handleSection(survey: Survey, detail: Detail): string[] {
  return [
    ...listed(survey, detail, 'Scanning for IPAM handles with no matching IPs...', [
      'handle-count',
      'handle-empty',
    ]),
    `Found ${survey.handlesWithoutAddress.length} handles with no matching IPs (and ${survey.handlesWithAddress} handles with matches).`,
    'Scanning for IPs with missing handle...',
    `Found ${survey.missingHandles.length} handles mentioned in blocks with no matching handle resource.`,
    `Found ${count(survey, 'handle-count', 'handle-empty')} handles that do not count what the blocks hold for them.`,
  ];
}

function affinitySection(survey: Survey, detail: Detail): string[] {
  const kinds = [
    'affinity-unsettled',
    'affinity-stale',
    'block-without-affinity',
    'block-abandoned',
  ] as const;
  return [
    ...listed(survey, detail, 'Comparing blocks with affinities...', kinds),
    `Found ${count(survey, ...kinds)} blocks and affinities that do not agree.`,
  ];
}

function validationSection(survey: Survey): string[] {
  const shown = { all: false, problems: true };
  return [
    ...(survey.unreadable === 0
      ? []
      : [
          ...listed(survey, shown, 'Reading what is stored...', ['unreadable']),
          `Found ${survey.unreadable} objects that cannot be read.`,
        ]),
    ...listed(survey, shown, 'Validating IPAMBlock structures...', ['block-invalid']),
    `Found ${count(survey, 'block-invalid')} invalid IPAMBlocks.`,
  ];
}

/** The heading, and below it the problems of these kinds if they are to be shown. */
function listed(
  { problems }: Survey,
  detail: Detail,
  heading: string,
  kinds: readonly ProblemKind[],
): string[] {
  if (!detail.problems) return [heading];
  const lines = problems
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ message }: Problem) => `  ${message}`);
  return [heading, ...lines];
}

function count({ problems }: Survey, ...kinds: readonly ProblemKind[]): number {
  return problems.filter(({ kind }) => kinds.includes(kind)).length;
}
