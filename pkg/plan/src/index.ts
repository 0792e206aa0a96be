/**
 * The public API of @weft/plan: what a change of resources would do, and what is risky about it.
 */
export type { AddressPlan } from './addresses.ts';
export type { AlikeNodes } from './alike.ts';
export type { Heard } from './outside.ts';
export { type Plan, type PlanResult, planChange } from './plan.ts';
export type { Risk, RiskRule } from './risks.ts';
export type { RoutePlan } from './routes.ts';
export type { SessionOutcome, SessionPlan } from './sessions.ts';
