/** The command that opens the dashboard: name, options and help. Its code is loaded when it runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { daemonOptions } from '../options.ts';
import { run } from '../run.ts';

const HELP = `
Serves the page of weftd on a loopback address until Ctrl-C, for all daemons that weftctl can ask: those of a lab, this machine's,
and with a client certificate those of the cluster. It only reads, and only for whoever has the address that it prints: the token in it
is of this run alone, and becomes a cookie of the browser. From another machine: ssh -L 9180:127.0.0.1:9180 HOST.

Examples:
  weftctl --lab lab dashboard
  weftctl dashboard --port 8080
  weftctl dashboard --client-certificate me.crt --client-key me.key --control-ca ca.crt
`;

/** Adds `dashboard`. */
export function registerDashboard(program: Command): void {
  const dashboard = program
    .command('dashboard [node]')
    .description('nodes, sessions, pools and routes in a browser, live')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', port, 9180)
    .addHelpText('after', HELP);
  daemonOptions(dashboard).action(
    run(async (node, options) => (await import('./dashboard.ts')).dashboard(node, options)),
  );
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65535) return value;
  throw new InvalidArgumentError('A port from 0 to 65535 is expected.');
}
