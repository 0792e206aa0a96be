/**
 * CalicoNodeStatus: a request to report what a node's BGP daemon sees, and the report.
 *
 * The report is not checked as strictly as the request: it is written by daemons, and a value nobody knows must not
 * hide the rest of it.
 */
import { z } from 'zod';
import { defineKind, fieldColumn, type KindDefinition, nameColumn } from '../kind-definition.ts';
import { object, pattern, setOf, timeField } from '../schema/fields.ts';

const spec = object('CalicoNodeStatusSpec', {
  node: pattern(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'the name of a node',
  ).describe('The node to report on.'),
  classes: setOf(z.enum(['Agent', 'BGP', 'Routes'])).describe(
    'What to report: the daemon, its sessions, its routes.',
  ),
  updatePeriodSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .describe('Seconds between two reports, up to a day; 0 stops them.'),
});

const daemon = object('BGPDaemonStatus', {
  state: z.enum(['Ready', 'NotReady']).optional().describe('Whether the daemon answers.'),
  version: z.string().optional().describe('Version of the daemon.'),
  routerID: z.string().optional().describe('BGP Identifier.'),
  lastBootTime: z.string().optional().describe('When the daemon started.'),
  lastReconfigurationTime: z.string().optional().describe('When it last read its configuration.'),
});

const peers = z.array(
  object('CalicoNodePeer', {
    peerIP: z.string().optional().describe('Address of the peer.'),
    type: z
      .enum(['NodeMesh', 'NodePeer', 'GlobalPeer'])
      .optional()
      .describe('Where the session comes from: the mesh, a peer of this node, a peer of all nodes.'),
    state: z
      .enum(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established', 'Close'])
      .optional()
      .describe('State of the session.'),
    since: z.string().optional().describe('When the state last changed.'),
  }),
);

const routes = z.array(
  object('CalicoNodeRoute', {
    type: z.enum(['FIB', 'RIB']).optional().describe('FIB when the kernel forwards by it.'),
    destination: z.string().optional().describe('The prefix.'),
    gateway: z.string().optional().describe('The next hop.'),
    interface: z.string().optional().describe('The interface it leaves by.'),
    learnedFrom: object('CalicoNodeRouteLearnedFrom', {
      sourceType: z
        .enum(['Kernel', 'Static', 'Direct', 'NodeMesh', 'BGPPeer'])
        .optional()
        .describe('Who knew the route.'),
      peerIP: z.string().optional().describe('Address of the peer it came from.'),
    })
      .optional()
      .describe('Where it was learned.'),
  }),
);

const count = z.int().min(0).optional();

const status = object('CalicoNodeStatusStatus', {
  lastUpdated: timeField()
    .meta({ crd: { both: { nullable: true } } })
    .optional()
    .describe('When the report was written.'),
  agent: object('CalicoNodeAgentStatus', {
    birdV4: daemon.optional().describe('The daemon for IPv4.'),
    birdV6: daemon.optional().describe('The daemon for IPv6.'),
  })
    .optional()
    .describe('The daemons.'),
  bgp: object('CalicoNodeBGPStatus', {
    numberEstablishedV4: count.describe('IPv4 sessions that are established.'),
    numberNotEstablishedV4: count.describe('IPv4 sessions that are not.'),
    numberEstablishedV6: count.describe('IPv6 sessions that are established.'),
    numberNotEstablishedV6: count.describe('IPv6 sessions that are not.'),
    peersV4: peers.optional().describe('IPv4 sessions.'),
    peersV6: peers.optional().describe('IPv6 sessions.'),
  })
    .optional()
    .describe('The sessions.'),
  routes: object('CalicoNodeBGPRouteStatus', {
    routesV4: routes.optional().describe('IPv4 routes.'),
    routesV6: routes.optional().describe('IPv6 routes.'),
  })
    .optional()
    .describe('The routes.'),
});

/** CalicoNodeStatus. Source: Calico CalicoNodeStatusSpec and CalicoNodeStatusStatus. */
export const calicoNodeStatus: KindDefinition<'CalicoNodeStatus'> = defineKind({
  kind: 'CalicoNodeStatus',
  plural: 'caliconodestatuses',
  aliases: ['nodestatus', 'nodestatuses'],
  description: "What a node's BGP daemon sees.",
  crd: true,
  spec,
  actsOn: 'all',
  status,
  columns: {
    ps: [nameColumn(), fieldColumn('NODE', 'spec.node')],
    wide: [nameColumn(), fieldColumn('NODE', 'spec.node'), fieldColumn('CLASSES', 'spec.classes')],
  },
});
