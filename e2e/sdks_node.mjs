// The official Node SDKs of Segment, RudderStack and Jitsu, unmodified and pointed at us: through answers of 503, a kill in
// mid-stream and a clock that is an hour slow, what they sent is stored, once, at the right time.
//
//     node e2e/sdks_node.mjs --binary target/debug/pomona [--facts 90]
//
// Jitsu's SDK does not retry by itself, so no fault is planted for it: what it sends once has to arrive.

import { FaultProxy, eventually, stored } from './faults.mjs';
import { Checks, Pomona, load, options } from './pomona.mjs';

const { binary, facts = '90' } = options();
const COUNT = Number(facts);
const SLOW_BY = 3_600_000;
const checks = new Checks(`the Node SDKs of Segment, RudderStack and Jitsu send ${COUNT} facts each`);
const { Analytics } = await load('@segment/analytics-node', checks);
const rudder = await load('@rudderstack/rudder-sdk-node', checks);
const Rudder = rudder.default ?? rudder;
const { jitsuAnalytics } = await load('@jitsu/js', checks);

const pomona = new Pomona(binary);
const proxy = new FaultProxy();
try {
  const ready = await pomona.demo(20);
  const host = await proxy.listen();
  proxy.aim(ready.url);
  const begun = Date.now();
  await anHourSlow(() => segment(host, ready.write_key));
  await anHourSlow(() => rudderstack(host, ready.write_key));
  await anHourSlow(() => jitsu(host, ready.write_key));
  checks.that('answers of 503 were planted', proxy.planted >= 4, proxy.planted);
  checks.equal('a clean stop ends with 0', await pomona.stop(), 0);
  for (const name of ['Segment', 'RudderStack', 'Jitsu']) stored(checks, pomona, name, COUNT, begun);
} finally {
  proxy.close();
  await pomona.close();
}
checks.finish();

/** Sends in three parts: in peace, through 503s, and while the server is killed and started again. */
async function storm(track, flush) {
  const part = Math.floor(COUNT / 3);
  for (let n = 0; n < part; n += 1) track(n);
  await flush();
  proxy.refuse(2);
  for (let n = part; n < 2 * part; n += 1) track(n);
  await flush();
  await pomona.kill();
  proxy.aim(undefined);
  for (let n = 2 * part; n < COUNT; n += 1) track(n);
  const flushed = flush();
  proxy.aim((await pomona.serve()).url);
  await flushed;
}

async function segment(host, writeKey) {
  const errors = [];
  const analytics = new Analytics({ writeKey, host, flushAt: 10, flushInterval: 200, maxRetries: 20 });
  analytics.on('error', (error) => errors.push(String(error.reason ?? error)));
  analytics.group({ userId: 'segment-user', groupId: 'segment-account', traits: { name: 'Segment Node Ltd' } });
  const track = (n) => analytics.track({ userId: 'segment-user', event: 'Sent By Segment', properties: { n } });
  await storm(track, () => analytics.flush({ timeout: 60_000 }));
  await analytics.closeAndFlush({ timeout: 60_000 });
  checks.equal("errors that Segment's SDK saw", errors, []);
}

async function rudderstack(host, writeKey) {
  const analytics = new Rudder(writeKey, { dataPlaneUrl: host, flushAt: 10, flushInterval: 200, retryCount: 20, logLevel: 'error' });
  analytics.group({ userId: 'rudder-user', groupId: 'rudder-account', traits: { name: 'Rudder Node Ltd' } });
  const track = (n) => analytics.track({ userId: 'rudder-user', event: 'Sent By RudderStack', properties: { n } });
  const flush = async () => {
    for (let tries = 0; tries < 60; tries += 1) {
      const failed = await analytics.flush().then(() => false, () => true);
      if (!failed) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await storm(track, flush);
  await eventually(() => count('Sent By RudderStack') >= COUNT, 20_000);
}

async function jitsu(host, writeKey) {
  const analytics = jitsuAnalytics({ host, writeKey: `${writeKey}:secret`, s2s: true, errorPolicy: 'throw' });
  await analytics.group('jitsu-account', { name: 'Jitsu Node Ltd' });
  for (let n = 0; n < COUNT; n += 1) {
    await analytics.track('Sent By Jitsu', { n, account_id: 'jitsu-account' });
  }
}

/** Runs something under a clock that is an hour slow. */
async function anHourSlow(work) {
  const Real = globalThis.Date;
  globalThis.Date = class extends Real {
    constructor(...given) {
      super(...(given.length ? given : [Real.now() - SLOW_BY]));
    }
    static now() {
      return Real.now() - SLOW_BY;
    }
  };
  try {
    await work();
  } finally {
    globalThis.Date = Real;
  }
}

function count(event) {
  return pomona.query(`select count(*) as n from event where name = '${event}'`)[0].n;
}
