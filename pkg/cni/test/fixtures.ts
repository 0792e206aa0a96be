/**
 * Calls as real runtimes make them. containerd 1.6.20 (CRI, as kubelet drives it, and `ctr run --cni`) and Podman 4.3.1 of
 * Debian 12, captured with a plugin that writes its environment and standard input to a file; shortened where it says "…" nowhere.
 */
import type { Call } from '../src/index.ts';

const sandbox = 'dd5a4ca4'.repeat(8);

const criEnvironment = {
  CNI_CONTAINERID: sandbox,
  CNI_IFNAME: 'eth0',
  CNI_NETNS: '/var/run/netns/cni-0d0845f7-2c19-0b2f-9c3a-0d0845f72c19',
  CNI_PATH: '/opt/cni/bin',
  CNI_ARGS: `K8S_POD_NAME=p1;K8S_POD_INFRA_CONTAINER_ID=${sandbox};K8S_POD_UID=u1;IgnoreUnknown=1;K8S_POD_NAMESPACE=default`,
};

/** kubelet by containerd's CRI: ADD of a Pod, Calico's entry with another type, every capability listed. */
export const containerdAdd: Call = {
  environment: { CNI_COMMAND: 'ADD', ...criEnvironment },
  stdin: JSON.stringify({
    cniVersion: '0.3.1',
    datastore_type: 'kubernetes',
    ipam: { type: 'calico-ipam' },
    kubernetes: { kubeconfig: '/etc/cni/net.d/calico-kubeconfig' },
    log_file_path: '/var/log/calico/cni/cni.log',
    log_level: 'info',
    mtu: 0,
    name: 'k8s-pod-network',
    nodename: 'n1',
    policy: { type: 'k8s' },
    runtimeConfig: {
      bandwidth: { IngressRate: 10000000, IngressBurst: 4294967295, EgressRate: 0, EgressBurst: 0 },
      dns: { Servers: ['10.96.0.10'], Searches: null, Options: null },
      'io.kubernetes.cri.pod-annotations': { 'kubernetes.io/ingress-bandwidth': '10M' },
      portMappings: [{ HostPort: 8081, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }],
    },
    type: 'weft',
  }),
};

/** containerd's CRI once more, when the sandbox is removed: there is no namespace any more. */
export const containerdLateDel: Call = {
  ...containerdAdd,
  environment: { ...criEnvironment, CNI_COMMAND: 'DEL', CNI_NETNS: '' },
};

/** `ctr run --cni`: the id is made of namespace and name, and there are no arguments. */
export const ctrAdd: Call = {
  environment: {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'k8s.io-t9',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/proc/4711/ns/net',
    CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
    CNI_ARGS: '',
  },
  stdin: '{"cniVersion":"0.3.1","name":"t","type":"weft"}',
};

const podmanEnvironment = {
  CNI_CONTAINERID: '0a629602'.repeat(8),
  CNI_IFNAME: 'eth0',
  CNI_NETNS: '/run/netns/netns-6a0b0d44-61c5-7d7b-0d5b-6a0b0d4461c5',
  CNI_PATH: '/usr/libexec/cni',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=web;MAC=44:33:22:11:00:99;IP=10.89.0.7',
};

/** Podman: a container's name but no namespace, an address and a MAC in the arguments. */
export const podmanAdd: Call = {
  environment: { CNI_COMMAND: 'ADD', ...podmanEnvironment },
  stdin: JSON.stringify({
    cniVersion: '0.4.0',
    name: 'routed',
    runtimeConfig: {
      aliases: { net: ['0a6296021087'] },
      portMappings: [{ hostPort: 8085, containerPort: 80, protocol: 'tcp' }],
    },
    type: 'weft',
  }),
};

/** Podman's probe before each ADD and DEL. */
export const podmanVersion: Call = {
  environment: {
    CNI_COMMAND: 'VERSION',
    CNI_IFNAME: 'dummy',
    CNI_NETNS: 'dummy',
    CNI_PATH: 'dummy',
  },
  stdin: '{"cniVersion":"1.0.0"}',
};
