// The frame around the views: where one is, in which namespace, language and
// theme, and the question for the token.

import { el, put, link, button, choice } from './dom.js';
import { json, askWith } from './api.js';
import { t, lang, setLang } from './i18n.js';
import { here, href, namespace } from './route.js';
import * as live from './live.js';
import * as scenario from './scenario.js';
import * as toss from './throw.js';
import * as verdict from './verdict.js';
import * as clock from './clock.js';

const views = { live, scenario, throw: toss, verdict, clock };
const themeKey = 'mockllm.theme';

let close = null; // Ends the view that is open.
let shown = ''; // What of the address the view was opened with.

const main = el('main', { id: 'main', tabindex: '-1' });
const said = el('div', { id: 'said', role: 'status', 'aria-live': 'polite' });
const tabs = el('nav', {});
const spaces = el('span', { class: 'spaces' });
const switches = el('span', { class: 'switches' });

function frame() {
  document.documentElement.lang = lang() === 'zh' ? 'zh-CN' : 'en';
  document.title = 'mockllm · ' + t('tab.' + here().view);
  put(document.body,
    link('#main', t('skip'), { class: 'skip', on: { click: (e) => { e.preventDefault(); main.focus(); } } }),
    el('header', {}, el('span', { class: 'brand' }, 'mockllm'), tabs, spaces, switches),
    main, said);
  const again = (id) => { frame(); open(); document.getElementById(id).focus(); };
  put(switches,
    button(lang() === 'zh' ? 'English' : '中文', () => { setLang(lang() === 'zh' ? 'en' : 'zh'); again('language'); },
      { id: 'language', lang: lang() === 'zh' ? 'en' : 'zh-CN' }),
    button(t(dark() ? 'theme.light' : 'theme.dark'), () => { theme(dark() ? 'light' : 'dark'); again('theme'); }, { id: 'theme' }));
}

function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function theme(name) {
  if (name) {
    document.documentElement.dataset.theme = name;
    localStorage.setItem(themeKey, name);
  }
}

function drawTabs() {
  const { view } = here();
  tabs.setAttribute('aria-label', t('views'));
  put(tabs, Object.keys(views).map((name) =>
    link(href(name, { namespace: namespace() }), t('tab.' + name), { id: 'tab-' + name, 'aria-current': name === view ? 'page' : null })));
}

/** drawSpaces offers the namespaces that there are, and any other by its name. */
async function drawSpaces(focus) {
  clearTimeout(looking);
  const known = ['', namespace()];
  try {
    known.push(...(await json('/api/v1/namespaces')).namespaces.map((n) => n.name));
  } catch { /* The view says what is wrong. */ }
  const names = [...new Set(known)].sort();
  const busy = spaces.contains(document.activeElement); // It may be open.
  const now = [lang(), namespace(), ...names].join('\n');
  if (now !== offered && !busy) {
    offered = now;
    const more = '\n';
    const select = choice([...names.map((n) => [n, n || t('namespace.default')]), [more, t('namespace.other')]], namespace(), (value) => {
      if (value === more) other();
      else go(value);
    }, { id: 'namespace', 'aria-label': t('namespace') });
    put(spaces, el('span', { class: 'label', 'aria-hidden': 'true' }, t('namespace')), select);
  }
  if (focus) spaces.querySelector('select')?.focus();
  clearTimeout(looking);
  looking = setTimeout(() => drawSpaces(), 5000);
}

let looking = 0; // When it is looked for namespaces again.
let offered = null; // Those that are offered.

function other() {
  const input = el('input', { id: 'namespace', type: 'text', maxlength: '100', pattern: '[A-Za-z0-9._~\\-]*', 'aria-label': t('namespace.name'), placeholder: t('namespace.name'), autocomplete: 'off' });
  input.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') leave();
    if (e.key !== 'Enter') return;
    if (input.checkValidity()) {
      const name = input.value;
      leave();
      go(name);
    } else say(t('namespace.bad'), 'bad');
  });
  const leave = () => {
    offered = null;
    input.blur();
    drawSpaces(true);
  };
  put(spaces, input);
  input.focus();
}

function go(name) {
  location.hash = href(here().view, { namespace: name });
}

/** say tells the user something that happened. */
export function say(text, kind) {
  const line = el('p', { class: kind || 'ok' }, text);
  put(said, line);
  setTimeout(() => line.remove(), 6000);
}

function open() {
  const { view, params } = here();
  shown = address();
  if (close) close();
  drawTabs();
  drawSpaces();
  document.title = 'mockllm · ' + t('tab.' + view);
  put(main);
  main.className = view;
  close = views[view].open(main, params, say);
}

/** address is what of the fragment makes another view: the rest is the view's own. */
function address() {
  return here().view + '\n' + namespace();
}

function moved() {
  if (address() !== shown) {
    open();
    return;
  }
  const { view, params } = here();
  views[view].moved?.(params);
}

/** askToken asks the user for the admin token. */
function askToken(wrong) {
  return new Promise((resolve) => {
    const input = el('input', { type: 'password', id: 'token', autocomplete: 'off', 'aria-describedby': 'token-about' });
    const form = el('form', { on: { submit: (e) => {
      e.preventDefault();
      if (!input.value) return;
      dialog.close();
      dialog.remove();
      resolve(input.value);
    } } },
    el('h2', {}, t('token.title')),
    el('p', { id: 'token-about' }, wrong ? t('token.wrong') : t('token.about')),
    el('label', { class: 'field', for: 'token' }, el('span', { class: 'label' }, t('token')), input),
    el('div', { class: 'row end' }, el('button', { type: 'submit', class: 'primary' }, t('token.send'))));
    const dialog = el('dialog', { class: 'ask', 'aria-label': t('token.title'), on: { cancel: (e) => e.preventDefault() } }, form);
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

theme(localStorage.getItem(themeKey));
askWith(askToken);
frame();
open();
addEventListener('hashchange', moved);
