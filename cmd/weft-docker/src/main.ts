/**
 * weft-docker: the driver `weft` of `docker network create -d weft --ipam-driver weft`. It keeps nothing: what dockerd
 * remembers and what weftd holds is enough, so it can be killed and started at any time.
 */
import { randomUUID } from 'node:crypto';
import { ControlClient, ControlError, claimSocketPath } from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { callsOf } from './calls.ts';
import { Forwarding } from './forwarding.ts';
import { IpamDriver } from './ipam-driver.ts';
import { NetworkDriver } from './network-driver.ts';
import { readOptions } from './options.ts';
import { createPluginServer, listen, systemdSocket } from './server.ts';

const options = readOptions(process.argv);
const log = createLogger({ name: 'weft-docker', level: options.logLevel });

try {
  const weftd = new ControlClient(options.controlSocket);
  const forwarding = new Forwarding({
    log,
    interfacePrefixes: async () => (await weftd.status()).workloadInterfacePrefixes ?? [],
  });
  const network = new NetworkDriver({ weftd, allowForwarding: () => forwarding.ensure() });
  const ipam = new IpamDriver({ weftd, newHoldId: () => `docker-${randomUUID()}` });
  const server = createPluginServer(callsOf(network, ipam), log);
  const fd = systemdSocket(process.env, process.pid);
  if (fd === undefined) await claimSocketPath(options.socket);
  await listen(server, fd === undefined ? { path: options.socket } : { fd });
  log.info('docker-driver-started', 'dockerd can use the driver weft.', {
    socket: fd === undefined ? options.socket : 'from systemd',
  });
  forwarding.start();
  const stop = (): void => {
    forwarding.close();
    server.close(() => process.exit());
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  if (!(error instanceof ControlError)) throw error;
  log.error('docker-driver-start-failed', error.what, { object: error.object, hint: error.hint });
  console.error(`weft-docker: ${error.what}\n  object: ${error.object}\n  do: ${error.hint}`);
  process.exitCode = 1;
}
