/**
 * A speaker whose main thread can be told to do nothing else for a while. Told over IPC what to do, it answers with its peers.
 */
import { BgpServer, type PeerStatus, type SpeakerConfig } from 'bgp-speaker-ts';

/** Parent to child. */
export type BusyRequest =
  | { readonly kind: 'start'; readonly config: SpeakerConfig }
  | { readonly kind: 'peers' }
  /** Count for so long, and hear nobody. */
  | { readonly kind: 'block'; readonly milliseconds: number }
  /** End the process without a word to the server. */
  | { readonly kind: 'exit' };

/** Child to parent, one for each request. */
export type BusyAnswer = readonly PeerStatus[];

let server: BgpServer | undefined;

function perform(request: BusyRequest): void {
  if (request.kind === 'start') {
    const started = BgpServer.start({ config: request.config, restarting: false });
    if (started.kind !== 'started') throw new Error(started.message);
    server = started.server;
    server.setLocalRoutes([]);
  } else if (request.kind === 'block') {
    const end = performance.now() + request.milliseconds;
    while (performance.now() < end);
  } else if (request.kind === 'exit') {
    process.exit();
  }
}

process.on('message', (request: BusyRequest) => {
  perform(request);
  process.send?.((server?.peers() ?? []) satisfies BusyAnswer);
});
process.on('disconnect', () => process.exit());
