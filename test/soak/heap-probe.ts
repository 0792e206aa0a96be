/**
 * Has the garbage of a process collected and prints what it then holds, as JSON. Runs in the network namespace of that process, whose
 * inspector listens there.
 */
import { readFileSync } from 'node:fs';

/** As the inspector answers it. */
interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: string } };
}

/** V8's spaces for code, for what it knows about code, and for what is in every process. */
const NOT_OBJECTS = /code|trusted|read_only/;
const EXPRESSION = `JSON.stringify({
  spaces: process.getBuiltinModule('v8').getHeapSpaceStatistics(),
  arrayBuffers: process.memoryUsage().arrayBuffers,
})`;

const pid = process.argv[2];
const targets = (await (await fetch('http://127.0.0.1:9229/json/list')).json()) as [
  { webSocketDebuggerUrl: string },
];
const socket = new WebSocket(targets[0].webSocketDebuggerUrl);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error('the inspector refuses'));
});

// What only finalisers held goes with the second.
await ask(1, 'HeapProfiler.collectGarbage');
await ask(2, 'HeapProfiler.collectGarbage');
const { result } = await ask(3, 'Runtime.evaluate', { expression: EXPRESSION, returnByValue: true });
socket.close();
const { arrayBuffers, spaces } = JSON.parse(result?.result?.value ?? '') as {
  arrayBuffers: number;
  spaces: { space_name: string; space_used_size: number }[];
};
const used = (isWanted: (space: string) => boolean): number =>
  spaces.filter((space) => isWanted(space.space_name)).reduce((sum, space) => sum + space.space_used_size, 0);
const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
console.log(
  JSON.stringify({
    objects: Math.round((used((space) => !NOT_OBJECTS.test(space)) + arrayBuffers) / 1024),
    code: Math.round(used((space) => /code|trusted/.test(space)) / 1024),
    resident: Number(resident),
  }),
);

function ask(id: number, method: string, params = {}): Promise<Answer> {
  return new Promise((resolve) => {
    socket.addEventListener('message', function hear({ data }) {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== id) return;
      socket.removeEventListener('message', hear);
      resolve(answer);
    });
    socket.send(JSON.stringify({ id, method, params }));
  });
}
