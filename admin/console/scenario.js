// Scenario: how far its rules and limits have come, and its text, to edit and
// to apply.

import { el, put, button, choice, bar, badge, ask } from './dom.js';
import { json, text, send, request, Problem } from './api.js';
import { t, says } from './i18n.js';
import { namespace, note } from './route.js';
import { duration, clock } from './format.js';
import { Editor } from './editor.js';

const every = 2000;
const drafts = 'mockllm.draft '; // Before a namespace: what was changed there and not applied, and of which text.

/** open shows the view and returns how to close it. */
export function open(root, params, say) {
  const view = new Scenario(root, params, say);
  view.start();
  return () => view.close();
}

class Scenario {
  constructor(root, params, say) {
    this.root = root;
    this.say = say;
    this.space = namespace();
    this.turns = 0; // How often the text was loaded or replaced,
    this.busy = 0; // and how often that is under way.
    this.tag = ''; // Of the text that the one in the editor was made of.
    this.newer = null; // Of the text that somebody else put there meanwhile.
    this.wanted = params.get('rule') || '';
    this.incident = params.get('library') || '';
  }

  async start() {
    this.editor = new Editor(() => this.apply(), () => this.drawState());
    this.head = el('p', { class: 'dim', id: 'scenario-name' });
    this.standing = el('div', { id: 'standing' });
    this.problems = el('div', { id: 'problems', role: 'alert' });
    this.news = el('div', { id: 'news', role: 'status' });
    this.shelf = el('span', {});
    this.about = el('p', { class: 'hint' });
    this.applying = button(t('scenario.apply'), () => this.apply(), { class: 'primary', id: 'apply' });
    this.dropping = button(t('scenario.drop'), () => this.drop(), { id: 'drop', hidden: namespace() === '' });
    put(this.root,
      el('h1', {}, t('tab.scenario')), this.head,
      el('div', { class: 'split even' },
        el('section', { 'aria-label': t('scenario.standing') },
          el('div', { class: 'row' }, el('h2', {}, t('scenario.standing')), button(t('scenario.reset'), () => this.reset(), { id: 'reset', class: 'danger' })),
          this.standing),
        el('section', { 'aria-label': t('scenario.text') },
          el('div', { class: 'row' }, el('h2', {}, t('scenario.text')), this.shelf),
          this.about, this.news, this.problems, this.editor.node,
          el('div', { class: 'row' }, this.applying, button(t('scenario.undo'), () => this.undo(), { id: 'undo' }), this.dropping),
          el('p', { class: 'hint' }, t('scenario.hint')))));
    this.drawShelf();
    this.left = () => this.keep();
    addEventListener('pagehide', this.left);
    this.editor.lock(true);
    await this.load();
    this.restore();
    if (this.incident) await this.take(this.incident);
    await this.look();
  }

  close() {
    this.closed = true;
    this.keep();
    removeEventListener('pagehide', this.left);
    clearTimeout(this.timer);
  }

  /** keep keeps what was changed and not applied, for as long as the tab is open. */
  keep() {
    if (!this.restored) return; // It is kept still.
    if (this.editor.changed()) sessionStorage.setItem(drafts + this.space, JSON.stringify({ text: this.editor.value(), tag: this.tag }));
    else sessionStorage.removeItem(drafts + this.space);
  }

  /** restore shows what was kept. */
  restore() {
    if (this.closed) return;
    this.restored = true;
    this.editor.lock(false);
    const kept = sessionStorage.getItem(drafts + this.space);
    if (kept === null) return;
    const { text, tag } = JSON.parse(kept);
    this.editor.replace(text);
    this.tag = tag; // If it is another by now, that is told.
  }

  /** alone loads or replaces the text; what was asked before of the server says nothing of it. */
  async alone(what) {
    this.turns++;
    this.busy++;
    await what();
    this.busy--;
  }

  /** load shows the text that the namespace follows. */
  load() {
    return this.alone(() => this.fetch());
  }

