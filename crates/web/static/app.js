// @ts-check
/**
 * Pomona in the browser. Every page works without this file; with it, links and forms marked `data-frag`, `data-live`
 * and `data-post` swap one element ("fragment") instead of the page, lists answer to the keyboard, boards to dragging,
 * and numbers follow the server. It has no dependencies and keeps no state but the URL's.
 */
"use strict";

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement | null} */
const find = (selector, root = document) => root.querySelector(selector);
/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);
/** The nearest element around an event's target that matches. @param {Event} event @param {string} selector @returns {HTMLElement | null} */
const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/* Telling */

/** Shows a message for a few seconds; screen readers hear it. @param {string} text */
function toast(text) {
  const box = document.createElement("div");
  box.textContent = text;
  find("#toasts")?.append(box);
  setTimeout(() => box.remove(), 5000);
}

/** @param {string} text */
function announce(text) {
  const place = find("#announce");
  if (place) place.textContent = text;
}

/* Fragments */

let latest = 0;
let running = new AbortController();

/** What identifies a control across two renderings of the same fragment. @param {Element} control */
function identity(control) {
  if (control.id) return `#${CSS.escape(control.id)}`;
  const focus = control.getAttribute("data-focus");
  if (focus) return `[data-focus="${CSS.escape(focus)}"]`;
  const name = control.getAttribute("name");
  if (name) return `[name="${CSS.escape(name)}"]`;
  const href = control.getAttribute("href");
  return href ? `[href="${CSS.escape(href)}"]` : null;
}

/**
 * Puts the element `id` of an answer in the place of the same element here and keeps the focus.
 * @param {string} html @param {string} id @returns {HTMLElement | null} the new element
 */
function replace(html, id) {
  const next = new DOMParser().parseFromString(html, "text/html").getElementById(id);
  const old = document.getElementById(id);
  if (!next || !old) return null;
  const active = document.activeElement;
  const focus = active && old.contains(active) ? identity(active) : null;
  const open = new Set(all("details[open] > summary", old).map((summary) => summary.textContent));
  old.replaceWith(document.adoptNode(next));
  for (const summary of all("details > summary", next)) {
    if (open.has(summary.textContent)) summary.parentElement?.setAttribute("open", "");
  }
  if (focus) (find(focus, next) ?? find("#main"))?.focus({ preventScroll: true });
  return next;
}

/** @param {string} url @param {string} id @param {RequestInit} [init] */
function request(url, id, init = {}) {
  return fetch(url, { ...init, headers: { ...init.headers, "X-Fragment": id, Accept: "text/html" } });
}

/** @param {Response} answer */
const isHtml = (answer) => (answer.headers.get("content-type") ?? "").startsWith("text/html");

/** Swaps the fragment `id` for the one at `url`. @param {string} url @param {string} id @param {boolean} push */
async function swap(url, id, push) {
  running.abort();
  running = new AbortController();
  const mine = ++latest;
  document.getElementById(id)?.setAttribute("aria-busy", "true");
  try {
    const answer = await request(url, id, { signal: running.signal });
    if (!answer.ok || !isHtml(answer)) return location.assign(url);
    const html = await answer.text();
    if (mine !== latest) return;
    if (push) history.pushState({ fragment: id }, "", answer.redirected ? answer.url : url);
    const next = replace(html, id);
    if (!next) return location.assign(url);
    announce(find("[data-announce]", next)?.textContent?.trim() ?? "");
    fillForms();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) toast("The server did not answer. Check the connection and try again.");
  } finally {
    document.getElementById(id)?.removeAttribute("aria-busy");
  }
}

/** Makes the search forms say what the URL says, for example after Back. */
function fillForms() {
  const query = new URLSearchParams(location.search);
  for (const form of document.querySelectorAll("form[data-live]")) {
    for (const field of form.querySelectorAll("input, select")) {
      if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) continue;
      if (field.name && field !== document.activeElement) field.value = query.get(field.name) ?? "";
    }
  }
}

/** The address a live form stands for: what the URL already says, with the form's own fields. @param {HTMLFormElement} form */
function address(form) {
  const query = new URLSearchParams(location.search);
  query.delete("page");
  for (const [name, value] of new FormData(form)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "hidden") continue;
    if (value) query.set(name, String(value));
    else query.delete(name);
  }
  const path = new URL(form.action).pathname;
  return query.size ? `${path}?${query}` : path;
}

