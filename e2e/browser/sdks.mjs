// The official browser SDKs of Segment, RudderStack and Jitsu in Chromium, unmodified, on a page of another origin: they
// read their settings from us, send through answers of 503 and a kill in mid-stream under a clock that is an hour slow,
// and what they sent is stored, once, at the right time. The page also sends what browsers send when they are closed.
//
//     node e2e/browser/sdks.mjs --binary target/debug/pomona [--facts 30]
//
// Jitsu's SDK does not retry by itself, so no fault is planted for it: what it sends once has to arrive.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { FaultProxy, eventually, stored } from '../faults.mjs';
import { Checks, Pomona, load, options } from '../pomona.mjs';
import { open } from './chromium.mjs';

const LIBRARIES = {
  '/segment.js': '@segment/analytics-next/dist/umd/index.js',
  '/rudderstack.js': '@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js',
  '/jitsu.js': '@jitsu/js/dist/jitsu.es.js',
};
const SLOW_BY = 3_600_000;

const { binary, facts = '30' } = options();
const COUNT = Number(facts);
const checks = new Checks(`the browser SDKs of Segment, RudderStack and Jitsu send ${COUNT} facts each`);
const playwright = await load('playwright-core', checks);
for (const name of ['@segment/analytics-next', '@rudderstack/analytics-js', '@jitsu/js']) await load(name, checks);

const browser = await open(playwright, checks);
const pomona = new Pomona(binary);
const proxy = new FaultProxy();
const website = await serveWebsite();
try {
  const ready = await pomona.demo(20);
  const host = await proxy.listen();
  proxy.aim(ready.url);
  const begun = Date.now();
  const at = { host, key: ready.write_key };
  await visit('Segment', startSegment, at, true);
  await visit('RudderStack', startRudderstack, at, true);
  await visit('Jitsu', startJitsu, at, false);
  checks.that('answers of 503 were planted', proxy.planted >= 4, proxy.planted);
  checks.equal('a clean stop ends with 0', await pomona.stop(), 0);
  for (const name of ['Segment', 'RudderStack', 'Jitsu']) stored(checks, pomona, name, COUNT, begun);
} finally {
  await browser.close();
  website.server.close();
  proxy.close();
  await pomona.close();
}
checks.finish();

/** A page of another origin, with the three libraries beside it. */
async function serveWebsite() {
  const base = process.env.POMONA_E2E_MODULES ?? join(import.meta.dirname, '..');
  const modules = join(createRequire(join(base, 'package.json')).resolve('axe-core'), '..', '..');
  const server = createServer((asked, answer) => {
    const path = asked.url.split('?')[0];
    const library = LIBRARIES[path];
    answer.setHeader('content-type', library ? 'text/javascript' : 'text/html');
    answer.end(library ? readFileSync(join(modules, library)) : '<!doctype html><title>Shop</title><p>Shop');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

/** One visitor: signs in, is grouped, does things in three parts with faults between them, and leaves. */
async function visit(name, start, at, retries) {
  const context = await browser.newContext();
  await context.addInitScript(slowClock, SLOW_BY);
  const page = await context.newPage();
  await page.goto(website.url);
  await page.evaluate(start, { ...at, name });
  const part = Math.floor(COUNT / 3);
  await send(page, name, 0, part);
  if (retries) {
    await eventually(() => count(name) >= part);
    proxy.refuse(2);
  }
  await send(page, name, part, 2 * part);
  if (retries) {
    await eventually(() => proxy.planted % 2 === 0 && count(name) >= 2 * part);
    await pomona.kill();
    proxy.aim(undefined);
  }
  await send(page, name, 2 * part, COUNT);
  if (retries) {
    await eventually(() => proxy.cut > 0, 5_000);
    proxy.aim((await pomona.serve()).url);
  }
  const arrived = await eventually(() => count(name) >= COUNT, 40_000);
  checks.that(`${name}: everything arrived`, arrived, count(name));
  await context.close();
}

function send(page, name, from, to) {
  const event = `Sent By ${name}`;
  return page.evaluate(({ event, from, to }) => {
    for (let n = from; n < to; n += 1) window.track(event, { n });
  }, { event, from, to });
}

/** Runs in the page before anything else: its clock is slow. */
function slowClock(by) {
  const Real = Date;
  window.Date = class extends Real {
    constructor(...given) {
      super(...(given.length ? given : [Real.now() - by]));
    }
    static now() {
      return Real.now() - by;
    }
  };
}

async function startSegment({ host, key, name }) {
  await new Promise((loaded, failed) => {
    document.head.append(Object.assign(document.createElement('script'), { src: '/segment.js', onload: loaded, onerror: failed }));
  });
  const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: host });
  // Tracked before the group is known, as browsers do.
  window.track = (event, properties) => analytics.track(event, properties);
  await analytics.identify(`${name}-user`, { email: 'ada@segment-browser.test' });
  await analytics.group(`${name}-account`, { name: `${name} Browser Ltd` });
}

async function startRudderstack({ host, key, name }) {
  await new Promise((loaded, failed) => {
    document.head.append(Object.assign(document.createElement('script'), { src: '/rudderstack.js', onload: loaded, onerror: failed }));
  });
  const analytics = new window.rudderanalytics.RudderAnalytics();
  await new Promise((ready) => {
    analytics.load(key, host, { configUrl: host, onLoaded: ready, storage: { type: 'memoryStorage' } });
  });
  window.track = (event, properties) => analytics.track(event, properties);
  analytics.identify(`${name}-user`, { email: 'ada@rudder-browser.test' });
  analytics.group(`${name}-account`, { name: `${name} Browser Ltd` });
}

async function startJitsu({ host, key, name }) {
  const { jitsuAnalytics } = await import('/jitsu.js');
  const analytics = jitsuAnalytics({ host, writeKey: key });
  window.track = (event, properties) => analytics.track(event, properties);
  await analytics.identify(`${name}-user`, { email: 'ada@jitsu-browser.test' });
  await analytics.group(`${name}-account`, { name: `${name} Browser Ltd` });
}

function count(name) {
  return pomona.process ? pomona.query(`select count(*) as n from event where name = 'Sent By ${name}'`)[0].n : 0;
}
