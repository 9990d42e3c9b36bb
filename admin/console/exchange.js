// One exchange: what came, what was decided and why, what was planned, and what
// was sent.

import { el, badge, link, bar } from './dom.js';
import { json } from './api.js';
import { t, says } from './i18n.js';
import { href } from './route.js';
import { clock, day, duration, size } from './format.js';
import { timeline } from './timeline.js';
import { outcomeOf } from './outcome.js';

/** content returns what is shown of an exchange. */
export async function content(id, namespace) {
  let x;
  try {
    x = await json('/api/v1/journal/' + id, { namespace });
  } catch (err) {
    return [el('h2', {}, '#' + id), el('p', { class: 'bad' }, err.message)];
  }
  const outcome = outcomeOf(x);
  return [
    el('h2', {}, '#' + x.id + ' ', badge(outcome, t('outcome.' + outcome)), x.status ? ' ' + x.status : ''),
    el('p', { class: 'dim' }, [day(x.time) + clock(x.time).slice(8), x.dialect, x.operation, x.model, x.stream ? t('exchange.stream') : '',
      x.connection ? t('exchange.connection', { n: x.connection }) : '', x.key].filter(Boolean).join(' · ')),
    decision(x, namespace),
    x.upstream ? section('upstream', t('exchange.upstream'), upstream(x)) : null,
    section('script', t('exchange.script'), timeline(x)),
    section('sent', t('exchange.sent'), sent(x)),
    section('request', t('exchange.request'), request(x)),
  ];
}

function section(name, title, ...children) {
  return el('section', { class: name, 'aria-label': title }, el('h3', {}, title), children);
}

