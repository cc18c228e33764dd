// The system's Chromium, driven by playwright-core. No browser is downloaded, and no page may ask another host.

import { existsSync } from 'node:fs';

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a browser, or ends with a loud SKIPPED where the machine has none. */
export async function open(playwright, checks) {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) {
    checks.skip('everything', 'no Chromium on this machine; set CHROMIUM to one');
    return checks.finish();
  }
  return playwright.chromium.launch({ executablePath, args: FLAGS });
}

/** A page that notes what goes wrong on it: errors, console errors, and requests to any other origin. */
export async function watchedPage(browser, base, settings) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...settings });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && wrong.push(`console: ${message.text()}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(base).origin) wrong.push(`foreign request: ${url.origin}`);
  });
  return { context, page, wrong };
}
