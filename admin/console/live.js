// Live: the exchanges as they come. Only the rows that can be seen are in the
// document, and they are drawn once for each frame of the screen.

import { el, put, button, choice, field, badge } from './dom.js';
import { json } from './api.js';
import { t, says } from './i18n.js';
import { note, namespace } from './route.js';
import { causes, outcomes, outcomeOf } from './outcome.js';
import { follow } from './stream.js';
import { clock, duration, short } from './format.js';
import * as exchange from './exchange.js';

const mostRows = 20000;

let current = null;

/** open shows the view and returns how to close it. */
export function open(root, params, say) {
  current = new Live(root, params, say);
  const stop = current.start();
  return () => { stop(); current = null; };
}

/** moved is told when the address changes within the view. */
export function moved(params) {
  current?.show(Number(params.get('id')) || 0, params.get('of'));
}

class Live {
  constructor(root, params, say) {
    this.root = root;
    this.say = say;
    this.rows = new Map(); // By id, oldest first.
    this.found = []; // The ids that the filters let through, oldest first.
    this.filters = { dialect: '', entry: '', outcome: '', cause: '', text: '', all: '' };
    for (const name of Object.keys(this.filters)) this.filters[name] = params.get(name) || '';
    this.id = Number(params.get('id')) || 0;
    this.of = params.get('of');
    this.cursor = 0; // The id of the row that the keys are on.
    this.first = -1;
    this.stale = true;
    this.dialects = new Set();
    this.entries = new Set();
  }

  start() {
    this.build();
    const stop = this.listen();
    const resized = new ResizeObserver(() => this.soon());
    resized.observe(this.list);
    if (this.id) this.show(this.id, this.of);
    this.learn();
    return () => {
      this.closed = true;
      this.stop();
      resized.disconnect();
    };
  }

  /** learn finds out what clients call, for who has not called anything yet. */
  async learn() {
    try {
      const { url } = await json('/version');
      if (!url) return;
      const address = new URL(url);
      if (['0.0.0.0', '[::]'].includes(address.hostname)) address.hostname = location.hostname;
      this.called = address.origin + (namespace() && '/ns/' + namespace());
    } catch { return; } // What follows the calls says so.
    this.stale = true;
    this.soon();
  }

  listen() {
    this.stop?.();
    const all = this.filters.all === '1';
    this.grid.classList.toggle('all', all);
    this.stop = follow({ namespace: namespace(), all }, {
      event: (name, data) => this.event(name, data),
      state: (state, why) => this.state(state, why),
      anew: () => this.clear(),
    });
  }

  build() {
    this.status = el('span', { id: 'stream', class: 'stream', role: 'status' });
    this.count = el('span', { id: 'count', class: 'count' });
    this.dialectChoice = el('span', {});
    this.entryList = el('datalist', { id: 'entries' });
    const set = (name) => (value) => this.filter(name, value);
    const typed = (name) => (e) => this.filter(name, e.target.value.trim());
    const all = el('input', { type: 'checkbox', id: 'filter-all', checked: this.filters.all === '1', on: { change: () => {
      this.filter('all', all.checked ? '1' : '');
      this.clear();
      this.listen();
    } } });
    const filters = el('div', { class: 'filters', role: 'search', 'aria-label': t('live.filters') },
      field(t('live.dialect'), this.dialectChoice),
      field(t('live.entry'), el('input', { type: 'search', id: 'filter-entry', list: 'entries', value: this.filters.entry, on: { input: typed('entry') } })),
      field(t('live.outcome'), choice([['', t('any')], ...outcomes.map((o) => [o, t('outcome.' + o)])], this.filters.outcome, set('outcome'), { id: 'filter-outcome' })),
      field(t('exchange.cause'), choice([['', t('any')], ...causes.map((c) => [c, t('cause.' + c)])], this.filters.cause, set('cause'), { id: 'filter-cause' })),
      field(t('live.text'), el('input', { type: 'search', id: 'filter-text', value: this.filters.text, on: { input: typed('text') } })),
      el('label', { class: 'check' }, all, t('live.all')),
      this.entryList);
    this.canvas = el('div', { class: 'canvas', role: 'rowgroup' });
    const columns = ['time', 'space', 'call', 'model', 'outcome', 'why', 'took'];
    this.list = el('div', { class: 'list', id: 'list', tabindex: '0', role: 'grid', 'aria-label': t('live.list'), 'aria-colcount': columns.length,
      on: { scroll: () => this.soon(), keydown: (e) => this.key(e) } }, this.canvas);
    this.grid = el('div', { class: 'grid' },
      el('div', { class: 'head', 'aria-hidden': 'true' }, columns.map((c) => el('span', { class: c }, t('live.' + c)))),
      this.list);
    this.empty = el('p', { class: 'empty' });
    this.detail = el('aside', { class: 'detail', id: 'detail', 'aria-label': t('live.detail'), tabindex: '-1', hidden: true,
      on: { keydown: (e) => { if (e.key === 'Escape') this.show(0); } } });
    put(this.root,
      el('h1', { class: 'unseen' }, t('tab.live')),
      filters,
      el('div', { class: 'bar-line' }, this.status, this.count, this.empty),
      el('div', { class: 'split' }, this.grid, this.detail));
    this.drawDialects();
  }

