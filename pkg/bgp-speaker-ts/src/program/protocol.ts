/**
 * What the daemon and its commands agree on: paths of the control socket and the shapes that go over it.
 */

/** The control socket when the file names none. */
export const DEFAULT_SOCKET_PATH = '/run/bgp-speaker.sock';
