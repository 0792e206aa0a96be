/** The dashboard of a running lab in a real browser, light and dark. WEFT_SCREENSHOTS names a folder for its pictures. */
import { join } from 'node:path';
import { execa, type Subprocess } from 'execa';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';

const LAB = 't-dashboard';
const lab = useLab(LAB, smallTopology(3, 3));
const pictures = process.env.WEFT_SCREENSHOTS;
const PATIENCE = { timeout: 30_000 };

let server: ReturnType<typeof serve> | undefined;
let browser: Browser | undefined;
let address = '';

/** weftctl's bridge on a free port of loopback. */
function serve() {
  const program = `${import.meta.dirname}/../../node_modules/.bin/weftctl`;
  return execa(program, ['--lab', LAB, 'dashboard', '--port', '0'], { reject: false });
}

/** A page of a browser that was opened anew, as by the printed address. */
async function open(colorScheme: 'light' | 'dark', place = ''): Promise<Page> {
  const page = await (browser as Browser).newPage({ colorScheme, viewport: { width: 1280, height: 1000 } });
  page.on('pageerror', (error) => expect.unreachable(error.message));
  await page.goto(`${address}${place}`);
  await page.getByText('3 of 3 nodes ready, 6 of 6 sessions up').waitFor(PATIENCE);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** What a browser has after the printed address. */
async function comeIn(): Promise<{ origin: string; cookie: string }> {
  const answer = await fetch(address, { redirect: 'manual' });
  const [cookie = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';');
  return { origin: new URL(address).origin, cookie };
}

/** The status that curl gets. */
async function ask(...options: string[]): Promise<string> {
  const { stdout } = await execa('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...options]);
  return stdout;
}

beforeAll(async () => {
  server = serve();
  const lines = (server as Subprocess).iterable()[Symbol.asyncIterator]();
  address = String((await lines.next()).value);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  server?.kill('SIGINT');
  expect((await server)?.exitCode).toBe(0);
});

describe('the dashboard', () => {
  it.each(['light', 'dark'] as const)('draws nodes, sessions, pools and routes, %s', async (scheme) => {
    const page = await open(scheme);
    await page.locator('.blocks .block').first().waitFor(PATIENCE);
    await page.getByText(/^asked within the last \d+ s$/).waitFor(PATIENCE);
    expect(await page.locator('#map .node.ready').count()).toBe(3);
    expect(await page.locator('#map line.up').count()).toBe(3);
    expect(await page.locator('.pool').allTextContents()).toEqual([
      expect.stringMatching(/default-ipv4-ippool 10\.244\.0\.0\/16 9 addresses in 3 blocks/),
      expect.stringMatching(/default-ipv6-ippool .* 9 addresses in 3 blocks/),
    ]);
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(18, 22, 29)');
    await picture(page, scheme);
    await page.close();
  });

  it('opens by a link on a page of another site', async () => {
    const page = await (browser as Browser).newPage();
    const site = 'http://chat.example/';
    const body = `<a href="${address}">the dashboard</a>`;
    await page.route(site, (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto(site);
    await page.getByText('the dashboard').click();
    await page.getByText('3 of 3 nodes ready, 6 of 6 sessions up').waitFor(PATIENCE);
    await page.close();
  });

  it('shows the node and the routes one picks, and why a route is as it is', async () => {
    const page = await open('light');
    await page.locator('#map [data-pick=node2]').click();
    await page.getByRole('heading', { name: 'Routes of node2' }).waitFor(PATIENCE);
    const [block = ''] = await lab.blocksOf('node1');
    await page.locator('#filter').fill(block);
    expect(await page.locator('#route-list tbody tr').count()).toBe(1);
    await page.locator('#route-list tbody tr').press('Enter');
    const explanation = page.locator('#explanation');
    await explanation.getByText(`Why ${block} is as it is on node2`).waitFor(PATIENCE);
    const text = await explanation.textContent();
    expect(text).toContain(`${block} of node1, confirmed`);
    expect(text).toMatch(/10\.0\.0\.110\.0\.0\.1best/);
    expect(page.url()).toContain(`#node=node2&target=${encodeURIComponent(block)}`);
    await picture(page, 'explanation');
    await page.close();
  });

  it('keeps the token out of the address and of scripts, and tells a browser without it what to do', async () => {
    const page = await open('light', '#node=node2');
    const { origin } = new URL(address);
    expect(page.url()).toBe(`${origin}/#node=node2`);
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.close();
    const stranger = await (browser as Browser).newPage();
    expect((await stranger.goto(origin))?.status()).toBe(403);
    expect(await stranger.locator('body').textContent()).toContain('Open the address that weftctl dashboard');
    await stranger.close();
  });

  it('follows what happens: a daemon that is gone', async () => {
    const page = await open('light', '#node=node1');
    await lab.killWeftd('node3');
    await page.locator('#map .node.silent').waitFor(PATIENCE);
    await page.locator('#map line.down').first().waitFor(PATIENCE);
    await page.locator('#map [data-pick=node3]').click();
    await page.locator('#node p.bad').waitFor(PATIENCE);
    await picture(page, 'silent');
    await page.close();
  });

  it('reads only, and for nobody without its token or by another name', async () => {
    const { cookie, origin } = await comeIn();
    const node = `${origin}/nodes/node1/v1/drain`;
    expect(await ask(node)).toBe('403');
    expect(await ask('-H', `Cookie: ${cookie}`, node)).toBe('200');
    expect(await ask('-H', `Cookie: ${cookie}`, '-X', 'PUT', node)).toBe('405');
    expect(await ask('-H', `Cookie: ${cookie}`, '-H', 'Host: example.org', node)).toBe('403');
    expect(await ask('-H', `Cookie: ${cookie}`, `${origin}/nodes/node9/v1/status`)).toBe('404');
    const drain = await fetch(node, { headers: { cookie } });
    expect(await drain.json()).toMatchObject({ draining: false });
  });
});

it('is served by weftd itself on its control socket', async () => {
  const page = await execa('curl', [
    '-si',
    '--unix-socket',
    await lab.controlSocket('node1'),
    'http://weftd/',
  ]);
  expect(page.stdout).toMatch(/content-type: text\/html/);
  expect(page.stdout).toMatch(/content-security-policy: default-src 'none'/);
  expect(page.stdout).toMatch(/<script type="module" src="dashboard.js">/);
});