function facts(pairs) {
  return el('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined)
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

function decision(x, namespace) {
  return section('decision', t('exchange.decision'),
    facts([
      [t('exchange.cause'), t('cause.' + x.cause)],
      [t('exchange.error'), x.error && link(href('throw', { namespace, entry: x.error }), x.error)],
      [t('exchange.delivery'), x.delivery],
      [t('exchange.fault'), x.fault],
      [t('exchange.limit'), x.limit],
      [t('exchange.problem'), x.problem && says(x.problem, x.problem_said)],
      [t('exchange.retry'), x.retry && t('retry.' + x.retry)],
      [t('exchange.after'), x.retry_after_ns && duration(x.retry_after_ns)],
    ]),
    (x.rules || []).map((r) => firing(r, namespace)),
    near(x, namespace));
}

function firing(r, namespace) {
  const words = [t('exchange.call', { n: r.n })];
  if (r.step) words.push(t('exchange.step', { n: r.step }));
  if (r.held) words.push(t('exchange.held'));
  return el('div', { class: 'firing' },
    el('p', {}, t('exchange.fired') + ' ', link(href('scenario', { namespace, rule: r.rule }), r.rule, { class: 'rule' }), ' · ' + words.join(' · ')),
    r.probability ? roll(r.roll || 0, r.probability) : null);
}

/** roll shows the chance drawn against the rule's probability. */
function roll(drawn, p) {
  const text = t('exchange.roll', { roll: drawn.toFixed(6), p });
  return el('p', { class: 'roll' }, bar(text, drawn, 1, 'roll'), text);
}

/** upstream shows what came from the server behind. */
function upstream(x) {
  const up = x.upstream;
  return facts([
    [t('exchange.url'), up.url],
    [t('exchange.status'), up.status || (x.done ? t('exchange.nostatus') : '')],
    [t('exchange.firstbyte'), up.status ? duration(up.first_byte_ns) : ''],
    [t('exchange.came'), up.status ? `${size(up.bytes)} · ${t('exchange.frames', { n: up.frames })}` : ''],
    [t('exchange.broken'), up.failed && el('span', { class: 'bad' }, says(up.failed))],
  ]);
}

function near(x, namespace) {
  if (x.elsewhere) return el('p', { class: 'dim' }, t('exchange.elsewhere'));
  if (!x.near.length) return null;
  return el('div', { class: 'near' }, el('h4', {}, t('exchange.near')),
    el('ul', {}, x.near.map((n) => el('li', {}, link(href('scenario', { namespace, rule: n.rule }), n.rule, { class: 'rule' }), ': ' + says(n.why, n.said)))));
}

function headers(of) {
  const names = Object.keys(of || {}).sort();
  if (!names.length) return null;
  return el('details', {}, el('summary', {}, t('exchange.headers', { n: names.length })),
    el('dl', { class: 'facts mono' }, names.map((name) => of[name].map((value) => [el('dt', {}, name), el('dd', {}, value)]))));
}

function request(x) {
  return [
    el('p', { class: 'mono wrap' }, el('b', {}, x.method), ' ' + x.url),
    headers(x.request_header),
    x.body ? el('pre', { tabindex: '0', 'aria-label': t('exchange.body') }, pretty(x.body)) : el('p', { class: 'dim' }, t('exchange.nobody')),
    x.body_bytes ? el('p', { class: 'dim' }, size(x.body_bytes)) : null,
    x.fingerprint ? el('p', { class: 'dim mono wrap' }, t('exchange.fingerprint') + ' ' + x.fingerprint) : null,
  ];
}

/** pretty indents JSON, and leaves alone what is none. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** statusLine is status and reason, which the script has in words. */
function statusLine(x) {
  for (const line of x.script || []) {
    const found = /^head\s+(\d+ [^,]*),/.exec(line);
    if (found) return found[1];
  }
  return String(x.status);
}

const writing = new Set(['write', 'copy', 'text', 'binary']);

/** sent shows the bytes as they left, and what was planned and did not. */
function sent(x) {
  const gone = el('span', { class: 'gone' });
  const rest = x.done ? el('span', { class: 'rest', title: t('exchange.unsent') }) : el('span', { class: 'planned' });
  let left = x.sent_bytes;
  let cut = 0;
  if (x.status && x.steps.some((s) => s.kind === 'head')) {
    gone.append(`HTTP/1.1 ${statusLine(x)}\n`, ...Object.keys(x.answer_header || {}).sort().flatMap((name) => x.answer_header[name].map((value) => `${name}: ${value}\n`)), '\n');
  }
  for (const step of x.steps) {
    if (step.text_cut) cut += step.bytes;
    if (step.kind === 'raw') {
      (x.done ? gone : rest).append(step.text || '');
    } else if (step.kind === 'shut') {
      gone.append(`\n${step.status} ${step.text || ''}\n`);
    } else if (writing.has(step.kind)) {
      const whole = left >= step.bytes;
      const text = (step.text || (step.kind === 'binary' ? t('exchange.binary', { n: step.bytes }) : '')) + (step.kind === 'text' ? '\n' : '');
      const at = whole ? text.length : left > 0 ? Math.floor(text.length * left / step.bytes) : 0;
      gone.append(text.slice(0, at));
      rest.append(text.slice(at));
      left = Math.max(0, left - step.bytes);
    }
  }
  return [
    el('p', { class: 'dim' }, (x.done ? [t('exchange.bytes', { sent: size(x.sent_bytes), planned: size(x.answer_bytes) }), t('exchange.frames', { n: x.sent_frames }),
      t('exchange.took', { first: duration(x.first_byte_ns), took: duration(x.took_ns) }), x.client_left ? t('exchange.left') : '', x.failed ? says(x.failed) : ''] :
      [t('exchange.planned', { planned: size(x.answer_bytes) }), t('outcome.open')]).filter(Boolean).join(' · ')),
    el('pre', { class: 'bytes', tabindex: '0', 'aria-label': t('exchange.sent') }, gone, rest),
    x.done ? (rest.textContent ? el('p', { class: 'dim' }, t('exchange.restnote')) : null) : el('p', { class: 'dim' }, t('exchange.opennote')),
    cut ? el('p', { class: 'dim' }, t('exchange.cutnote')) : null,
  ];
}
