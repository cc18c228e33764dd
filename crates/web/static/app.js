// @ts-check
/**
 * Pomona in the browser. Every page works without this file; with it, links and forms marked `data-frag`, `data-live`
 * and `data-post` swap one element (a "fragment") instead of the page, `data-try` and `data-again` by themselves, lists answer to the keyboard, boards to dragging,
 * and numbers follow the server. It has no dependencies and no state but the URL's.
 */
/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement | null} */
const find = (selector, root = document) => root.querySelector(selector);
/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);
/** @param {Event} event @param {string} selector @returns {HTMLElement | null} */
const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
const page = () => location.pathname + location.search;

/* Telling */

/** Shows a message for a few seconds; screen readers hear it. @param {string} text */
function toast(text) {
  const box = Object.assign(document.createElement("div"), { textContent: text });
  find("#toasts")?.append(box);
  setTimeout(() => box.remove(), 5000);
}

/** Tells screen readers only. @param {string} text */
const announce = (text) => find("#announce")?.replaceChildren(text);

/* Fragments */

/** Finds a control again in the next rendering of its fragment. @param {Element} control */
function identity(control) {
  if (control.id) return `#${CSS.escape(control.id)}`;
  for (const name of ["data-focus", "name", "href"]) {
    const value = control.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}

/**
 * Puts the element `id` of an answer in the place of the same element here; keeps focus and open details.
 * @param {string} html @param {string} id @returns {HTMLElement | null} the new element
 */
function replace(html, id) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const next = answer.getElementById(id);
  const old = document.getElementById(id);
  if (!next || !old) return null;
  if (answer.title) document.title = answer.title;
  const active = document.activeElement;
  const focus = active && old.contains(active) ? identity(active) : null;
  const open = new Set(all("details[open] > summary", old).map((summary) => summary.textContent));
  old.replaceWith(document.adoptNode(next));
  for (const summary of all("details > summary", next)) {
    if (open.has(summary.textContent)) summary.parentElement?.setAttribute("open", "");
  }
  if (focus) (next.matches(focus) ? next : find(focus, next) ?? find("#main"))?.focus({ preventScroll: true });
  return next;
}

/** Asks for the fragment `id`. @param {string} url @param {string} id @param {RequestInit} [init] */
const ask = (url, id, init = {}) => fetch(url, { ...init, headers: { "X-Fragment": id, Accept: "text/html" } });
/** @param {Response} answer */
const isHtml = (answer) => (answer.headers.get("content-type") ?? "").startsWith("text/html");

let running = new AbortController();
let shown = page();

/** Swaps the fragment `id` for the one at `url`. @param {string} url @param {string} id @param {boolean} push */
async function swap(url, id, push) {
  running.abort();
  const mine = (running = new AbortController());
  document.getElementById(id)?.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(url, id, { signal: mine.signal });
    const html = answer.ok && isHtml(answer) ? await answer.text() : "";
    if (mine !== running) return;
    const next = replace(html, id);
    if (!next) return location.assign(url);
    if (push) history.pushState({ fragment: id }, "", answer.redirected ? answer.url : url);
    shown = page();
    announce(find("[data-announce]", next)?.textContent?.trim() ?? "");
    fillForms();
  } catch {
    if (mine === running) toast("The server did not answer. Check the connection and try again.");
  } finally {
    if (mine === running) document.getElementById(id)?.removeAttribute("aria-busy");
  }
}

/** Makes the search forms say what the URL says, for example after Back. */
function fillForms() {
  const query = new URLSearchParams(location.search);
  for (const field of document.querySelectorAll("form[data-live] :is(input, select)")) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) continue;
    if (field.name && field !== document.activeElement) field.value = query.get(field.name) ?? "";
  }
}

/** The address a live form stands for: the URL as it is, with the form's own fields. @param {HTMLFormElement} form */
function address(form) {
  const query = new URLSearchParams(location.search);
  query.delete("page");
  for (const [name, value] of new FormData(form)) {
    if (find(`[type=hidden][name="${CSS.escape(name)}"]`, form)) continue;
    query.delete(name);
    if (value) query.set(name, String(value));
  }
  const path = new URL(form.action).pathname;
  return query.size ? `${path}?${query}` : path;
}

