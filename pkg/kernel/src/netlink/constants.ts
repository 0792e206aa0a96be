/**
 * The code points of rtnetlink that weft uses, under their names in the kernel's headers.
 *
 * Source: include/uapi/linux/{netlink,rtnetlink,if_link,if_addr,neighbour,net_namespace,if,veth}.h, linux/netfilter/{nfnetlink,nfnetlink_conntrack}.h, netlink(7), rtnetlink(7).
 */

/** Message flags (`nlmsg_flags`). NEW requests reuse the bits of GET requests, so values repeat. */
export const NLM_F = {
  REQUEST: 0x01,
  MULTI: 0x02,
  ACK: 0x04,
  DUMP_INTR: 0x10,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  /** On an answer: attributes with the kernel's own words follow. */
  ACK_TLVS: 0x200,
  /** On an answer: the request is not repeated in full. */
  CAPPED: 0x100,
} as const;

/** Control message types, below the first rtnetlink type. */
export const NLMSG = { ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Attributes of an error answer (`nlmsgerr_attrs`). */
export const NLMSGERR_ATTR = { MSG: 1 } as const;

/** rtnetlink message types. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  GETNSID: 90,
} as const;

/** Multicast groups; a bind mask has bit `group - 1`. */
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV4_ROUTE: 7, IPV6_IFADDR: 9, IPV6_ROUTE: 11 } as const;

/** Address families (`AF_*`). */
export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10 } as const;

/** Link attributes and the nested ones of IFLA_LINKINFO and of veth. */
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  LINKINFO: 18,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
  LINK_NETNSID: 37,
  INFO_KIND: 1,
  INFO_DATA: 2,
  VETH_INFO_PEER: 1,
} as const;

/** Attributes of a VXLAN device, inside IFLA_INFO_DATA. */
export const IFLA_VXLAN = { ID: 1, LINK: 3, LOCAL: 4, LEARNING: 7, PORT: 15, LOCAL6: 17 } as const;

/** Asks a link dump to leave the counters out (`IFLA_EXT_MASK`). */
export const RTEXT_FILTER_SKIP_STATS = 0x08;

/** Link flags (`ifi_flags`). */
export const IFF = { UP: 0x1, LOWER_UP: 0x10000 } as const;

/** The longest interface name, in bytes (IFNAMSIZ without its NUL). */
export const maxInterfaceNameBytes = 15;

/** Address attributes and flags. */
export const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8, F_NODAD: 0x02 } as const;

/** Route attributes. */
export const RTA = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  MULTIPATH: 9,
  CACHEINFO: 12,
  TABLE: 15,
  VIA: 18,
} as const;

/** Next-hop flag: the gateway is on the link whatever the routes say. */
export const RTNH_F_ONLINK = 0x4;

/** Route flag: a clone kept in the cache, not a route of a table. */
export const RTM_F_CLONED = 0x200;

/** Route flag of a request: say which table the answer stands in; without it IPv4 says main of every route. */
export const RTM_F_LOOKUP_TABLE = 0x1000;

/** Route flag of a request: answer with the route that matched, as it stands in its table. */
export const RTM_F_FIB_MATCH = 0x2000;

/** Route scopes (`rtm_scope`) and address scopes (`ifa_scope`). */
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254, NOWHERE: 255 } as const;

/** Route types by their number (`rtm_type`); 4 is anycast, which weft has no use for. */
export const routeTypeNumbers = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;

/** Attributes of namespace numbers. */
export const NETNSA = { NSID: 1, FD: 3 } as const;

/** Neighbour attributes and state. */
export const NDA = { DST: 1, LLADDR: 2 } as const;

/** The state of an entry that needs no resolution and never ages. */
export const NUD_PERMANENT = 0x80;

/** The state of an entry that nothing is to be resolved for. */
export const NUD_NOARP = 0x40;

/** The entry is of the device's own table, not of the bridge's it is a port of. */
export const NTF_SELF = 0x02;

/** Messages of connection tracking: the subsystem (NFNL_SUBSYS_CTNETLINK) and what is asked of it. */
export const IPCTNL_MSG_CT = { GET: 0x101, DELETE: 0x102 } as const;

/** Attributes of a tracked connection, and the nested ones. */
export const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  ID: 12,
  ZONE: 18,
  FILTER: 25,
  TUPLE_IP: 1,
  TUPLE_PROTO: 2,
  IP_V4_SRC: 1,
  IP_V4_DST: 2,
  IP_V6_SRC: 3,
  IP_V6_DST: 4,
  PROTO_NUM: 1,
  PROTO_SRC_PORT: 2,
  PROTO_DST_PORT: 3,
  FILTER_ORIG_FLAGS: 1,
  FILTER_REPLY_FLAGS: 2,
} as const;

/** Which parts of a tuple a dump is filtered by (net/netfilter/nf_internals.h). */
export const CTA_FILTER_F = { IP_SRC: 0x01, PROTO_NUM: 0x08 } as const;
