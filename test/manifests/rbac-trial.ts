/**
 * One component of weft on an API server that gives it some rights: its program, in a network namespace of its own, as it runs in
 * its Pod.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datastore, openDatastore } from '@weft/datastore';
import { WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { execa } from 'execa';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import { ADMINISTRATOR, Rbac, type Right, titleOf } from '../harness/fault-api-server/rbac.ts';
import { LoopbackBridge } from '../harness/loopback-bridge.ts';
import { ProgramInNamespace } from '../harness/program-in-namespace.ts';

const GROUP = 'crd.projectcalico.org/v1';

/** A component, and all that it does with the API. */
export interface Component {
  /** `namespace/name` of its service account. */
  readonly account: string;
  /** Path of its bundle. */
  readonly program: string;
  readonly environment: (directory: string) => Readonly<Record<string, string>>;
  /** Rights with one answer are withheld in one trial; of these trials four may run at once. */
  readonly withheldTogether: (right: Right) => string;
  /** What is there before it starts. */
  readonly prepare: (trial: Trial) => Promise<void>;
  /** What is done with it, again and again where a right may be missing. */
  readonly scenario: (trial: Trial) => Promise<void>;
}

/** What a trial works with. */
export interface Trial {
  readonly server: FaultApiServer;
  /** The datastore as an administrator sees it. */
  readonly store: Datastore;
  readonly directory: string;
  /** A namespace where Pods find theirs: `PREFIX-pod` is one, too. */
  readonly namespace: string;
  readonly run: Run;
}

/** What became of a trial. */
export interface Outcome {
  readonly used: ReadonlySet<Right>;
  readonly refused: readonly string[];
  /** The withheld rights that it said it lacks. */
  readonly missed: ReadonlySet<Right>;
  /** All that the component wrote and answered. */
  readonly said: string;
  /** Why the scenario did not end well. */
  readonly failure?: unknown;
}

/** Makes a namespace with an address, and one for a Pod beside it. */
export async function makeNamespaces(namespace: string): Promise<void> {
  const ip = (...args: string[]) => execa('ip', args);
  await ip('netns', 'add', namespace);
  await ip('netns', 'add', `${namespace}-pod`);
  const inside = (...args: string[]) => ip('-n', namespace, ...args);
  await inside('link', 'set', 'lo', 'up');
  await inside('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'far0');
  await inside('link', 'set', 'far0', 'up');
  await inside('link', 'set', 'eth0', 'up');
  await inside('address', 'add', '10.0.0.1/24', 'dev', 'eth0');
}

export async function removeNamespaces(namespace: string): Promise<void> {
  for (const name of [namespace, `${namespace}-pod`])
    await execa('ip', ['netns', 'delete', name], { reject: false });
}

/**
 * Runs a component through its scenario.
 *
 * @param rights those it has from the beginning
 * @param withheld those it is given one by one, each as soon as it has said that it lacks it
 */
export async function tryRights(
  component: Component,
  namespace: string,
  rights: readonly Right[],
  withheld: readonly Right[] = [],
): Promise<Outcome> {
  const rbac = new Rbac(rights, new Map([['token', component.account]]));
  const server = await startFaultServer({ groups: [GROUP], rbac });
  const store = await openDatastore({ type: 'kubernetes', server: server.url, token: ADMINISTRATOR });
  const directory = mkdtempSync(join(tmpdir(), 'weft-rbac-'));
  const bridge = await LoopbackBridge.open(namespace, Number(new URL(server.url).port));
  const run = new Run(component, namespace, directory);
  const missed = new Set<Right>();
  const give = (): void => {
    for (const right of withheld.filter((one) => !missed.has(one) && run.said.includes(complaint(one)))) {
      missed.add(right);
      rbac.grant(right);
    }
  };
  const giving = setInterval(give, 10);
  let failure: unknown;
  try {
    const trial = { server, store, directory, namespace, run };
    await component.prepare(trial);
    writeFileSync(join(directory, 'kubeconfig'), kubeconfig(server.url));
    await run.restart();
    await component.scenario(trial);
  } catch (error) {
    failure = error;
  } finally {
    clearInterval(giving);
    give();
    await run.kill();
    // The next trial has a cluster of its own, and a node does not change clusters with routes in its kernel.
    for (const family of ['-4', '-6'])
      await execa('ip', ['-n', namespace, family, 'route', 'flush', 'proto', String(WEFT_ROUTE_PROTOCOL)]);
    await store.close();
    await bridge.close();
    await server.kill();
    rmSync(directory, { recursive: true });
  }
  const { used, refused } = rbac;
  return { used, refused, missed, said: run.said, ...(failure !== undefined && { failure }) };
}

/** The component over its starts, and all that it says. */
export class Run {
  readonly #component: Component;
  readonly #namespace: string;
  readonly #directory: string;
  readonly #answers: string[] = [];
  readonly #programs: ProgramInNamespace[] = [];

  constructor(component: Component, namespace: string, directory: string) {
    this.#component = component;
    this.#namespace = namespace;
    this.#directory = directory;
  }

  /** All it has written and answered. */
  get said(): string {
    return [...this.#programs.map(({ output }) => output), ...this.#answers].join('\n');
  }

  /** Takes down what it answered. */
  heard(answer: unknown): void {
    this.#answers.push(JSON.stringify(answer));
  }

  /** Kills it, if it runs, and starts it. */
  async restart(): Promise<void> {
    await this.kill();
    const environment = this.#component.environment(this.#directory);
    this.#programs.push(
      new ProgramInNamespace(this.#namespace, this.#component.program, {
        WEFT_DATASTORE: `kubernetes:${this.#directory}/kubeconfig`,
        ...environment,
      }),
    );
  }

  async kill(): Promise<void> {
    await this.#programs.at(-1)?.kill();
  }
}

/** What whoever lacks a right says; RBAC's tools understand verb and resource. */
export function complaint(right: Right): string {
  const { name: _, ...nameless } = right;
  return `RBAC does not allow to ${titleOf(nameless)} (403)`;
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
