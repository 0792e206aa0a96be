/** The settings of IPAM under the names calicoctl shows them by. Pure. */
import { configOf } from '@weft/ipam';
import type { IPAMConfiguration } from '@weft/resources';

/** One setting in force. */
export interface Setting {
  readonly name: string;
  readonly value: boolean | number | string;
  /** Nobody has chosen it. */
  readonly isDefault: boolean;
}

/** All settings, in calicoctl's order. */
export function settingsOf(resource: IPAMConfiguration | undefined): Setting[] {
  const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost, cooldownSeconds } = configOf(resource);
  const spec = resource?.spec;
  return [
    { name: 'StrictAffinity', value: strictAffinity, isDefault: spec === undefined },
    { name: 'AutoAllocateBlocks', value: autoAllocateBlocks, isDefault: spec === undefined },
    { name: 'MaxBlocksPerHost', value: maxBlocksPerHost, isDefault: !spec?.maxBlocksPerHost },
    {
      name: 'KubeVirtVMAddressPersistence',
      value: spec?.kubeVirtVMAddressPersistence ?? 'Enabled',
      isDefault: spec?.kubeVirtVMAddressPersistence === undefined,
    },
    {
      name: 'IPCooldownSeconds',
      value: cooldownSeconds,
      isDefault: spec?.ipCooldownSeconds === undefined,
    },
  ];
}