/** Sends a form and swaps the fragment it names. @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function post(form, button) {
  const id = form.dataset.post ?? "";
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, button)) body.append(name, String(value));
  for (const control of all("button", form)) control.setAttribute("disabled", "");
  try {
    const answer = await request(form.action, id, { method: "POST", body });
    const elsewhere = answer.redirected && new URL(answer.url).pathname !== location.pathname;
    if (!isHtml(answer) || elsewhere || !replace(await answer.text(), id)) return location.assign(elsewhere ? answer.url : location.href);
    const dialog = form.closest("dialog");
    if (answer.ok && dialog?.isConnected) dialog.close();
    const told = answer.headers.get("X-Toast");
    if (answer.ok && (told || form.dataset.toast)) toast(told ? decodeURIComponent(told) : String(form.dataset.toast));
  } catch {
    toast("Nothing was saved: the server did not answer. Try again.");
  } finally {
    for (const control of all("button", form)) control.removeAttribute("disabled");
  }
}

addEventListener("popstate", (event) => {
  const id = event.state?.fragment ?? all("[data-fragment]")[0]?.id;
  if (id) swap(location.href, id, false);
});

let typing = 0;
addEventListener("input", (event) => {
  const form = near(event, "form[data-live]");
  if (!(form instanceof HTMLFormElement)) return;
  clearTimeout(typing);
  typing = setTimeout(() => swap(address(form), String(form.dataset.live), true), 180);
});

addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  const button = event.submitter;
  if (form.dataset.live) {
    event.preventDefault();
    clearTimeout(typing);
    swap(address(form), form.dataset.live, true);
  } else if (form.dataset.post) {
    event.preventDefault();
    post(form, button);
  } else if (form.hasAttribute("data-move") && button instanceof HTMLButtonElement) {
    event.preventDefault();
    move(form.closest(".task"), find(`.lane[data-lane="${CSS.escape(button.value)}"]`));
  }
});

addEventListener("click", (event) => {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = near(event, "a[data-frag]");
  if (link instanceof HTMLAnchorElement && plain) {
    event.preventDefault();
    swap(link.href, String(link.dataset.frag), true);
  }
  const opener = near(event, "[data-open]");
  if (opener && plain) {
    event.preventDefault();
    open(String(opener.dataset.open));
  }
  if (near(event, "[data-close]")) {
    event.preventDefault();
    near(event, "dialog")?.dispatchEvent(new Event("dismiss"));
    const dialog = near(event, "dialog");
    if (dialog instanceof HTMLDialogElement) dialog.close();
  }
  if (near(event, "[data-theme-toggle]")) toggleTheme();
  for (const menu of all("details.menu[open]")) if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
});

/** @param {string} id */
function open(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  if (id === "palette") look("");
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  announce(`${root.dataset.theme} theme`);
}

/* Keyboard */

