/** Calls weftd as the CNI client on a host does: one POST on the control socket. */
import { request } from 'node:http';
import { encodeCall } from '@weft/cni';

/** What the plugin prints, and the code it ends with. */
export interface CniOutcome {
  readonly exitCode: number;
  /** The JSON on standard output; undefined when it is empty. */
  // biome-ignore lint/suspicious/noExplicitAny: results have a shape per version, and tests look into all of them
  readonly output: any;
}

/** What a test varies; the rest is as containerd has it. */
export interface CniCall {
  readonly command: string;
  readonly containerId?: string;
  readonly netns?: string;
  readonly interfaceName?: string;
  readonly args?: string;
  readonly path?: string;
  /** Merged into a configuration of version 1.0.0 for the network `net`; a text is sent as it is. */
  readonly configuration?: object | string;
}

/** The environment and standard input of a call. */
export function cniBytes({ command, configuration = {}, ...call }: CniCall): Uint8Array {
  const environment = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: call.containerId ?? '',
    CNI_NETNS: call.netns ?? '',
    CNI_IFNAME: call.interfaceName ?? 'eth0',
    CNI_ARGS: call.args ?? '',
    CNI_PATH: call.path ?? '/opt/cni/bin',
  };
  const stdin =
    typeof configuration === 'string'
      ? configuration
      : JSON.stringify({ cniVersion: '1.0.0', name: 'net', type: 'weft', ...configuration });
  return encodeCall({ environment, stdin });
}

/** Posts a call to a daemon. */
export function cniCall(socketPath: string, call: CniCall): Promise<CniOutcome> {
  const body = cniBytes(call);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method: 'POST',
        path: '/v1/cni',
        headers: { 'content-length': body.length, connection: 'close' },
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        const exitCode = { 200: 0, 500: 1 }[response.statusCode ?? 0] ?? -1;
        resolve({ exitCode, output: text === '' ? undefined : JSON.parse(text) });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
