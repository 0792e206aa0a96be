/**
 * A container image without a registry: the machine's static busybox with a link for each of its applets, packed as
 * `docker save` packs an image, which containerd, Podman and Docker all read.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** The name under which runtimes know the image, registry and tag included. */
export const busyboxImage = 'docker.io/weft/busybox:test';

// Of Debian's package busybox-static: one that is linked dynamically finds no libraries in the image.
const busybox = '/bin/busybox';

/** Makes the image's archive in a folder; its path. */
export async function writeBusyboxImage(folder: string): Promise<string> {
  const layer = join(folder, 'layer.tar');
  await writeLayer(join(folder, 'rootfs'), layer);
  const digest = createHash('sha256').update(readFileSync(layer)).digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [busyboxImage], Layers: ['layer.tar'] }];
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(folder, 'image.tar');
  await execa('tar', ['-C', folder, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  return archive;
}

async function writeLayer(root: string, archive: string): Promise<void> {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync(busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  const { stdout } = await execa(busybox, ['--list']);
  for (const applet of stdout.split('\n').filter((name) => name !== 'busybox')) {
    symlinkSync('busybox', join(root, 'bin', applet));
  }
  await execa('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', archive, '.']);
}
