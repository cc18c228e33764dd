// The black box for checks that need a browser or a Node SDK: starts the binary, asks it questions, counts what holds.
// The twin of pomona.py; packages come from e2e/node_modules, or from the folder that POMONA_E2E_MODULES names.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const STARTS_WITHIN = 180_000;
const STOPS_WITHIN = 60_000;

/** `--binary PATH` and any other `--name value`. */
export function options() {
  const known = { binary: { type: 'string' }, facts: { type: 'string' }, accounts: { type: 'string' }, shots: { type: 'string' } };
  const { values } = parseArgs({ options: known });
  if (!values.binary) {
    console.error('usage: --binary PATH');
    process.exit(2);
  }
  return values;
}

/** Imports an npm package, or ends with a loud SKIPPED where it is not installed. */
export async function load(name, checks) {
  const base = process.env.POMONA_E2E_MODULES ?? import.meta.dirname;
  try {
    return createRequire(join(base, 'package.json'))(name);
  } catch (error) {
    checks.skip('everything', `${error.message.split('\n')[0]}; run npm ci in e2e/`);
    return checks.finish();
  }
}

/** Counts what holds; `finish` prints the plain closing line and exits. */
export class Checks {
  passed = 0;
  failed = 0;
  skipped = 0;

  constructor(title) {
    console.log(`== ${title}`);
  }

  that(name, holds, detail = '') {
    holds ? (this.passed += 1) : (this.failed += 1);
    console.log(`${holds ? 'ok    ' : 'FAILED'} ${name}${detail === '' ? '' : `: ${detail}`}`);
    return holds;
  }

  equal(name, left, right) {
    const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
    return this.that(name, a === b, a === b ? a : `${a} is not ${b}`);
  }

  skip(name, why) {
    this.skipped += 1;
    console.log(`SKIPPED ${name}: ${why}`);
  }

  finish() {
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    process.exit(this.failed ? 1 : 0);
  }
}

/** One binary with a home of its own, removed at `close`. */
export class Pomona {
  constructor(binary) {
    this.binary = binary;
    this.folder = mkdtempSync(join(tmpdir(), 'pomona-e2e-'));
    this.home = join(this.folder, 'home');
    this.log = join(this.folder, 'log');
  }

  /** Starts a demo and returns its ready line. */
  demo(accounts) {
    return this.start('demo', '--accounts', String(accounts));
  }

  /** Starts a server on the home as it is and returns its ready line. */
  serve() {
    return this.start('serve');
  }

  async start(...command) {
    const log = openSync(this.log, 'a');
    const all = [...command, '--home', this.home, '--ready-json', '--listen', '127.0.0.1:0'];
    this.process = spawn(this.binary, all, { stdio: ['ignore', 'pipe', log] });
    this.ended = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)));
    const line = await this.firstLine();
    if (!line) throw new Error(`${command[0]} did not become ready; its log says:\n${readFileSync(this.log, 'utf8').slice(-2000)}`);
    return JSON.parse(line);
  }

  firstLine() {
    const lines = createInterface({ input: this.process.stdout });
    const late = new Promise((resolve) => setTimeout(resolve, STARTS_WITHIN, '').unref());
    return Promise.race([new Promise((resolve) => lines.once('line', resolve)), this.ended.then(() => ''), late]);
  }

  /** Asks the server to stop and returns its exit code; `null` when it had to be killed. */
  async stop() {
    if (!this.process) return 0;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOPS_WITHIN);
    const code = await this.ended;
    clearTimeout(timer);
    this.process = undefined;
    return code;
  }

  /** Kills the server without a word. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
    this.process = undefined;
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `pomona query`, as rows by column name. */
  query(sql) {
    const done = spawnSync(this.binary, ['query', sql, '--most', '50000000', '--home', this.home, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(`pomona query failed: ${done.stderr}`);
    return JSON.parse(done.stdout);
  }
}
