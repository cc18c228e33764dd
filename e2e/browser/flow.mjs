// A working day by keyboard alone: log in by link, filter, open an account, go Back, work a CTA; find the same pages
// without JavaScript; and before all that, the first day, when somebody sets up the administrator.
//
//     node e2e/browser/flow.mjs --binary target/debug/pomona [--accounts 60] [--shots DIR]
//
// No step uses the mouse. After each step the page has to be whole: a fragment that Back shows as a page is the fault
// that this flow was first written for.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Checks, Pomona, load, options } from '../pomona.mjs';
import { open, watchedPage } from './chromium.mjs';

const { binary, accounts = '60', shots } = options();
const checks = new Checks('a working day by keyboard');
const playwright = await load('playwright-core', checks);
if (shots) mkdirSync(shots, { recursive: true });

const browser = await open(playwright, checks);
const empty = new Pomona(binary);
const pomona = new Pomona(binary);
try {
  await firstDay(await empty.serve());
  await empty.stop();
  const ready = await pomona.demo(Number(accounts));
  await keyboardDay(ready);
  await withoutScript(ready);
} catch (error) {
  checks.that('the flow came to its end', false, error.message.split('\n').slice(0, 4).join(' / '));
} finally {
  await browser.close();
  await empty.close();
  await pomona.close();
}
checks.finish();

/** The set-up link makes the first administrator, who logs out and comes back with the password. */
async function firstDay({ url, setup }) {
  const { context, page, wrong } = await watchedPage(browser, url, { viewport: { width: 1360, height: 900 } });
  page.setDefaultTimeout(15_000);
  const person = { name: 'Ada Admin', email: 'ada@pomona.test', password: 'correct horse battery staple' };
  await page.goto(setup);
  await fill(page, person);
  await whole(page, '/', 'the set-up link makes an administrator');
  await page.goto(`${url}/accounts`);
  checks.equal('an empty book says so and shows no line', await page.locator('a.row').count(), 0);
  await context.clearCookies();
  await page.goto(url);
  await page.waitForURL(/\/login/);
  await fill(page, { email: person.email, password: 'wrong horse battery staple' });
  checks.that('a wrong password is refused', new URL(page.url()).pathname.startsWith('/login'), page.url());
  await fill(page, { email: person.email, password: person.password });
  await whole(page, '/', 'the password logs in');
  await page.goto(setup);
  checks.that('the set-up link works once', (await page.locator('input[name=password]').count()) === 0);
  const expected = /status of (401|404|410|422)/;
  checks.equal('nothing went wrong on the first day', [...new Set(wrong)].filter((text) => !expected.test(text)), []);
  await context.close();
}

/** Types into the fields of a form by name, and sends it with Enter. */
async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`input[name=${name}]`).first().focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type(value);
  }
  const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.keyboard.press('Enter');
  await answered;
  await page.waitForLoadState('load');
}

async function keyboardDay({ url, login }) {
  const { context, page, wrong } = await watchedPage(browser, url, { viewport: { width: 1360, height: 900 } });
  page.setDefaultTimeout(15_000);
  await page.goto(login.csm);
  await whole(page, '/', 'the link logs in');

  const row = await filter(page);
  await openAndBack(page, row);
  await help(page);
  await palette(page, row);
  await workCta(page);

  checks.equal('nothing went wrong on the way', [...new Set(wrong)], []);
  await context.close();
}

/** Goes to the portfolio and searches for the first account by its name. */
async function filter(page) {
  await keys(page, 'g', 'p');
  await whole(page, '/accounts', 'g p goes to the portfolio');
  const before = await page.locator('a.row').count();
  const name = (await page.locator('a.row').first().innerText()).trim();
  await page.keyboard.press('/');
  checks.equal('/ focuses the search', await focused(page), 'q');
  await page.keyboard.type(name);
  await page.waitForURL((address) => address.searchParams.get('q') === name);
  await page.waitForFunction((all) => document.querySelectorAll('a.row').length < all, before);
  checks.equal('the search keeps its focus', await focused(page), 'q');
  checks.equal('the search finds the account', (await page.locator('a.row').first().innerText()).trim(), name);
  return name;
}