/** Sends a form and swaps the fragment it names. @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function post(form, button) {
  const data = new FormData(form, button);
  const fields = new URLSearchParams([...data].map(([name, value]) => [name, String(value)]));
  const dialog = form.closest("dialog");
  const target = document.getElementById(String(form.dataset.post));
  for (const control of all("button", form)) control.setAttribute("disabled", "");
  target?.setAttribute("aria-busy", "true");
  try {
    const body = form.enctype === "multipart/form-data" ? data : fields;
    const answer = await ask(form.action, String(form.dataset.post), { method: "POST", body });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
    const next = isHtml(answer) ? replace(await answer.text(), String(form.dataset.post)) : null;
    if (!answer.ok) return next ?? toast(`Nothing was saved (${answer.status}). Reload the page and try again.`);
    if (!next) return location.reload();
    if (dialog?.isConnected) dialog.close();
    const told = answer.headers.get("X-Toast");
    if (told ?? form.dataset.toast) toast(told ? decodeURIComponent(told) : String(form.dataset.toast));
  } catch {
    toast("Nothing was saved: the server did not answer. Try again.");
  } finally {
    target?.removeAttribute("aria-busy");
    for (const control of all("button", form)) control.removeAttribute("disabled");
  }
}

addEventListener("popstate", (event) => {
  const id = event.state?.fragment ?? find("[data-fragment]")?.id;
  if (page() === shown) return; // only the anchor changed
  if (id) swap(location.href, id, false);
  else location.reload();
});

let typing = 0;
addEventListener("input", (event) => {
  const trial = near(event, "form[data-try]");
  if (trial instanceof HTMLFormElement) {
    clearTimeout(typing);
    typing = setTimeout(() => trial.requestSubmit(find("button[name='do']", trial)), 180);
    return;
  }
  const form = near(event, "form[data-live]");
  if (!(form instanceof HTMLFormElement)) return;
  clearTimeout(typing);
  typing = setTimeout(() => swap(address(form), String(form.dataset.live), true), 180);
});

addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  const { live, post: target, move: moves } = form.dataset;
  if (live === undefined && target === undefined && moves === undefined) return;
  if (event.submitter?.hasAttribute("formaction")) return; // a button that leads elsewhere, such as a download
  event.preventDefault();
  clearTimeout(typing);
  if (live) swap(address(form), live, true);
  else if (target) post(form, event.submitter);
  else if (event.submitter instanceof HTMLButtonElement) {
    move(form.closest(".task"), find(`.lane[data-lane="${CSS.escape(event.submitter.value)}"]`));
  }
});

addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (near(event, "details.menu") !== menu) menu.removeAttribute("open");
  if (near(event, "[data-theme-toggle]")) toggleTheme();
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = near(event, "a[data-frag], [data-open], [data-close]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.open) openDialog(link.dataset.open);
  else if (link instanceof HTMLAnchorElement && link.dataset.frag) swap(link.href, link.dataset.frag, true);
  else link.closest("dialog")?.close();
});

/** Opens a dialog. @param {string} id */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  if (id === "palette") look("");
}

function toggleTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  announce(`${theme} theme`);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/* Keyboard */

/** Moves the focus along the lines of the list. @param {number} by */
function step(by) {
  const rows = all("a.row");
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

let going = 0;
/** @type {Record<string, () => void>} */
const keys = {
  "/": () => find("[data-slash]")?.focus(),
  "?": () => openDialog("help"),
  j: () => step(1),
  k: () => step(-1),
  "[": () => find("[rel=prev]")?.click(),
  "]": () => find("[rel=next]")?.click(),
  g: () => void (going = Date.now()),
};
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && find("#palette")) {
    event.preventDefault();
    return openDialog("palette");
  }
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  if (target.matches("input, select, textarea, [contenteditable]")) {
    if (event.key === "Escape" && !target.closest("dialog")) target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog")) return;
  if (event.shiftKey && /^Arrow(Left|Right)$/.test(event.key) && target.matches(".task[draggable]")) {
    const lane = target.closest(".lane");
    event.preventDefault();
    return void move(target, event.key === "ArrowRight" ? lane?.nextElementSibling : lane?.previousElementSibling);
  }
  const entry = Date.now() - going < 1200 ? find(`[data-key="g ${CSS.escape(event.key)}"]`) : null;
  going = 0;
  if (!entry && !(event.key in keys)) return;
  event.preventDefault();
  if (entry) entry.click();
  else keys[event.key]();
});

/* Command palette */

const palette = find("#palette");
let asked = 0;

/** Asks the server and lists what it answers. @param {string} query */
async function look(query) {
  const mine = ++asked;
  const answer = await fetch(`/palette?q=${encodeURIComponent(query)}`).catch(() => null);
  /** @type {{label: string, detail: string, href: string}[]} */
  const hits = answer?.ok ? await answer.json() : [];
  if (mine !== asked) return;
  const items = hits.map((hit, index) => {
    const item = Object.assign(document.createElement("li"), { id: `palette-${index}`, role: "option" });
    item.append(hit.label, Object.assign(document.createElement("small"), { textContent: hit.detail }));
    item.dataset.href = hit.href;
    return item;
  });
  find("#palette-list")?.replaceChildren(...items);
  if (!items.length) announce(answer?.ok ? "Nothing found" : "The server did not answer");
  choose(0);
}

/** Marks one line of the palette. @param {number} index */
function choose(index) {
  const items = all("#palette-list li");
  const at = Math.max(0, Math.min(items.length - 1, index));
  items.forEach((item, position) => item.setAttribute("aria-selected", String(position === at)));
  items[at]?.scrollIntoView({ block: "nearest" });
  find("#palette-q")?.setAttribute("aria-activedescendant", items[at]?.id ?? "");
}

