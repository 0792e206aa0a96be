/** `weftctl ipam show`: how full the pools are, who holds an address, what is borrowed, what is configured. */
import type { Datastore } from '@weft/datastore';
import { configOf } from '@weft/ipam';
import type { Report } from '../failure.ts';
import type { WhereOptions } from '../options.ts';
import { printStructured } from '../print/structured.ts';
import { withStore } from '../where.ts';
import { describeAddress, findAddress } from './address.ts';
import { findBorrowed } from './borrowed.ts';
import { readAddress } from './read-address.ts';
import { settingsOf } from './settings.ts';
import { printBorrowing, printSettings, printUtilization, utilizationNotes } from './show-tables.ts';
import { utilizationOf } from './utilization.ts';

/** Options of the command; at most one of the first four. */
export interface ShowOptions extends WhereOptions {
  readonly ip?: string;
  readonly showBlocks?: boolean;
  readonly showBorrowed?: boolean;
  readonly showConfiguration?: boolean;
  readonly output: 'ps' | 'json' | 'yaml';
}

/** What a view has to show: a value for programs, and a text made of it for people. */
interface View {
  readonly value: unknown;
  readonly text: string;
  readonly notes?: readonly string[];
}

/** Reads the store and prints. */
export async function show(options: ShowOptions): Promise<Report> {
  const view = await withStore(options, false, viewFor(options));
  const { output } = options;
  if (output === 'ps') return { text: view.text, failures: [], notes: view.notes ?? [] };
  return { text: await printStructured(view.value, output), failures: [] };
}

function viewFor(options: ShowOptions): (store: Datastore) => Promise<View> {
  if (options.ip !== undefined) {
    const address = readAddress(options.ip);
    return (store) => addressView(store, address);
  }
  if (options.showBorrowed) return borrowingView;
  if (options.showConfiguration) return settingsView;
  return (store) => utilizationView(store, options.showBlocks ?? false);
}

async function utilizationView(store: Datastore, withBlocks: boolean): Promise<View> {
  const [pools, blocks, reservations, configuration] = await Promise.all([
    store.list('IPPool'),
    store.list('IPAMBlock'),
    store.list('IPReservation'),
    store.get({ kind: 'IPAMConfiguration', name: 'default' }),
  ]);
  const cooldown = { seconds: configOf(configuration).cooldownSeconds, now: Date.now() };
  const utilization = utilizationOf(pools.items, blocks.items, reservations.items, cooldown);
  return {
    value: utilization,
    text: printUtilization(utilization, withBlocks),
    notes: utilizationNotes(utilization, withBlocks),
  };
}

async function addressView(store: Datastore, address: ReturnType<typeof readAddress>): Promise<View> {
  const [blocks, reservations, configuration] = await Promise.all([
    store.list('IPAMBlock'),
    store.list('IPReservation'),
    store.get({ kind: 'IPAMConfiguration', name: 'default' }),
  ]);
  const cooldown = { seconds: configOf(configuration).cooldownSeconds, now: Date.now() };
  const found = findAddress(address, blocks.items, reservations.items, cooldown);
  return { value: found, text: describeAddress(found) };
}

async function borrowingView(store: Datastore): Promise<View> {
  const borrowing = findBorrowed((await store.list('IPAMBlock')).items);
  return { value: borrowing, text: printBorrowing(borrowing) };
}

async function settingsView(store: Datastore): Promise<View> {
  const settings = settingsOf(await store.get({ kind: 'IPAMConfiguration', name: 'default' }));
  return {
    value: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    text: printSettings(settings),
  };
}