/** Opens the line with j and Enter, and comes Back to the list as it was. */
async function openAndBack(page, name) {
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement?.blur());
  await keys(page, 'j', 'Enter');
  await page.waitForURL(/\/accounts\/\d+/);
  await whole(page, '/accounts/', 'Enter opens the account');
  checks.that('the page is the account', (await page.locator('h1').innerText()).includes(name), name);
  // Alt and the left arrow are the browser's own, and a headless one has no such keys.
  await page.goBack();
  await whole(page, '/accounts', 'Back shows the whole list');
  checks.equal('Back keeps the search', await page.locator('input[name=q]').inputValue(), name);
}

async function help(page) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('?');
  await page.locator('dialog#help').waitFor({ state: 'visible' });
  checks.that('? shows the keys', true);
  await page.keyboard.press('Escape');
  await page.locator('dialog#help').waitFor({ state: 'hidden' });
}

async function palette(page, name) {
  await page.keyboard.press('Control+k');
  await page.locator('#palette-q').waitFor({ state: 'visible' });
  await page.keyboard.type(name);
  await page.locator('#palette-list [role=option]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/accounts\/\d+/);
  checks.that('the palette finds the account', (await page.locator('h1').innerText()).includes(name), name);
}

/** Moves the first open CTA to the next lane, and finds it there again. */
async function workCta(page) {
  await keys(page, 'g', 'c');
  await whole(page, '/ctas', 'g c goes to the CTAs');
  if ((await page.locator('li.card[tabindex]').count()) === 0) await page.goto(new URL('/ctas?view=board', page.url()).href);
  const card = page.locator('.lane').first().locator('li.card[tabindex]').first();
  const id = await card.getAttribute('id');
  const lanes = await page.locator('.lane').evaluateAll((all) => all.map((lane) => lane.dataset.lane));
  for (let presses = 0; presses < 200 && (await page.evaluate(() => document.activeElement?.id)) !== id; presses += 1) {
    await page.keyboard.press('Tab');
  }
  checks.equal('Tab reaches the card', await page.evaluate(() => document.activeElement?.id), id);
  const moved = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.keyboard.press('Shift+ArrowRight');
  checks.that('the move is accepted', (await moved).status() < 400, (await moved).status());
  await page.reload();
  const lane = await page.locator(`#${id}`).evaluate((card) => card.closest('.lane').dataset.lane);
  checks.equal('the CTA is in the next lane', lane, lanes[1]);
}

/** The same pages with scripts switched off: the search is a form, the lines are links. */
async function withoutScript({ url, login }) {
  const { context, page, wrong } = await watchedPage(browser, url, {
    javaScriptEnabled: false,
    viewport: { width: 390, height: 844 },
  });
  page.setDefaultTimeout(15_000);
  await page.goto(login.manager);
  await page.goto(`${url}/accounts`);
  const name = (await page.locator('a.row').first().innerText()).trim();
  await page.locator('input[name=q]').focus();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await page.waitForURL((address) => address.searchParams.get('q') === name);
  checks.equal('without script the search is a form', (await page.locator('a.row').first().innerText()).trim(), name);
  await page.locator('a.row').first().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/accounts\/\d+/);
  checks.that('without script the line is a link', (await page.locator('h1').innerText()).includes(name), name);
  checks.equal('nothing went wrong without script', [...new Set(wrong)], []);
  await context.close();
}

/** Presses keys one after the other, as a person does. */
async function keys(page, ...names) {
  for (const name of names) await page.keyboard.press(name, { delay: 20 });
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.getAttribute('name') ?? '');
}

/** The address is right, and the page is whole: navigation, one heading, a main part. */
async function whole(page, path, name) {
  await page.waitForURL((address) => (path.endsWith('/') && path !== '/' ? address.pathname.startsWith(path) : address.pathname === path));
  await page.locator('h1').first().waitFor();
  const parts = await page.evaluate(() => ['nav', 'main', 'h1'].map((part) => document.querySelectorAll(part).length > 0));
  checks.that(name, parts.every(Boolean), new URL(page.url()).pathname);
  if (shots) await page.screenshot({ path: join(shots, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`) });
}