  async fetch() {
    put(this.problems);
    const before = this.editor.value();
    try {
      const { hash } = await json('/api/v1/rules', { namespace: this.space });
      const response = hash && await request('GET', '/api/v1/scenario', { query: { namespace: this.space } });
      const followed = response ? await response.text() : '';
      if (this.editor.value() !== before) return; // What is written meanwhile stays.
      this.editor.load(followed);
      this.settled(response ? response.headers.get('ETag') : '');
      put(this.about, hash ? '' : t('scenario.notext'));
    } catch (err) {
      this.tell(err);
    }
  }

  /** settled notes which text the one in the editor was made of. */
  settled(tag) {
    this.tag = tag;
    this.newer = null;
    put(this.news);
  }

  drawState() {
    this.applying.textContent = this.editor.changed() ? t('scenario.apply') + ' •' : t('scenario.apply');
  }

  async drawShelf() {
    try {
      const { library } = await json('/api/v1/library', { namespace: namespace() });
      const shelf = choice([['', t('scenario.library')], ...library.map((i) => [i.name, i.name + ' — ' + says(i.about)])], '', (name) => {
        shelf.value = ''; // The same one can be taken again.
        if (name) this.take(name);
      }, { id: 'library', 'aria-label': t('scenario.library') });
      put(this.shelf, shelf);
    } catch (err) {
      this.tell(err);
    }
  }

  /** yields resolves to whether what is in the editor may go: what was written and not applied only if the user says so. */
  async yields() {
    return !this.editor.changed() || ask(t('scenario.discard'), t('scenario.discardyes'), t('cancel'));
  }

  /** undo shows again what is followed. */
  async undo() {
    if (await this.yields()) await this.load();
  }

  /** take puts a scenario of the library into the editor. */
  async take(name) {
    if (!await this.yields()) return;
    try {
      this.editor.replace(await text('/api/v1/library/' + encodeURIComponent(name), { namespace: namespace() }));
      put(this.problems);
      this.say(t('scenario.taken', { name }));
    } catch (err) {
      this.tell(err);
    }
  }

  async apply() {
    await this.alone(() => this.replace());
    this.look();
  }

  async replace() {
    put(this.problems);
    this.editor.mark([]);
    const sent = this.editor.value();
    try {
      const response = await request('PUT', '/api/v1/scenario', { query: { namespace: this.space }, body: sent, type: 'application/toml', headers: this.guard() });
      const answer = await response.json();
      this.editor.load(sent);
      this.settled(response.headers.get('ETag'));
      put(this.about);
      this.say(t('scenario.applied', { name: answer.name, rules: answer.rules }));
    } catch (err) {
      this.tell(err);
    }
  }

  /** guard has a change be one of the text that is known here, and of no other. */
  guard() {
    return this.tag ? { 'If-Match': this.tag } : { 'If-None-Match': '*' };
  }

  /** compare looks whether somebody else replaced the text. What was written here meanwhile is not thrown away. */
  compare(tag) {
    if (tag === this.tag || tag === this.newer) return;
    if (!this.editor.changed()) {
      this.say(t('scenario.replaced'), 'warn');
      this.load();
      return;
    }
    this.newer = tag;
    const mine = () => {
      this.settled(tag);
      this.apply();
    };
    put(this.news, el('p', { class: 'warn' }, t('scenario.changed')),
      el('div', { class: 'row' }, button(t('scenario.theirs'), () => this.load(), { id: 'theirs' }), button(t('scenario.mine'), mine, { id: 'mine', class: 'danger' })));
    this.news.scrollIntoView({ block: 'nearest' });
  }

  /** tell shows what is wrong, at its lines where it has some. */
  tell(err) {
    if (err.status === 412) return; // It is looked for what changed.
    const list = err instanceof Problem ? err.problems : [];
    this.editor.mark(list.filter((p) => p.line).map((p) => p.line));
    put(this.problems, el('p', { class: 'bad' }, err.wrong ? t('scenario.wrong', { n: err.wrong }) : err.message),
      el('ul', {}, list.map((p) => el('li', {},
        p.line ? button(t('scenario.line', { n: p.line }), () => this.editor.go(p.line), { class: 'lineno' }) : null, ' ',
        p.in ? el('b', {}, `${p.in} "${p.name || ''}"`) : null, p.in ? ': ' : '', p.pointer ? el('code', {}, p.pointer) : null, p.pointer ? ' ' : '', says(p.detail, p.said)))));
    if (list[0]?.line) this.editor.go(list[0].line);
    this.problems.scrollIntoView({ block: 'nearest' });
  }

