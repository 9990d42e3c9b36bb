// Throw: look an error up, see what it looks like, and throw it at the next
// calls.

import { el, put, button, choice, field, badge, link } from './dom.js';
import { json, send, request } from './api.js';
import { t, lang, says } from './i18n.js';
import { namespace, note, to } from './route.js';
import { clock } from './format.js';

const mostShown = 150;

/** open shows the view and returns how to close it. */
export function open(root, params, say) {
  const view = new Throw(root, params, say);
  view.start(params);
  return () => view.close();
}

class Throw {
  constructor(root, params, say) {
    this.root = root;
    this.say = say;
    this.asked = 0;
    this.form = { variant: '', dialect: '', delivery: '', times: '1', for: '', model: '', fault: '' };
  }

  async start(params) {
    this.input = el('input', { type: 'search', id: 'search', value: params.get('search') || '', placeholder: t('throw.placeholder'), autocomplete: 'off',
      on: { input: () => this.later() } });
    this.results = el('ul', { class: 'results', id: 'results', 'aria-label': t('throw.results') });
    this.found = el('p', { class: 'dim', role: 'status', id: 'found' });
    this.entry = el('div', { id: 'entry', class: 'entry', tabindex: '-1', on: { keydown: (e) => {
      if (e.key === 'Escape') this.results.querySelector('[aria-pressed=true]')?.focus();
    } } }, el('p', { class: 'dim' }, t('throw.choose')));
    this.waiting = el('div', { id: 'waiting' });
    this.source = el('textarea', { id: 'source', class: 'source', spellcheck: 'false', rows: 5, 'aria-label': t('throw.json'), value: '{"fault": "reset", "times": 1}' });
    this.problems = el('div', { id: 'problems', role: 'alert' });
    put(this.root, el('h1', {}, t('tab.throw')),
      el('div', { class: 'split even' },
        el('section', { 'aria-label': t('throw.catalog') }, el('label', { class: 'field', for: 'search' }, el('span', { class: 'label' }, t('throw.search')), this.input), this.found, this.results),
        el('section', { 'aria-label': t('throw.entry') }, this.entry)),
      el('section', { 'aria-label': t('throw.waiting') }, el('div', { class: 'row' }, el('h2', {}, t('throw.waiting')), button(t('throw.allback'), () => this.back(''), { id: 'all-back' })), this.waiting),
      el('details', { id: 'by-hand' }, el('summary', {}, t('throw.byhand')), el('p', { class: 'hint' }, t('throw.byhandhint')), this.source,
        el('div', { class: 'row' }, button(t('throw.throwjson'), () => this.toss(this.source.value, t('throw.oneshot')), { id: 'throw-json' }))),
      this.problems);
    this.list();
    await this.search();
    if (params.get('entry')) this.choose(params.get('entry'));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.typing);
  }

  later() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.search(), 150);
  }

  async search() {
    const asked = ++this.asked;
    const words = this.input.value.trim();
    note({ search: words });
    let found;
    try {
      found = await json('/api/v1/catalog', { search: words });
    } catch (err) {
      put(this.found, err.message);
      return;
    }
    if (asked !== this.asked || this.closed) return;
    put(this.found, found.length > mostShown ? t('throw.first', { shown: mostShown, n: found.length }) : t('throw.count', { n: found.length }));
    put(this.results, found.slice(0, mostShown).map((e) => el('li', {},
      button([el('span', { class: 'id' }, e.id), el('span', { class: 'dim' }, lang() === 'zh' ? e.meaning_zh : e.meaning)], (click) => this.choose(e.id, true, click.detail === 0),
        { class: 'result', 'data-id': e.id, 'aria-pressed': e.id === this.id ? 'true' : 'false' }))));
  }

  /** choose shows an entry; the keys, if they chose it, go on there and not behind the whole list. */
  async choose(id, byHand, byKey) {
    this.id = id;
    note({ entry: id });
    for (const b of this.results.querySelectorAll('button')) b.setAttribute('aria-pressed', b.dataset.id === id ? 'true' : 'false');
    Object.assign(this.form, { variant: '', dialect: '', delivery: '' });
    await this.draw();
    if (byHand && innerWidth < 900) this.entry.scrollIntoView();
    if (byKey) this.entry.focus();
  }

  /** draw shows the entry, the bytes that the choices lead to, and the form. */
  async draw() {
    let e;
    try {
      e = await json('/api/v1/catalog/' + encodeURIComponent(this.id), { variant: this.form.variant });
    } catch (err) {
      put(this.entry, el('p', { class: 'bad' }, err.message));
      return;
    }
    if (this.closed || this.id !== e.id && !e.id.endsWith(this.id)) return;
    this.id = e.id;
    const focus = document.activeElement?.id;
    const zh = lang() === 'zh';
    put(this.entry,
      el('h2', { class: 'wrap' }, e.id),
      el('p', { lang: zh ? 'zh-CN' : 'en' }, zh ? e.meaning_zh : e.meaning),
      el('p', { class: 'dim', lang: zh ? 'en' : 'zh-CN' }, zh ? e.meaning : e.meaning_zh),
      e.client_side ? el('p', { class: 'bad' }, t('throw.never') + ' ' + says(e.client_side)) : [this.choices(e), this.bytes(e)],
      el('p', { class: 'dim wrap' }, t('throw.source') + ' ' + e.source));
    if (focus) document.getElementById(focus)?.focus();
  }

  choices(e) {
    const f = this.form;
    const again = (name) => (value) => { f[name] = value; this.draw(); };
    const keep = (name) => (event) => { f[name] = event.target.value; };
    const dialects = [...new Set(e.samples.map((s) => s.dialect))];
    const deliveries = [...new Set(e.samples.filter((s) => !f.dialect || s.dialect === f.dialect).map((s) => s.delivery).filter(Boolean))];
    if (!deliveries.includes(f.delivery)) f.delivery = '';
    return el('form', { class: 'throwing', 'aria-label': t('throw.form'), on: { submit: (event) => { event.preventDefault(); this.throwIt(); } } },
      el('div', { class: 'fields' },
        field(t('throw.message'), choice([['', t('throw.own')], ...e.variants.map((v, i) => [String(i + 1), `${i + 1}. ${v.message.slice(0, 90)}`])], f.variant, again('variant'), { id: 'variant' })),
        field(t('live.dialect'), choice([['', t('throw.each')], ...dialects.map((d) => [d, d])], f.dialect, again('dialect'), { id: 'dialect' })),
        field(t('exchange.delivery'), choice([['', t('throw.usual')], ...deliveries.map((d) => [d, d])], f.delivery, again('delivery'), { id: 'delivery' })),
        field(t('throw.times'), el('input', { type: 'number', id: 'times', min: 1, max: 1000000, value: f.times, on: { input: keep('times') } })),
        field(t('throw.for'), el('input', { type: 'text', id: 'for', value: f.for, placeholder: '30s', on: { input: keep('for') } })),
        field(t('throw.model'), el('input', { type: 'text', id: 'model', value: f.model, placeholder: 'qwen-*', on: { input: keep('model') } }))),
      el('div', { class: 'row' }, el('button', { type: 'submit', class: 'primary', id: 'throw-it' }, t('throw.throw', { space: namespace() || t('namespace.default') }))));
  }

  bytes(e) {
    const f = this.form;
    const shown = e.samples.filter((s) => (!f.dialect || s.dialect === f.dialect) && (f.delivery ? s.delivery === f.delivery : !s.delivery || s.delivery === 'status'));
    return el('div', { id: 'samples' }, el('h3', {}, t('throw.bytes')), shown.length ? shown.map((s) => el('div', { class: 'sample' },
      el('p', {}, badge('plain', s.dialect), ' ', s.delivery ? badge('plain', s.delivery) : '', ' ', el('span', { class: 'dim' }, [s.path, t('throw.variant', { n: s.variant })].filter(Boolean).join(' · '))),
      el('pre', { tabindex: '0', 'aria-label': `${s.dialect} ${s.delivery || ''}` }, s.transcript))) : el('p', { class: 'dim' }, t('throw.nobytes')));
  }

  throwIt() {
    const f = this.form;
    const shot = { error: this.id, times: Number(f.times) || 1 };
    const match = {};
    if (f.variant) shot.variant = Number(f.variant);
    if (f.delivery) shot.delivery = f.delivery;
    if (f.for.trim()) shot.for = f.for.trim();
    if (f.dialect) match.dialect = f.dialect;
    if (f.model.trim()) match.model = f.model.trim();
    if (Object.keys(match).length) shot.match = match;
    this.source.value = JSON.stringify(shot);
    this.toss(this.source.value, this.id);
  }

  async toss(source, what) {
    put(this.problems);
    try {
      await request('POST', '/api/v1/faults', { query: { namespace: namespace() }, body: source });
      this.say(t('throw.thrown', { what }));
    } catch (err) {
      put(this.problems, el('p', { class: 'bad' }, err.wrong ? t('scenario.wrong', { n: err.wrong }) : err.message),
        el('ul', {}, (err.problems || []).map((p) => el('li', {}, p.pointer ? el('code', {}, p.pointer) : null, p.pointer ? ' ' : '', says(p.detail, p.said)))));
      this.problems.scrollIntoView({ block: 'nearest' });
    }
    this.list();
  }

  async back(id) {
    try {
      await send('DELETE', '/api/v1/faults' + (id ? '/' + id : ''), { namespace: namespace() });
      this.say(t('throw.back'));
    } catch (err) {
      this.say(err.message, 'bad');
    }
    this.list();
  }

  /** list shows what waits, now and again. */
  async list() {
    clearTimeout(this.timer);
    try {
      const { faults } = await json('/api/v1/faults', { namespace: namespace() });
      const drawn = JSON.stringify(faults);
      if (drawn !== this.drawn && !this.closed) {
        this.drawn = drawn;
        put(this.waiting, faults.length ? el('ol', { class: 'queue' }, faults.map((f) => el('li', {},
          el('code', { class: 'wrap' }, JSON.stringify(f.fault)), ' ', badge('plain', t('throw.left', { n: f.left })), f.until ? ' ' + t('scenario.until', { time: clock(f.until) }) : '', ' ',
          button(t('throw.takeback'), () => this.back(f.id), { 'aria-label': t('throw.takebackid', { id: f.id }) })))) :
          el('p', { class: 'dim' }, t('throw.nothing') + ' ', link(to('live'), t('throw.watch'))));
      }
    } catch (err) {
      if (!this.closed) put(this.waiting, el('p', { class: 'bad' }, err.message));
    }
    if (!this.closed) this.timer = setTimeout(() => this.list(), 2000);
  }
}
