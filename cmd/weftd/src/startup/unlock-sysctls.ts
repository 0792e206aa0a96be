/** Sysctls in a container: its runtime mounts /proc/sys read-only, and weftd's work is to write some below /proc/sys/net. */
import { unlockNetworkSysctls } from '@weft/kernel';
import type { Logger } from '@weft/telemetry';

/** Makes them writable and says so; where that is refused weftd goes on, and each write that fails is told by itself. */
export function unlockSysctls(log: Logger): void {
  const unlocked = unlockNetworkSysctls();
  if (unlocked.kind === 'unlocked')
    log.info('sysctls-unlocked', '/proc/sys/net was read-only in this container; mounted it writable');
  if (unlocked.kind === 'refused')
    log.error(
      'sysctls-locked',
      `/proc/sys/net is read-only and cannot be made writable (${unlocked.errno})`,
      {
        hint: 'give the container CAP_SYS_ADMIN and let AppArmor and SELinux allow it to mount, or run it privileged',
      },
    );
}
