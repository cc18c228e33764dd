// Every page, in both themes, at a desk and on a phone: axe finds no violation and nothing scrolls sideways.
//
//     node e2e/browser/axe.mjs --binary target/debug/pomona [--accounts 60] [--shots DIR]
//
// Pages are found by following links from the start page of an administrator, one page per kind of address
// (/accounts/17 and /accounts/18 are one kind, and so are two metrics or figures), so a new page is covered the day it is linked. With --shots a picture
// of each is kept.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Checks, Pomona, load, options } from '../pomona.mjs';
import { open, watchedPage } from './chromium.mjs';

const THEMES = ['light', 'dark'];
const WIDTHS = [1360, 390];
const MOST_KINDS = 80;
const LEAST_KINDS = 8;
const OPEN_TO_ANYONE = ['/login', '/api', '/nowhere'];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const { binary, accounts = '60', shots } = options();
const checks = new Checks('accessibility of every page');
const playwright = await load('playwright-core', checks);
const axe = await load('axe-core', checks);
if (shots) mkdirSync(shots, { recursive: true });

const browser = await open(playwright, checks);
const pomona = new Pomona(binary);
try {
  const ready = await pomona.demo(Number(accounts));
  const kinds = await crawl(ready);
  checks.that('pages were found', kinds.size >= LEAST_KINDS, [...kinds.keys()].join(' '));
  for (const theme of THEMES) {
    for (const width of WIDTHS) await inspect(ready, kinds, theme, width);
  }
} finally {
  await browser.close();
  await pomona.close();
}
checks.finish();

/** One address per kind of page, found by following links from the start page. */
async function crawl({ url, login }) {
  const { context, page } = await watchedPage(browser, url);
  await page.goto(login.admin);
  const kinds = new Map();
  const queue = [page.url()];
  while (queue.length > 0 && kinds.size < MOST_KINDS) {
    const address = queue.shift();
    const kind = kindOf(address);
    if (kinds.has(kind)) continue;
    const answer = await page.goto(address, { waitUntil: 'load' }).catch(() => undefined);
    if (!answer?.headers()['content-type']?.startsWith('text/html')) continue;
    kinds.set(kind, { address, status: answer.status() });
    queue.push(...(await links(page, url)));
  }
  await context.close();
  for (const [kind, { status }] of kinds) checks.that(`${kind} answers`, status < 400, status);
  return kinds;
}

async function links(page, url) {
  // By the attribute: the `href` of a link in a drawing is no text.
  const found = await page.$$eval('a[href]:not([download])', (anchors) =>
    anchors.map((anchor) => new URL(anchor.getAttribute('href'), document.baseURI).href),
  );
  return found.filter((address) => address.startsWith(url) && !/log-?out|\.csv|\.json|\/metrics$/.test(address));
}

/** The path with its numbers and keys taken out; the query's names without their values. */
function kindOf(address) {
  const { pathname, searchParams } = new URL(address);
  const days = pathname.replace(/\/\d{4}-\d\d-\d\d(?=\/|$)/g, '/:day');
  const path = days.replace(/\/\d+(?=\/|$)/g, '/:id').replace(/\/(metrics|figures|rows)\/[^/]+/, '/$1/:key');
  const view = searchParams.get('view') ?? searchParams.get('tab');
  return view ? `${path}?${view}` : path;
}

async function inspect({ url, login }, kinds, theme, width) {
  const { context, page, wrong } = await watchedPage(browser, url, {
    colorScheme: theme,
    viewport: { width, height: 900 },
  });
  for (const path of OPEN_TO_ANYONE) await one(page, `a stranger's ${path}`, url + path, theme, width);
  // The browser says once that the page nobody has is not there.
  const absent = wrong.findIndex((what) => what.includes('status of 404'));
  if (absent >= 0) wrong.splice(absent, 1);
  await page.goto(login.admin);
  for (const [kind, { address }] of kinds) await one(page, kind, address, theme, width);
  const metrics = kinds.get('/accounts/:id?metrics');
  if (metrics && theme === THEMES[0]) await explanations(page, metrics.address, width);
  checks.equal(`nothing went wrong on the way, ${theme} at ${width}`, [...new Set(wrong)], []);
  await context.close();
}

/** The explanation of every metric: what their rows are differs, and so does how wide they are. */
async function explanations(page, metrics, width) {
  await page.goto(metrics, { waitUntil: 'load' });
  const addresses = await page.$$eval('a[href*="/metrics/"]', (anchors) => anchors.map((anchor) => anchor.href));
  const wide = [];
  for (const address of new Set(addresses)) {
    await page.goto(address, { waitUntil: 'load' });
    const by = await sideways(page);
    if (by > 0) wide.push(`${new URL(address).pathname}: ${by} px`);
  }
  checks.equal(`no explanation scrolls sideways at ${width}`, wide, []);
}

/** How far a page is wider than its window, in pixels. */
function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function one(page, kind, address, theme, width) {
  const name = `${kind}, ${theme} at ${width}`;
  await page.goto(address, { waitUntil: 'load' });
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
  const found = violations.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0].target.join(' ')}`);
  checks.equal(`axe ${name}`, found, []);
  const by = await sideways(page);
  if (by > 0) checks.that(`no sideways scrolling ${name}`, false, `${by} px`);
  if (shots) await page.screenshot({ path: join(shots, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`), fullPage: true });
}
