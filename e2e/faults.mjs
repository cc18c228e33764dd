// A proxy between an SDK and the server that plants what networks and deployments do: answers of 503, and a server that
// dies in mid-stream and comes back at another port. It counts what it planted, so that a check can tell it happened.

import { createServer, request } from 'node:http';

/** What a browser must be told before it may read an answer that is not the server's. */
const OPEN = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' };

export class FaultProxy {
  planted = 0;
  cut = 0;
  #refusing = 0;
  #target;

  constructor() {
    this.server = createServer((asked, answer) => this.#pass(asked, answer));
  }

  /** Listens on loopback and returns its address. */
  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Sends everything to this server from now on; to none while it is away. */
  aim(url) {
    this.#target = url && new URL(url);
  }

  /** Answers the next posts with 503 and a time to come back. */
  refuse(posts) {
    this.#refusing = posts;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  #pass(asked, answer) {
    if (!this.#target) {
      this.cut += 1;
      asked.socket.destroy();
      return;
    }
    if (asked.method === 'POST' && this.#refusing > 0) {
      this.#refusing -= 1;
      this.planted += 1;
      asked.resume();
      answer.writeHead(503, { ...OPEN, 'retry-after': '1', 'content-type': 'application/problem+json' });
      answer.end('{"code":"unavailable","message":"planted"}');
      return;
    }
    const { hostname, port } = this.#target;
    const onward = request({ hostname, port, method: asked.method, path: asked.url, headers: asked.headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => asked.socket.destroy());
    asked.pipe(onward);
  }
}

/** Waits until something holds, at most this long; tells whether it did. */
export async function eventually(holds, within = 30_000) {
  for (const end = Date.now() + within; Date.now() < end; ) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Checks that an SDK's facts are stored once, for one account, and at the right time. */
export function stored(checks, pomona, name, facts, begun) {
  const event = `Sent By ${name}`;
  const [row] = pomona.query(
    'select count(*) as facts, count(distinct event_id) as ids, count(distinct account_id) as accounts, ' +
      `cast(min(occurred_at) as varchar) as first, cast(max(occurred_at) as varchar) as last from event where name = '${event}'`,
  );
  checks.equal(`${event}: stored, once`, [row.facts, row.ids], [facts, facts]);
  checks.equal(`${event}: attributed to one account`, row.accounts, 1);
  const [first, last] = [row.first, row.last].map((at) => Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(at) ? at : `${at}Z`));
  checks.that(`${event}: at the right time`, first > begun - 60_000 && last < Date.now() + 60_000, `${row.first} to ${row.last}`);
}
