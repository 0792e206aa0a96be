export * from './desired-route.ts';
export * from './local-facts.ts';
export * from './next-hop.ts';
export * from './route-metric.ts';
