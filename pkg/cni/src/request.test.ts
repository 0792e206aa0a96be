import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containerdAdd, containerdLateDel, ctrAdd, podmanAdd, podmanVersion } from '../test/fixtures.ts';
import { type Call, decodeCall, encodeCall } from './envelope.ts';
import { encodeError, isCniError } from './error.ts';
import { parseRequest } from './request.ts';
import { COMMANDS, type Command, SUPPORTED_VERSIONS } from './versions.ts';

const environment = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_IFNAME: 'eth0',
  CNI_NETNS: '/run/netns/c1',
};
const configuration = { cniVersion: '1.1.0', name: 'net', type: 'weft' };

function call(changes: Record<string, string | undefined>, stdin: object | string = configuration): Call {
  const merged = Object.entries({ ...environment, ...changes }).filter(([, value]) => value !== undefined);
  return {
    environment: Object.fromEntries(merged) as Record<string, string>,
    stdin: typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
  };
}

/** The printed error, or the command of a request. */
function outcome(of: Call): object | string {
  const parsed = parseRequest(of);
  return parsed.kind === 'request' ? parsed.request.command : encodeError(parsed.error, parsed.version);
}

describe('what real runtimes send', () => {
  it("is understood: containerd's ADD of a Pod, with Calico's own entry", () => {
    expect(parseRequest(containerdAdd)).toMatchObject({
      request: {
        command: 'ADD',
        version: '0.3.1',
        args: { podNamespace: 'default', podName: 'p1', podUid: 'u1' },
        configuration: {
          name: 'k8s-pod-network',
          ipam: { kind: 'weft' },
          assignIpv4: true,
          assignIpv6: false,
          runtime: { podAnnotations: { 'kubernetes.io/ingress-bandwidth': '10M' } },
        },
      },
    });
  });

  it.each([
    ["containerd's second DEL, without a namespace", containerdLateDel, 'DEL'],
    ["ctr's ADD", ctrAdd, 'ADD'],
    ["Podman's ADD", podmanAdd, 'ADD'],
    ["Podman's probe", podmanVersion, 'VERSION'],
  ])('is understood: %s', (_, of, command) => {
    expect(outcome(of)).toBe(command);
  });
});

describe('every version and command', () => {
  const known: Record<Command, string[]> = {
    ADD: [...SUPPORTED_VERSIONS],
    DEL: [...SUPPORTED_VERSIONS],
    VERSION: [...SUPPORTED_VERSIONS],
    CHECK: ['0.4.0', '1.0.0', '1.1.0'],
    STATUS: ['1.1.0'],
    GC: ['1.1.0'],
  };
  const rows = COMMANDS.flatMap((command) => SUPPORTED_VERSIONS.map((version) => ({ command, version })));

  it.each(rows)('$command of $version', ({ command, version }) => {
    const lists = { prevResult: {}, 'cni.dev/valid-attachments': [] };
    const stdin = { ...configuration, cniVersion: version, ...lists };
    const expected = known[command].includes(version) ? command : { cniVersion: version, code: 1 };
    const found = outcome(call({ CNI_COMMAND: command }, stdin));
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatchObject(expected);
  });

  it('takes a configuration without version for one of 0.1.0', () => {
    expect(parseRequest(call({}, { name: 'net' }))).toMatchObject({ request: { version: '0.1.0' } });
  });

  it('answers a probe in its own version, and in the newest when that is not spoken', () => {
    const probe = (stdin: string) => parseRequest(call({ CNI_COMMAND: 'VERSION' }, stdin));
    expect(probe('{"cniVersion":"0.3.1"}')).toMatchObject({ request: { version: '0.3.1' } });
    for (const stdin of ['', '{}}', '{"cniVersion":"7"}'])
      expect(probe(stdin)).toMatchObject({ request: { command: 'VERSION' } });
  });
});

