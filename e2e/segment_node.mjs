// Segment's own Node SDK, unmodified and pointed at us: every call it makes is acknowledged, and stored once.
//
//     node e2e/segment_node.mjs --binary target/debug/pomona [--facts 300]

import { Checks, Pomona, load, options } from './pomona.mjs';

const EVENT = 'Sent By The Node SDK';
const { binary, facts = '300' } = options();
const checks = new Checks(`Segment's Node SDK sends ${facts} facts`);
const { Analytics } = await load('@segment/analytics-node', checks);

const pomona = new Pomona(binary);
try {
  const ready = await pomona.demo(20);
  const errors = await send(ready, Number(facts));
  checks.equal('errors that the SDK saw', errors, []);
  checks.equal('a clean stop ends with 0', await pomona.stop(), 0);
  const [count] = pomona.query(
    'select count(*) as facts, count(distinct event_id) as ids, count(distinct account_id) as accounts ' +
      `from event where name = '${EVENT}'`,
  );
  checks.equal('stored', [count.facts, count.ids], [Number(facts), Number(facts)]);
  checks.equal('attributed to the account that `group` named', count.accounts, 1);
} finally {
  await pomona.close();
}
checks.finish();

async function send({ url, write_key: writeKey }, count) {
  const errors = [];
  const analytics = new Analytics({ writeKey, host: url, flushAt: 20, maxRetries: 3 });
  analytics.on('error', (error) => errors.push(String(error.reason ?? error)));
  analytics.identify({ userId: 'sdk-node-user', traits: { name: 'Grace' } });
  analytics.group({ userId: 'sdk-node-user', groupId: 'sdk-node-account', traits: { name: 'SDK Node Ltd' } });
  for (let number = 0; number < count; number += 1) {
    analytics.track({ userId: 'sdk-node-user', event: EVENT, properties: { number } });
  }
  await analytics.closeAndFlush({ timeout: 60_000 });
  return errors;
}
