/**
 * Which network namespace is meant, and the id under which it is plugged in: the same each time, also when it is gone.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError, usageError } from '../failure.ts';

/** How a user names it: one of the three. */
export interface ContainerOptions {
  readonly netns?: string;
  readonly pid?: string;
  readonly container?: string;
  readonly interface: string;
}

/** A network namespace and how it is called. */
export interface Container {
  /** Letters, digits and `. _ : -`, at most 200. */
  readonly name: string;
  /** Absent when it is not running. */
  readonly netns?: string;
}

/** The namespace that is meant. Exit code 2 when none or several are. */
export async function findContainer(options: ContainerOptions): Promise<Container> {
  const { container, netns, pid } = options;
  const given = [netns, pid, container].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw usageError(
      `${given.length === 0 ? 'No' : 'More than one'} network namespace is named`,
      given.join(', '),
      'Give one of --netns PATH, --pid PID and --container NAME.',
    );
  if (container !== undefined) return ofDocker(container);
  if (pid !== undefined) return ofProcess(pid);
  return ofPath(netns ?? '');
}

function ofPath(netns: string): Container {
  if (!netns.startsWith('/'))
    throw usageError('A path begins with a slash', `--netns ${netns}`, 'Write it whole.');
  return { name: `netns${netns.replace(/[^A-Za-z0-9._-]+/g, '.')}`, netns };
}

function ofProcess(pid: string): Container {
  if (!/^[1-9]\d*$/.test(pid)) throw usageError('A process has a number', `--pid ${pid}`, 'See `ps`.');
  return { name: `pid.${pid}`, netns: `/proc/${pid}/ns/net` };
}

/** By the docker command, which knows where its daemon is. */
async function ofDocker(container: string): Promise<Container> {
  const [id = '', pid = '0', mode = ''] = (await inspect(container)).trim().split(' ');
  if (mode === 'host')
    throw new CliError([
      {
        what: 'The container has no network of its own, but that of its host (--net=host)',
        object: container,
        hint: 'Start it with --net=none.',
      },
    ]);
  const name = `docker.${id}`;
  return pid === '0' ? { name } : { name, netns: `/proc/${pid}/ns/net` };
}

async function inspect(container: string): Promise<string> {
  const format = '{{.Id}} {{.State.Pid}} {{.HostConfig.NetworkMode}}';
  const args = ['container', 'inspect', `--format=${format}`, '--', container];
  try {
    return (await promisify(execFile)('docker', args)).stdout;
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    throw new CliError([
      code === 'ENOENT'
        ? { what: 'There is no docker command here', object: '--container', hint: 'Use --pid or --netns.' }
        : {
            what: `docker does not show the container: ${stderr.trim()}`,
            object: container,
            hint: 'See `docker ps --all`; for containers of other runtimes use --pid.',
          },
    ]);
  }
}