  filter(name, value) {
    this.filters[name] = value;
    note({ [name]: value });
    this.stale = true;
    this.soon();
  }

  event(name, data) {
    if (name === 'begin' || name === 'over') {
      this.keep(data);
    } else if (name === 'gap') {
      this.say(t('live.gap', { id: data.evicted_up_to }), 'warn');
    } else if (name === 'closed') {
      this.say(t('live.closed'), 'warn');
    }
  }

  keep(x) {
    const known = this.rows.get(x.id);
    if (known?.done && !x.done) return; // It comes a second time.
    this.rows.set(x.id, x);
    if (this.rows.size > mostRows) this.rows.delete(this.rows.keys().next().value);
    if (x.dialect && !this.dialects.has(x.dialect)) { this.dialects.add(x.dialect); this.drawDialects(); }
    if (x.error && !this.entries.has(x.error)) { this.entries.add(x.error); this.entryList.append(el('option', { value: x.error })); }
    if (x.id === this.id && x.done && known && !known.done) this.show(this.id, this.of);
    this.stale = true;
    this.soon();
  }

  clear() {
    this.rows.clear();
    this.found = [];
    this.stale = true;
    this.soon();
  }

  state(state, why) {
    const before = this.last;
    this.last = state;
    const back = state === 'open' && before === 'lost';
    this.status.className = 'stream ' + state;
    put(this.status, back ? t('stream.back') : state === 'refused' ? why : t('stream.' + state));
    this.status.dataset.state = back ? 'back' : state;
    if (back) setTimeout(() => { if (this.last === 'open') { put(this.status, t('stream.open')); this.status.dataset.state = 'open'; } }, 4000);
  }

  drawDialects() {
    const names = [...this.dialects, this.filters.dialect].filter(Boolean);
    put(this.dialectChoice, choice([['', t('any')], ...[...new Set(names)].sort().map((d) => [d, d])], this.filters.dialect,
      (value) => this.filter('dialect', value), { id: 'filter-dialect', 'aria-label': t('live.dialect') }));
  }

  lets(x) {
    const f = this.filters;
    return (!f.dialect || x.dialect === f.dialect) && (!f.entry || (x.error || '').toLowerCase().includes(f.entry.toLowerCase())) &&
      (!f.outcome || outcomeOf(x) === f.outcome) && (!f.cause || x.cause === f.cause) && (!f.text || this.words(x).includes(f.text.toLowerCase()));
  }

  words(x) {
    return [x.method, x.url, x.model, x.key, x.namespace, x.limit, x.problem && says(x.problem, x.problem_said), x.upstream?.url, ...(x.rules || []).map((r) => r.rule)].join('\n').toLowerCase();
  }

