/**
 * The life of a node's daemon: in which order its rooms begin and end.
 */
import { type ControlServer, startControlServer } from '@weft/control';
import { type OnUnreadable, openDatastore } from '@weft/datastore';
import { type Kernel, MAIN_TABLE, openKernel, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import type { Logger } from '@weft/telemetry';
import { listeningOptions } from './control/listening.ts';
import { isElsewhere } from './joining.ts';
import type { Options } from './options.ts';
import { Rooms } from './rooms.ts';
import { unlockSysctls } from './startup/unlock-sysctls.ts';
import { StartupError } from './startup-error.ts';
import { LateStore } from './store/late-store.ts';
import { Unreadable } from './store/unreadable.ts';

/**
 * Makes the daemon of a node; nothing runs before `start`. A datastore of this machine has to be there; one elsewhere may
 * come up later. Throws KernelError and DatastoreError.
 */
export async function createDaemon(options: Options, log: Logger): Promise<Daemon> {
  // First: whoever may not use the kernel is told so before there is a file.
  const kernel = await openKernel();
  unlockSysctls(log);
  const unreadable = new Unreadable({ get: (key) => store.get(key) }, log);
  const onUnreadable: OnUnreadable = (key, reason) => unreadable.found(key, reason);
  const store = new LateStore(() => openDatastore(options.datastore, { create: true, onUnreadable }));
  if (!isElsewhere(options)) await store.open();
  return new Daemon(options, log, store, kernel, unreadable);
}

/** A running daemon. */
export class Daemon {
  readonly #rooms: Rooms;
  #control: ControlServer | undefined;

  constructor(options: Options, log: Logger, store: LateStore, kernel: Kernel, unreadable: Unreadable) {
    this.#rooms = new Rooms(options, log, store, kernel, unreadable, () => this.#openControl());
  }

  /**
   * Adopts what is there, joins BGP and opens the control socket, in this order. While a datastore elsewhere is away it
   * waits, the control socket open, so that whoever asks is told.
   */
  async start(): Promise<void> {
    const rooms = this.#rooms;
    const { announcing, cni, forwarding, speaking } = rooms;
    rooms.links.adopt(rooms.kernel.routes({ table: MAIN_TABLE, protocol: WEFT_ROUTE_PROTOCOL }));
    forwarding.dataplane.start();
    await rooms.joining.run();
    rooms.record.start();
    rooms.deciding.start();
    if (rooms.restarting) announcing.adopt();
    rooms.followRequests();
    if (speaking.error !== undefined) {
      // A daemon that cannot speak writes no routes.
      forwarding.close();
      const { message, object, hint } = speaking.error;
      throw new StartupError(message, object, hint);
    }
    rooms.metrics.watch({
      state: rooms.state,
      dataplane: forwarding.dataplane,
      fuses: forwarding.fuses,
      nat: forwarding.nat,
      tunnels: forwarding.tunnels,
      attachments: rooms.attachments,
      bgp: () => speaking.bgp,
      sessions: () => speaking.sessions,
      ready: () => rooms.readiness().ok,
    });
    await cni.sweep();
    await this.#openControl();
    await cni.listens();
    rooms.startup.watch();
    rooms.leftovers.start();
    rooms.log.info('daemon-started', `weftd runs as ${rooms.options.nodeName}`, {
      restarting: rooms.restarting,
    });
  }

  /**
   * Resolves with a word for the peers when the drained node is to end. Rejects when the datastore fails for good, or another
   * daemon has our name; what passes by itself is waited out.
   */
  get finished(): Promise<string> {
    const { stopped } = this.#rooms.draining;
    // A mirror that ends without an error was closed by us.
    const failed = this.#rooms.state.mirror.finished.then(() => stopped);
    return Promise.race([failed, this.#rooms.joining.nameLost, stopped]);
  }

  /**
   * Closes sessions so that peers keep our routes, or says farewell so that they do not; leaves the kernel's routes alone, lets
   * go of the datastore.
   */
  async stop(farewell?: string): Promise<void> {
    const rooms = this.#rooms;
    rooms.deciding.close();
    rooms.links.close();
    rooms.labels.close();
    rooms.startup.close();
    rooms.leftovers.close();
    rooms.tunnelAddresses.close();
    rooms.reporter.close();
    rooms.cni.close();
    await this.#control?.close();
    await rooms.monitoring.close();
    // What follows is the end of this process, not of its routes: it is not recorded, and does not wait for the disk.
    const recorded = rooms.record.close();
    await rooms.speaking.stop(farewell);
    await recorded;
    rooms.facts.close();
    rooms.forwarding.close();
    rooms.journal.close();
    await rooms.state.close();
    rooms.unreadable.close();
    await rooms.store.close();
    rooms.kernel.close();
  }

  async #openControl(): Promise<void> {
    if (this.#control !== undefined) return;
    const listening = listeningOptions(this.#rooms.options, this.#rooms.log);
    this.#control = await startControlServer({ ...this.#rooms.answering, ...listening });
  }
}