  async reset() {
    if (!await ask(t('scenario.resetask'), t('scenario.reset'), t('cancel'))) return;
    await this.act(() => send('POST', '/api/v1/reset', { namespace: namespace() }), t('scenario.resetdone'));
  }

  async release(rule) {
    await this.act(() => send('POST', `/api/v1/rules/${encodeURIComponent(rule)}/release`, { namespace: namespace() }), t('scenario.released', { rule }));
  }

  async drop() {
    if (!await this.yields()) return;
    let dropped = false;
    await this.alone(async () => {
      dropped = await this.act(() => request('DELETE', '/api/v1/scenario', { query: { namespace: this.space }, headers: this.guard() }), t('scenario.dropped'));
    });
    if (dropped) await this.load();
  }

  /** act does something and says so, or why it cannot be; it resolves to whether it was done. */
  async act(what, done) {
    try {
      await what();
      this.say(done);
      return true;
    } catch (err) {
      this.say(err.message, 'bad');
      return false;
    } finally {
      this.look();
    }
  }

  /** look asks how things stand, now and again. */
  async look() {
    clearTimeout(this.timer);
    if (!document.hidden) {
      try {
        const turns = this.turns;
        const s = await json('/api/v1/rules', { namespace: this.space });
        this.draw(s);
        if (turns === this.turns && !this.busy && !this.closed) this.compare(s.hash ? `"${s.hash}"` : '');
      } catch (err) {
        if (!this.closed) put(this.standing, el('p', { class: 'bad' }, err.message));
      }
    }
    if (!this.closed) this.timer = setTimeout(() => this.look(), every);
  }

  draw(s) {
    if (this.closed) return;
    put(this.head, t('scenario.follows', { name: s.scenario }), s.called ? ' ' + t('scenario.age', { age: duration(s.age_ns) }) : ' ' + t('scenario.uncalled'));
    const drawn = JSON.stringify({ ...s, age_ns: s.rules.some((r) => r.window) ? s.age_ns : 0 });
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focus = document.activeElement?.id;
    put(this.standing,
      s.connections.map((r, i) => this.rule(r, s, 'connection-' + i, t('scenario.connection'))),
      s.rules.map((r, i) => this.rule(r, s, 'rule-' + i, '')),
      s.limits.map((l, i) => this.limit(l, i, s)),
      s.connections.length + s.rules.length + s.limits.length === 0 ? el('p', { class: 'dim' }, t('scenario.norules')) : null);
    if (focus) document.getElementById(focus)?.focus();
    if (this.wanted) this.find(s);
  }

  /** find shows the rule that the address names. */
  find(s) {
    const rule = s.rules.find((r) => r.rule === this.wanted);
    this.wanted = '';
    note({ rule: '' });
    if (rule?.line) this.editor.go(rule.line);
    document.querySelector('#standing .wanted')?.scrollIntoView({ block: 'center' });
  }

  lineOf(line, id) {
    return line ? button(t('scenario.line', { n: line }), () => this.editor.go(line), { class: 'lineno', id }) : null;
  }