  soon() {
    if (this.asked || this.closed) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      if (!this.closed) this.draw();
    });
  }

  /** draw puts the rows that can be seen into the document. */
  draw() {
    const height = this.rowHeight();
    if (this.stale) this.sift(height);
    const top = this.list.scrollTop;
    const from = Math.max(0, Math.floor(top / height) - 8);
    const to = Math.min(this.found.length, Math.ceil((top + this.list.clientHeight) / height) + 8);
    const drawn = [];
    for (let i = from; i < to; i++) drawn.push(this.row(this.at(i), i, height));
    put(this.canvas, drawn);
    this.canvas.style.height = this.found.length * height + 'px';
    this.grid.classList.toggle('scrolls', this.list.scrollHeight > this.list.clientHeight); // The columns of the head stand over those of the rows.
    this.list.setAttribute('aria-rowcount', this.found.length);
    const active = document.getElementById('row-' + this.cursor);
    if (active) this.list.setAttribute('aria-activedescendant', active.id);
    else this.list.removeAttribute('aria-activedescendant');
  }

  /** sift looks which rows there are, and leaves those that are looked at where they are. */
  sift(height) {
    this.stale = false;
    const before = this.found.length ? this.at(0).id : 0;
    this.found = [];
    for (const x of this.rows.values()) if (this.lets(x)) this.found.push(x.id);
    this.found.sort((a, b) => a - b);
    put(this.count, t('live.count', { found: this.found.length, all: this.rows.size }));
    put(this.empty, this.rows.size === 0 ? (this.called ? t('live.first', { url: this.called }) : t('live.empty')) : this.found.length === 0 ? t('live.nothing') : '');
    if (this.list.scrollTop > 0 && before) {
      this.canvas.style.height = this.found.length * height + 'px';
      let fresh = 0;
      while (fresh < this.found.length && this.at(fresh).id > before) fresh++;
      this.list.scrollTop += fresh * height;
    }
  }

  /** at returns the i-th row as shown: the newest is on top. */
  at(i) {
    return this.rows.get(this.found[this.found.length - 1 - i]) || { id: 0 };
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.list).getPropertyValue('--row')) || 32;
  }

  row(x, i, height) {
    const outcome = outcomeOf(x);
    const cell = (name, ...content) => el('span', { class: name, role: 'gridcell', title: name === 'call' ? x.url : null }, content);
    const node = el('div', { id: 'row-' + x.id, class: 'line' + (x.id === this.id ? ' opened' : '') + (x.id === this.cursor ? ' active' : ''),
      role: 'row', 'aria-rowindex': i + 1, 'aria-selected': x.id === this.id ? 'true' : 'false', on: { click: () => this.choose(x) } },
    cell('time', clock(x.time)),
    cell('space', x.namespace || '·'),
    cell('call', el('b', {}, x.method || '—'), ' ', x.url || t('cause.' + x.cause)),
    cell('model', x.model || ''),
    cell('outcome', badge(outcome, x.done && x.status ? String(x.status) : t('outcome.' + outcome)), ' ', this.what(x)),
    cell('why', this.why(x)),
    cell('took', x.done ? duration(x.took_ns) : ''));
    node.style.height = height + 'px';
    node.style.transform = `translateY(${i * height}px)`;
    return node;
  }

  what(x) {
    return [x.error ? short(x.error) : '', x.fault || ''].filter(Boolean).join(' + ');
  }

  why(x) {
    const rules = (x.rules || []).map((r) => `${r.rule} #${r.n}`).join(', ');
    if (x.problem) return says(x.problem, x.problem_said);
    if (rules) return x.cause === 'rule' || x.cause === 'success' || x.cause === 'connection' ? rules : `${t('cause.' + x.cause)} · ${rules}`;
    return x.limit || (x.cause === 'success' ? '' : t('cause.' + x.cause));
  }

  key(e) {
    const rows = this.found.length;
    if (!rows) return;
    const at = this.cursor ? this.found.length - 1 - this.found.indexOf(this.cursor) : -1;
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.rowHeight()) - 1);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows - 1 };
    if (e.key in moves) {
      e.preventDefault();
      this.moveTo(Math.min(rows - 1, Math.max(0, moves[e.key])));
    } else if ((e.key === 'Enter' || e.key === ' ') && this.rows.has(this.cursor)) {
      e.preventDefault();
      this.choose(this.rows.get(this.cursor), true);
    } else if (e.key === 'Escape') {
      this.show(0);
    }
  }

  moveTo(i) {
    this.cursor = this.at(i).id;
    const height = this.rowHeight();
    if (i * height < this.list.scrollTop) this.list.scrollTop = i * height;
    else if ((i + 1) * height > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = (i + 1) * height - this.list.clientHeight;
    this.draw();
  }

  choose(x, byKey) {
    this.cursor = x.id;
    this.show(x.id, x.namespace).then(() => { if (byKey) this.detail.focus(); });
  }

  /** show opens an exchange beside the list, or with 0 closes it. */
  async show(id, of) {
    this.id = id;
    const space = of ?? namespace();
    this.of = of;
    note({ id: id || '', of: id && space !== namespace() ? space : '' });
    this.detail.hidden = !id;
    this.root.classList.toggle('with-detail', Boolean(id));
    this.soon();
    if (!id) {
      this.list.focus();
      return;
    }
    const close = button('×', () => this.show(0), { class: 'close', id: 'close-detail', 'aria-label': t('close') });
    if (this.drawnID !== id) put(this.detail, close, el('p', { class: 'dim' }, t('loading')));
    const content = await exchange.content(id, space);
    if (this.closed || this.id !== id) return;
    this.drawnID = id;
    put(this.detail, close, content);
  }
}