describe('what a runtime must not leave out or get wrong (specification, section 2)', () => {
  it.each([
    ['no command', { CNI_COMMAND: undefined }, 4, /CNI_COMMAND is not set/],
    ['a command that is none', { CNI_COMMAND: 'UPDATE' }, 4, /CNI_COMMAND is "UPDATE"/],
    ['no container id', { CNI_CONTAINERID: '' }, 4, /CNI_CONTAINERID is not set/],
    ['a container id with a slash', { CNI_CONTAINERID: '../x' }, 4, /CNI_CONTAINERID is "..\/x"/],
    ['no interface', { CNI_IFNAME: '' }, 4, /CNI_IFNAME is not set/],
    ['an interface of 16 bytes', { CNI_IFNAME: 'e'.repeat(16) }, 4, /CNI_IFNAME/],
    ['an interface of 15 characters and 16 bytes', { CNI_IFNAME: `${'e'.repeat(14)}é` }, 4, /CNI_IFNAME/],
    ['an interface with a colon', { CNI_IFNAME: 'eth0:1' }, 4, /CNI_IFNAME/],
    ['no namespace at ADD', { CNI_NETNS: '' }, 4, /CNI_NETNS is not set/],
    ['a namespace that is no path', { CNI_NETNS: 'c1' }, 4, /CNI_NETNS is "c1"/],
    ['several of them', { CNI_CONTAINERID: '', CNI_NETNS: '' }, 4, /CNI_CONTAINERID.*CNI_NETNS/],
    ['an argument that nobody knows', { CNI_ARGS: 'COLOR=red' }, 4, /COLOR/],
    ['an argument that is no pair', { CNI_ARGS: 'IgnoreUnknown=1;x' }, 4, /"x" is not KEY=VALUE/],
    ['a switch that is neither', { CNI_ARGS: 'IgnoreUnknown=maybe' }, 4, /IgnoreUnknown is "maybe"/],
  ])('%s', (_, changes, code, msg) => {
    expect(outcome(call(changes))).toMatchObject({ code, msg: expect.stringMatching(msg) });
  });

  it('an unknown argument passes when unknown ones are to be ignored', () => {
    expect(outcome(call({ CNI_ARGS: 'COLOR=red;IgnoreUnknown=True' }))).toBe('ADD');
  });

  it('CHECK without prevResult', () => {
    expect(outcome(call({ CNI_COMMAND: 'CHECK' }))).toMatchObject({
      code: 7,
      msg: expect.stringMatching(/prevResult/),
    });
  });
});

describe('what GC must leave alone (specification, section 2)', () => {
  const gc = (more: object) => call({ CNI_COMMAND: 'GC' }, { ...configuration, ...more });
  const attachments = [{ containerID: 'c1', ifname: 'eth0' }];
  const parsed = [{ containerId: 'c1', interfaceName: 'eth0' }];

  it.each([
    ['by its name', { 'cni.dev/valid-attachments': attachments }, parsed],
    ['by the name it had in the text before', { 'cni.dev/attachments': attachments }, parsed],
    [
      'by both, as libcni writes them',
      { 'cni.dev/valid-attachments': attachments, 'cni.dev/attachments': attachments },
      parsed,
    ],
    ['nothing', { 'cni.dev/valid-attachments': [] }, []],
    [
      'nothing, as Go writes an empty list',
      { 'cni.dev/valid-attachments': null, 'cni.dev/attachments': null },
      [],
    ],
  ])('is listed %s', (_, more, validAttachments) => {
    expect(parseRequest(gc(more))).toMatchObject({ request: { command: 'GC', validAttachments } });
  });

  it('is not nothing because nobody says it', () => {
    expect(outcome(gc({}))).toMatchObject({
      code: 7,
      msg: expect.stringContaining('cni.dev/valid-attachments'),
    });
  });
});

