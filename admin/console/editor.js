// A text with numbers at its lines, some of them marked.

import { el, put } from './dom.js';
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
    this.marked = new Set(lines);
    this.area.setAttribute('aria-invalid', lines.length ? 'true' : 'false');
    this.drawn = 0;
    this.draw();
  }

  draw() {
    const count = this.area.value.split('\n').length;
    if (count !== this.drawn) {
      this.drawn = count;
      const numbers = [];
      for (let n = 1; n <= count; n++) numbers.push(el('div', { class: this.marked.has(n) ? 'marked' : '', 'data-line': n }, String(n)));
      put(this.numbers, numbers);
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
