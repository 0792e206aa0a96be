/** The CNI plugin's door: `POST /v1/cni`. Its body is `@weft/cni`'s matter, here it is bytes. */

/** The largest call: environment and network configuration with the results of a long chain. In bytes. */
export const MAX_CNI_CALL_BYTES: number = 1024 * 1024;

/** What the plugin prints to its standard output, and the code it ends with. */
export interface CniAnswer {
  /** 0 is answered with 200, 1 with 500. */
  readonly exitCode: 0 | 1;
  /** JSON, or nothing. */
  readonly stdout: string;
}
