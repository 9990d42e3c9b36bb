// A text with numbers at its lines, some of them marked.

import { el } from './dom.js';
import { t } from './i18n.js';

/** An Editor is a textarea beside the numbers of its lines. */
export class Editor {
  constructor(apply, changed) {
    this.told = changed;
    this.marked = new Set();
    this.loaded = '';
    this.numbers = el('div', { class: 'numbers', 'aria-hidden': 'true' });
    this.area = el('textarea', { id: 'editor', spellcheck: 'false', wrap: 'off', autocapitalize: 'off', autocomplete: 'off', 'aria-label': t('scenario.text'), 'aria-describedby': 'problems',
      on: {
        input: () => this.draw(),
        scroll: () => { this.numbers.scrollTop = this.area.scrollTop; },
        keydown: (e) => {
          if ((e.ctrlKey || e.metaKey) && (e.key === 'Enter' || e.key === 's')) {
            e.preventDefault();
            apply();
          }
        },
      } });
    this.node = el('div', { class: 'editor' }, this.numbers, this.area);
  }

  value() { return this.area.value; }

  changed() { return this.area.value !== this.loaded; }

  /** lock has nobody write, until there is something to change. */
  lock(on) { this.area.readOnly = on; }

  /** load shows a text that is followed. */
  load(text) {
    this.loaded = text;
    this.replace(text);
    this.loaded = this.area.value; // Ends of lines are the browser's now.
    this.told();
  }

  /** replace shows a text that is not followed yet. */
  replace(text) {
    this.area.value = text;
    this.mark([]);
    this.area.scrollTop = 0;
  }

  /** mark marks lines, which are numbered from 1. */
  mark(lines) {
    this.draw();
    for (const n of this.marked) this.numbers.children[n - 1]?.classList.remove('marked');
    for (const n of lines) this.numbers.children[n - 1]?.classList.add('marked');
    this.marked = new Set(lines);
    this.area.setAttribute('aria-invalid', lines.length ? 'true' : 'false');
  }

  /** draw has a number stand beside every line. Those that are there stay: a scenario may be long. */
  draw() {
    const count = this.area.value.split('\n').length;
    let drawn = this.numbers.childElementCount;
    if (count !== drawn) {
      const more = document.createDocumentFragment();
      while (drawn < count) more.append(el('div', { 'data-line': ++drawn }, String(drawn)));
      while (drawn > count) this.numbers.children[--drawn].remove();
      this.numbers.append(more);
      this.numbers.scrollTop = this.area.scrollTop;
    }
    this.told();
  }

  /** go selects a line and brings it into sight. */
  go(line) {
    const lines = this.area.value.split('\n');
    const from = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
    this.area.focus({ preventScroll: false });
    this.area.setSelectionRange(from, from + (lines[line - 1] || '').length);
    const height = parseFloat(getComputedStyle(this.area).lineHeight);
    this.area.scrollTop = Math.max(0, (line - 4) * height);
    this.numbers.scrollTop = this.area.scrollTop;
  }
}