palette?.addEventListener("input", (event) => event.target instanceof HTMLInputElement && look(event.target.value));
palette?.addEventListener("keydown", (event) => {
  const items = all("#palette-list li");
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  event.preventDefault();
  if (event.key !== "Enter") choose(at + (event.key === "ArrowDown" ? 1 : -1));
  else if (items[at]) location.assign(String(items[at].dataset.href));
});
palette?.addEventListener("click", (event) => {
  const item = near(event, "li");
  if (item) location.assign(String(item.dataset.href));
  else if (event.target === palette) palette.closest("dialog")?.close();
});

/* Board */

const countLanes = () => all(".lane").forEach((lane) => find(".count", lane)?.replaceChildren(String(all(".task", lane).length)));

/**
 * Moves a card and tells the server; puts it back when the server refuses.
 * @param {Element | null | undefined} card @param {Element | null | undefined} lane
 */
async function move(card, lane) {
  const form = card?.querySelector("form[data-move]");
  if (!(card instanceof HTMLElement) || !(lane instanceof HTMLElement) || !(form instanceof HTMLFormElement)) return;
  if (!lane.matches(".lane") || lane.contains(card)) return;
  const [from, after] = [card.parentElement, card.nextElementSibling];
  card.querySelector("details")?.removeAttribute("open");
  find("ul", lane)?.append(card);
  countLanes();
  card.focus();
  const body = new URLSearchParams({ [String(form.dataset.field)]: String(lane.dataset.lane) });
  const answer = await ask(form.action, card.id, { method: "POST", body }).catch(() => null);
  if (answer?.ok) return toast(`“${card.dataset.name}” moved to ${lane.dataset.label}.`);
  from?.insertBefore(card, after);
  countLanes();
  toast(`“${card.dataset.name}” could not be moved. Reload the page and try again.`);
}

/** @type {HTMLElement | null} */
let dragged = null;
/** Shows which lane would take the card. @param {HTMLElement | null} lane */
const aim = (lane) => all(".lane").forEach((other) => other.classList.toggle("over", other === lane));
addEventListener("dragstart", (event) => {
  dragged = near(event, ".task[draggable]");
  dragged?.classList.add("dragged");
});
addEventListener("dragover", (event) => {
  const lane = dragged && near(event, ".lane");
  aim(lane);
  if (lane) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
  move(dragged, near(event, ".lane"));
});
addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  aim(null);
});

/* Tooltips of charts; the same data is in the table under each chart. */

const tip = Object.assign(document.createElement("div"), { id: "tip", hidden: true, ariaHidden: "true" });
document.body.append(tip);
/** Shows what the mark under the pointer stands for. @param {PointerEvent} event */
function explain(event) {
  const mark = near(event, "[data-tip]");
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute("data-tip");
  const left = Math.max(8, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8));
  const below = event.clientY + 18 + tip.offsetHeight < innerHeight;
  tip.style.transform = `translate(${left}px, ${event.clientY + (below ? 16 : -tip.offsetHeight - 10)}px)`;
}
addEventListener("pointermove", explain);
addEventListener("pointerdown", explain);
addEventListener("scroll", () => void (tip.hidden = true), { passive: true });

/* Live */

/** Accounts that moved since the last refresh. @type {Set<number>} */
const moved = new Set();

/** Fetches again what shows them: an element's `data-live-src`, or its part of this page. */
async function refresh() {
  const stale = [...moved].flatMap((id) => all(`[data-account="${id}"]`));
  moved.clear();
  /** @type {Map<string, HTMLElement[]>} */
  const sources = new Map();
  for (const element of stale) {
    if (!element.id || (document.activeElement?.matches("input, textarea, select") && element.contains(document.activeElement))) continue;
    const url = element.closest("[data-live-src]")?.getAttribute("data-live-src") ?? location.href;
    sources.set(url, [...(sources.get(url) ?? []), element]);
  }
  for (const [url, elements] of sources) {
    const whole = url === location.href ? elements[0].closest("[data-fragment]")?.id : undefined;
    const answer = await ask(url, whole ?? elements[0].id).catch(() => null);
    const html = answer?.ok && isHtml(answer) ? await answer.text() : "";
    for (const element of elements) replace(html, element.id)?.classList.add("flash");
  }
}

/** @type {EventSource | null} */
let live = null;
let waiting = 0;
function listen() {
  if (live || document.hidden || !find("[data-account], [data-freshness]")) return;
  live = new EventSource("/live");
  live.addEventListener("account", (event) => {
    moved.add(Number(JSON.parse(event.data).id));
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 400);
  });
  live.addEventListener("book", () => {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Newer numbers: show";
    find("[data-freshness]")?.replaceChildren(link);
  });
}
const hush = () => void (live = live?.close() ?? null);
addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);

/* Looking again */

let looking = 0;
/** Fetches a fragment again after its `data-again` milliseconds, for as long as it asks for that. */
function lookAgain() {
  clearTimeout(looking);
  const element = find("[data-again]");
  if (!element?.id) return;
  looking = setTimeout(async () => {
    const answer = document.hidden ? null : await ask(location.href, element.id).catch(() => null);
    if (answer?.ok && isHtml(answer)) replace(await answer.text(), element.id);
    lookAgain();
  }, Number(element.dataset.again));
}
addEventListener("pageshow", lookAgain);