/** Moves the focus along the lines of the list. @param {number} by */
function step(by) {
  const rows = all("a.row");
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

let going = 0;
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && find("#palette")) {
    event.preventDefault();
    return open("palette");
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
  if (Date.now() - going < 1200) {
    going = 0;
    const entry = find(`[data-key="g ${CSS.escape(event.key)}"]`);
    if (entry) return entry.click();
  }
  /** @type {Record<string, () => void>} */
  const keys = {
    "/": () => find("[data-slash]")?.focus(),
    "?": () => open("help"),
    j: () => step(1),
    k: () => step(-1),
    "[": () => find("[rel=prev]")?.click(),
    "]": () => find("[rel=next]")?.click(),
    g: () => void (going = Date.now()),
  };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

/* Command palette */

let asked = 0;
/** Asks the server and lists what it answers. @param {string} query */
async function look(query) {
  const mine = ++asked;
  const list = find("#palette-list");
  if (!list) return;
  try {
    const answer = await fetch(`/palette?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } });
    /** @type {{label: string, detail: string, href: string}[]} */
    const hits = answer.ok ? await answer.json() : [];
    if (mine !== asked) return;
    list.replaceChildren(...hits.map((hit, index) => {
      const item = document.createElement("li");
      const detail = document.createElement("small");
      item.id = `palette-${index}`;
      item.role = "option";
      item.dataset.href = hit.href;
      detail.textContent = hit.detail;
      item.append(hit.label, detail);
      return item;
    }));
    if (!hits.length) announce("Nothing found");
    choose(0);
  } catch {
    list.replaceChildren();
    announce("The server did not answer");
  }
}

/** @param {number} index */
function choose(index) {
  const items = all("#palette-list li");
  const at = Math.max(0, Math.min(items.length - 1, index));
  items.forEach((item, position) => item.setAttribute("aria-selected", String(position === at)));
  items[at]?.scrollIntoView({ block: "nearest" });
  find("#palette-q")?.setAttribute("aria-activedescendant", items[at]?.id ?? "");
}

const palette = find("#palette");
palette?.addEventListener("input", (event) => event.target instanceof HTMLInputElement && look(event.target.value));
palette?.addEventListener("keydown", (event) => {
  const items = all("#palette-list li");
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(at + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter" && items[at]) {
    event.preventDefault();
    location.assign(String(items[at].dataset.href));
  }
});
palette?.addEventListener("click", (event) => {
  const item = near(event, "li");
  if (item) location.assign(String(item.dataset.href));
  else if (event.target === palette && palette instanceof HTMLDialogElement) palette.close();
});

/* Board */

function countLanes() {
  for (const lane of all(".lane")) {
    const count = find(".count", lane);
    if (count) count.textContent = String(all(".task", lane).length);
  }
}

/**
 * Moves a card and tells the server; puts it back when the server refuses.
 * @param {Element | null | undefined} card @param {Element | null | undefined} lane
 */
async function move(card, lane) {
  const form = card?.querySelector("form[data-move]");
  const from = card?.parentElement;
  if (!(card instanceof HTMLElement) || !(lane instanceof HTMLElement) || !(form instanceof HTMLFormElement)) return;
  if (!lane.matches(".lane") || lane.contains(card)) return;
  const after = card.nextElementSibling;
  card.querySelector("details")?.removeAttribute("open");
  find("ul", lane)?.append(card);
  countLanes();
  card.focus();
  const body = new URLSearchParams({ [String(form.dataset.field)]: String(lane.dataset.lane) });
  const answer = await request(form.action, card.id, { method: "POST", body }).catch(() => null);
  if (answer?.ok) return toast(`“${card.dataset.name}” moved to ${lane.dataset.label}.`);
  from?.insertBefore(card, after);
  countLanes();
  toast(`“${card.dataset.name}” could not be moved. Reload the page and try again.`);
}

/** @type {HTMLElement | null} */
let dragged = null;
addEventListener("dragstart", (event) => {
  dragged = near(event, ".task[draggable]");
  dragged?.classList.add("dragged");
});
addEventListener("dragover", (event) => {
  const lane = dragged && near(event, ".lane");
  for (const other of all(".lane.over")) if (other !== lane) other.classList.remove("over");
  if (!lane) return;
  lane.classList.add("over");
  event.preventDefault();
});
addEventListener("drop", (event) => {
  if (dragged && near(event, ".lane")) event.preventDefault();
  move(dragged, near(event, ".lane"));
});
addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  for (const lane of all(".lane.over")) lane.classList.remove("over");
});

/* Tooltips of charts: the same data is in the table under each chart. */

const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
for (const kind of ["pointermove", "pointerdown"]) {
  addEventListener(kind, (event) => {
    const mark = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    tip.hidden = !mark;
    if (!mark || !(event instanceof PointerEvent)) return;
    tip.textContent = mark.getAttribute("data-tip");
    const left = Math.max(8, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8));
    const below = event.clientY + 18 + tip.offsetHeight < innerHeight;
    tip.style.transform = `translate(${left}px, ${event.clientY + (below ? 16 : -tip.offsetHeight - 10)}px)`;
  });
}
addEventListener("scroll", () => void (tip.hidden = true), { passive: true });

/* Live */

/** @type {Set<number>} */
const moved = new Set();

/** Fetches again what shows the accounts that moved: an element's own `data-live-src`, or its part of this page. */
async function refresh() {
  const stale = [...moved].flatMap((id) => all(`[data-account="${id}"]`)).filter((e) => e.id && !e.contains(document.activeElement?.closest("form") ?? null));
  moved.clear();
  /** @type {Map<string, HTMLElement[]>} */
  const sources = new Map();
  for (const element of stale) {
    const source = element.dataset.liveSrc ?? element.closest("[data-live-src]")?.getAttribute("data-live-src");
    const url = source ?? location.href;
    sources.set(url, [...(sources.get(url) ?? []), element]);
  }
  for (const [url, elements] of sources) {
    const id = url === location.href ? elements[0].closest("[data-fragment]")?.id : elements[0].id;
    const answer = await request(url, id ?? elements[0].id).catch(() => null);
    if (!answer?.ok || !isHtml(answer)) continue;
    const html = await answer.text();
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
    const badge = find("[data-freshness]");
    if (!badge || badge.querySelector("a")) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Newer numbers are ready: show them";
    badge.replaceChildren(link);
  });
}
function hush() {
  live?.close();
  live = null;
}
addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
addEventListener("pagehide", hush);
addEventListener("pageshow", listen);
