// The script of an exchange, drawn to scale: waits as long as they take, frames
// where they leave, and how it ends.

import { el, svg } from './dom.js';
import { t } from './i18n.js';
import { duration, size } from './format.js';

const width = 1000;
const ends = { end: 'ok', close: 'cut', reset: 'cut', shut: 'cut', hang: 'hang' };

/** timeline returns the drawing, and the same in words. */
export function timeline(x) {
  const steps = x.upstream ? paced(x) : x.steps;
  if (!steps.length) return el('p', { class: 'dim' }, (x.script || []).join('\n') || t('timeline.none'));
  const total = steps.reduce((sum, s) => sum + (s.for_ns || 0), 0);
  const endless = steps.some((s) => s.kind === 'hang' && !s.for_ns);
  const scale = width * (endless ? 0.8 : 1) / (total || 1);
  const marks = [];
  const lines = [];
  let at = 0;
  steps.forEach((s, i) => {
    const from = total ? at * scale : (i + 0.5) * width / steps.length;
    const long = (s.for_ns || 0) * scale;
    marks.push(mark(s, from, long));
    lines.push(line(s, at));
    at += s.for_ns || 0;
  });
  const took = x.done ? x.took_ns : 0;
  return [
    svg('svg', { class: 'timeline', viewBox: `-6 0 ${width + 12} 84`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words(x, total, endless) },
      svg('line', { class: 'axis', x1: 0, y1: 62, x2: width, y2: 62 }), marks),
    el('p', { class: 'scale', 'aria-hidden': 'true' }, el('span', {}, '0'), el('span', {}, total ? duration(total) + (endless ? ' …' : '') : t('timeline.atonce'))),
    el('ul', { class: 'legend', 'aria-hidden': 'true' }, ['upstream', 'wait', 'begin', 'copy', 'frame', 'slow', 'ok', 'cut', 'hang'].filter((k) => uses(steps, k))
      .map((k) => el('li', { class: 'key ' + k }, t('timeline.' + k)))),
    took ? el('p', { class: 'dim' }, x.upstream ? t('timeline.took', { took: duration(took) }) : t('timeline.really', { planned: total ? duration(total) : t('timeline.atonce'), took: duration(took) })) : null,
    el('details', {}, el('summary', {}, t('timeline.steps', { n: steps.length + x.more_steps })),
      el('table', { class: 'steps' }, el('thead', {}, el('tr', {}, ['at', 'kind', 'what'].map((h) => el('th', { scope: 'col' }, t('timeline.' + h))))),
        el('tbody', {}, lines)),
      x.more_steps ? el('p', { class: 'dim' }, t('timeline.more', { n: x.more_steps })) : null),
  ];
}

/** paced puts the steps of an answer from upstream at the times at which they were: nobody planned those. */
function paced(x) {
  const first = { kind: 'upstream', for_ns: x.upstream.first_byte_ns };
  const all = x.steps.reduce((sum, s) => sum + (s.for_ns || 0), first.for_ns);
  const copied = x.steps.filter((s) => s.kind === 'copy').reduce((sum, s) => sum + s.bytes, 0);
  const left = x.done && copied ? Math.max(0, x.took_ns - all) : 0;
  return [first, ...x.steps.map((s) => s.kind === 'copy' && s.bytes ? { ...s, for_ns: left * s.bytes / copied } : s)];
}

function kindOf(s) {
  if (s.kind === 'wait' || s.kind === 'upstream' || s.kind === 'copy') return s.kind;
  if (s.kind === 'head' || s.kind === 'upgrade') return 'begin';
  if (s.kind in ends) return ends[s.kind];
  return s.for_ns ? 'slow' : 'frame';
}

function uses(steps, kind) {
  return steps.some((s) => kindOf(s) === kind);
}

function mark(s, from, long) {
  const kind = kindOf(s);
  const title = svg('title', {}, s.kind + (s.for_ns ? ' ' + duration(s.for_ns) : '') + (s.bytes ? ' ' + size(s.bytes) : ''));
  switch (kind) {
    case 'wait':
      return svg('rect', { class: 'wait', x: from, y: 50, width: long, height: 12 }, title);
    case 'upstream':
      return svg('rect', { class: 'upstream', x: from, y: 50, width: long, height: 12 }, title);
    case 'copy':
      return svg('rect', { class: 'copy', x: from, y: 30, width: Math.max(long, 3), height: 32 }, title);
    case 'slow':
      return svg('rect', { class: 'slow', x: from, y: 30, width: Math.max(long, 2), height: 32 }, title);
    case 'hang':
      return svg('rect', { class: 'hang', x: from, y: 40, width: long || Math.max(width - from, 20), height: 22 }, title);
    case 'begin':
      return svg('rect', { class: 'begin', x: from - 2, y: 18, width: 4, height: 44 }, title);
    case 'frame':
      return svg('rect', { class: 'frame', x: from - 1.5, y: 30, width: 3, height: 32 }, title);
    default:
      return svg('rect', { class: kind, x: from - 3, y: 8, width: 6, height: 68 }, title);
  }
}

function line(s, at) {
  const what = [s.for_ns ? duration(s.for_ns) : '', s.status || '', s.bytes ? size(s.bytes) : '', s.part ? t('timeline.part') : ''].filter(Boolean).join(', ');
  return el('tr', {}, el('td', {}, duration(at)), el('td', {}, s.kind), el('td', {}, what));
}

function words(x, total, endless) {
  const waits = x.steps.filter((s) => s.kind === 'wait').length + (x.upstream ? 1 : 0);
  const frames = x.steps.filter((s) => kindOf(s) === 'frame' || kindOf(s) === 'slow').length;
  const last = x.steps.at(-1) || { kind: 'upstream' };
  return t('timeline.words', { frames: x.upstream ? x.sent_frames : frames, waits, total: total ? duration(total) : t('timeline.atonce'), last: last.kind }) + (endless ? ' …' : '');
}