  rule(r, s, id, kind) {
    const when = [];
    if (r.calls) when.push(t('scenario.calls', { range: r.calls.to === r.calls.from ? r.calls.from : `${r.calls.from}–${r.calls.to || '∞'}` }));
    if (r.every) when.push(t('scenario.every', { n: r.every }));
    if (r.probability !== undefined) when.push(t('scenario.probability', { p: r.probability }));
    when.push(t('scenario.per.' + r.per));
    return el('article', { class: 'card' + (r.rule === this.wanted ? ' wanted' : ''), id },
      el('div', { class: 'row' }, el('h3', {}, kind ? kind + ' ' : '', r.rule), this.lineOf(r.line, 'line-' + id)),
      el('p', { class: 'dim wrap' }, r.outcomes.map((o, i) => (r.outcomes.length > 1 ? `${i + 1}. ` : '') + o).join(' → ')),
      el('p', { class: 'dim' }, when.join(' · ')),
      r.window ? this.window(r.window, s) : null,
      r.counts.map((c) => this.progress(c, r)),
      r.counts.length ? null : el('p', { class: 'dim' }, t('scenario.nobody')),
      this.covered(r, r.counts.length, r.per !== 'namespace' || r.sticky && r.sticky !== 'namespace', s),
      r.sticky ? this.sticky(r, id) : null);
  }

  /** covered says of whom is not told, if anybody counts alone. */
  covered(of, shown, alone, s) {
    const words = [of.more ? t('scenario.more', { n: shown }) : '', alone && s.seen < s.of ? t('scenario.seen', { seen: s.seen, of: s.of }) : ''].filter(Boolean);
    return words.length ? el('p', { class: 'dim covered' }, words.join(' ')) : null;
  }

  window(w, s) {
    const text = t(w.open ? 'scenario.open' : 'scenario.shut', { from: duration(w.from_ns), to: w.to_ns ? duration(w.to_ns) : '∞', age: duration(s.age_ns) });
    return el('p', { class: 'meter' }, bar(text, s.age_ns, w.to_ns || Math.max(w.from_ns * 2, s.age_ns), w.open ? 'on' : ''), text);
  }

  progress(c, r) {
    const max = r.calls?.to || r.calls?.from || 0;
    const text = t('scenario.progress', { n: c.n, fired: c.fired });
    const next = [t(c.next.fires ? 'scenario.nextfires' : 'scenario.nextnot')];
    if (c.next.step) next.push(t('exchange.step', { n: c.next.step }));
    if (r.probability !== undefined) next.push(t('scenario.nextroll', { roll: (c.next.roll || 0).toFixed(4) }));
    return el('div', { class: 'meter' },
      max ? bar(text, c.n, max, c.n >= max ? 'full' : 'on') : null,
      el('p', {}, c.for ? el('code', {}, c.for) : null, c.for ? ' ' : '', text, ' ', badge(c.next.fires ? 'error' : 'ok', next.join(', '))));
  }

  sticky(r, id) {
    return el('div', { class: 'row' },
      el('p', {}, t('scenario.sticky.' + r.sticky) + ' ', r.holds.length ? r.holds.map((h, i) => [i ? ', ' : '', badge('damaged', t('scenario.holds')), ' ',
        h.for ? el('code', {}, h.for) : '', h.until ? ' ' + t('scenario.until', { time: clock(h.until) }) : '']) : el('span', { class: 'dim' }, t('scenario.holdsnot'))),
      button(t('scenario.release'), () => this.release(r.rule), { id: 'release-' + id, 'aria-label': t('scenario.releaserule', { rule: r.rule }) }));
  }

  limit(l, i, s) {
    return el('article', { class: 'card' },
      el('div', { class: 'row' }, el('h3', {}, t('scenario.limit') + ' ' + l.limit), this.lineOf(l.line, 'line-limit-' + i)),
      el('p', { class: 'dim' }, t('scenario.per.' + l.per)),
      l.units.map((u) => u.used.length ? u.used.map((by) => this.used(u, by)) :
        el('p', { class: 'meter' }, bar(u.unit, 0, u.max), t('scenario.unused', { unit: u.unit, max: u.max }))),
      this.covered(l, Math.max(...l.units.map((u) => u.used.length)), l.per !== 'namespace', s));
  }

  used(u, by) {
    const used = u.max - by.left;
    const text = t('scenario.used', { unit: u.unit, used, max: u.max });
    return el('p', { class: 'meter' }, bar(text, used, u.max, by.left === 0 ? 'full' : 'on'),
      by.for ? el('code', {}, by.for) : null, by.for ? ' ' : '', text, by.opens ? ' · ' + t('scenario.opens', { time: clock(by.opens) }) : '');
  }
}