describe('configurations that cannot be used', () => {
  const weft = (more: object) => ({ ...configuration, ...more });
  it.each([
    ['nothing', '', 6, /empty/],
    ['garbage', '\u0000\u0001{]', 6, /cannot be decoded/],
    ['a list', '[]', 6, /no JSON object/],
    ['a version that is no text', '{"cniVersion":1}', 6, /cniVersion is 1/],
    ['a version that is not spoken', '{"cniVersion":"9.9","name":"n"}', 1, /9\.9/],
    ['no name', '{"cniVersion":"1.0.0"}', 7, /name/],
    ['a name with a slash', weft({ name: 'a/b' }), 7, /name: /],
    ['an MTU that is a text', weft({ mtu: '1500' }), 7, /mtu: .*number/],
    ['an MTU below zero', weft({ mtu: -1 }), 7, /mtu/],
    ['pools that are no list', weft({ ipam: { ipv4_pools: '10.0.0.0/8' } }), 7, /ipam\.ipv4_pools/],
    [
      'a switch of IPAM that is neither',
      weft({ ipam: { assign_ipv6: 'yes' } }),
      7,
      /ipam\.assign_ipv6: true or false/,
    ],
    ['an ipam that is a text', weft({ ipam: 'host-local' }), 7, /ipam/],
    [
      'a route that leads nowhere',
      weft({ ipam: { routes: [{ dst: '10.0.0.0/99' }] } }),
      7,
      /ipam\.routes\.0\.dst/,
    ],
    [
      'a subnet that weft does not hand out',
      weft({ ipam: { subnet: '10.0.0.0/24' } }),
      2,
      /ipam\.subnet: 10/,
    ],
    [
      'ranges that weft does not hand out',
      weft({ runtimeConfig: { ipRanges: [[]] } }),
      2,
      /ipRanges: \[\[\]\]/,
    ],
    ['a previous result that is none', weft({ prevResult: 7 }), 7, /prevResult/],
  ])('%s', (_, stdin, code, msg) => {
    expect(outcome(call({}, stdin))).toMatchObject({ code, msg: expect.stringMatching(msg) });
  });

  it('do not keep a container from going: DEL needs no more than the name', () => {
    const broken = { ...configuration, mtu: 'x', ipam: { type: 7, subnet: '10.0.0.0/24' }, prevResult: 7 };
    const del = { CNI_COMMAND: 'DEL', CNI_NETNS: '', CNI_ARGS: 'COLOR=red' };
    expect(parseRequest(call(del, broken))).toMatchObject({
      request: { command: 'DEL', configuration: { name: 'net', ipam: { kind: 'weft' } } },
    });
  });

  it('an empty list or object that Go writes as null is as good as none', () => {
    const nulls = {
      mtu: null,
      ipam: null,
      runtimeConfig: { ips: null },
      args: null,
      dns: null,
      prevResult: null,
    };
    expect(outcome(call({}, weft(nulls)))).toBe('ADD');
  });
});

describe('a call as bytes', () => {
  const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const names = texts.filter((name) => name !== '' && !name.includes('=') && name !== '__proto__');

  it('comes back as it was', () => {
    const calls = fc.record({
      environment: fc.dictionary(names, texts, { noNullPrototype: true }),
      stdin: fc.string({ unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(calls, (of) => {
        expect(decodeCall(encodeCall(of))).toEqual(of);
      }),
    );
  });

  it('that is cut off is an error or a call without its end, and never throws', () => {
    const bytes = encodeCall(containerdAdd);
    const headEnds = bytes.findIndex((byte, index) => byte === 0 && bytes[index + 1] === 0) + 2;
    for (let length = 0; length < bytes.length; length++) {
      const decoded = decodeCall(bytes.subarray(0, length));
      expect(isCniError(decoded)).toBe(length < headEnds);
    }
  });

  it('may be anything: the answer is a request or an error with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const decoded = decodeCall(bytes);
        if (isCniError(decoded)) expect(decoded.code).toBeGreaterThan(0);
        else parseRequest(decoded);
      }),
    );
  });

  it('may hold any JSON: the answer is a request or an error with a code and a sentence', () => {
    const keys = fc.constantFrom(
      'name',
      'cniVersion',
      'ipam',
      'mtu',
      'args',
      'runtimeConfig',
      'prevResult',
      'dns',
      'type',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('1.0.0', 'net', 'host-local', '10.0.0.1/24'));
    const stdin = fc.dictionary(keys, value);
    fc.assert(
      fc.property(fc.constantFrom(...COMMANDS), stdin, (command, object) => {
        const parsed = parseRequest(call({ CNI_COMMAND: command }, object));
        if (parsed.kind === 'refused')
          expect(parsed.error).toMatchObject({
            code: expect.any(Number),
            message: expect.stringMatching(/\w+ /),
          });
      }),
    );
  });
});
