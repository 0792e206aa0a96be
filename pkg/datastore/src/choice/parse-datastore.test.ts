import { describe, expect, it } from 'vitest';
import { parseDatastore } from './parse-datastore.ts';

describe('parseDatastore', () => {
  it.each([
    ['/var/lib/weft/weft.db', { type: 'embedded', path: '/var/lib/weft/weft.db' }],
    ['embedded:weft.db', { type: 'embedded', path: 'weft.db' }],
    ['etcd://a:2379,[::1]:2379', { type: 'etcd', endpoints: ['http://a:2379', 'http://[::1]:2379'] }],
    ['etcd:///run/etcd.sock', { type: 'etcd', endpoints: ['unix:///run/etcd.sock'] }],
    [
      'etcd://root:a%3Ab@a:2379',
      { type: 'etcd', endpoints: ['http://a:2379'], username: 'root', password: 'a:b' },
    ],
    [
      'etcds://a:2379?ca=/c/ca.pem&cert=/c/cert.pem&key=/c/key.pem',
      {
        type: 'etcd',
        endpoints: ['https://a:2379'],
        tls: { ca: { file: '/c/ca.pem' }, cert: { file: '/c/cert.pem' }, key: { file: '/c/key.pem' } },
      },
    ],
    ['kubernetes:', { type: 'kubernetes' }],
    [
      'kubernetes:/root/config?context=lab&group=v3',
      { type: 'kubernetes', kubeconfig: '/root/config', context: 'lab', apiGroup: 'projectcalico.org/v3' },
    ],
  ])('reads %s', (text, choice) => {
    expect(parseDatastore(text)).toEqual({ ok: true, choice });
  });

  it.each([
    ['', /empty/],
    ['embedded:', /path is missing/],
    ['etcd://', /endpoints are missing/],
    ['etcd://a', /"a" is not HOST:PORT/],
    ['etcd://a:0', /"a:0" is not HOST:PORT/],
    ['etcd://a:2379?ca=/x', /need the scheme etcds/],
    ['etcds://a:2379?cacert=/x', /"cacert" is not one of ca, cert, key/],
    ['kubernetes:?group=v2', /v1 or v3, not "v2"/],
    ['redis://a:1', /"redis" is no kind of datastore/],
  ])('refuses %j and says why', (text, reason) => {
    expect(parseDatastore(text)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
  });
});
