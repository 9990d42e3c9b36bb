// Clock: what time it is in the namespace, how fast vendor time goes, and how
// to move it.

import { el, put, button, field, badge } from './dom.js';
import { json, send } from './api.js';
import { t } from './i18n.js';
import { namespace } from './route.js';
import { day } from './format.js';

const steps = ['1s', '30s', '1m', '10m', '1h', '24h'];

/** open shows the view and returns how to close it. */
export function open(root, params, say) {
  let closed = false;
  let timer = 0;
  let ticking = 0;
  let known = null; // What the server said,
  let heard = 0; // and when.
  const now = el('p', { id: 'now', class: 'now', role: 'timer', 'aria-live': 'off' });
  const about = el('p', { id: 'clock-about' });
  const stop = button(t('clock.stop'), () => act('PUT', '/api/v1/clock', { stopped: !known?.stopped }), { id: 'stop' });
  const by = el('input', { type: 'text', id: 'by', placeholder: '90s', autocomplete: 'off' });
  put(root, el('h1', {}, t('tab.clock')), now, about,
    el('div', { class: 'row' }, stop),
    el('h2', {}, t('clock.advance')),
    el('p', { class: 'hint' }, t('clock.hint')),
    el('div', { class: 'row' }, steps.map((s) => button('+' + s, () => advance(s), { 'data-by': s }))),
    el('form', { class: 'row', on: { submit: (e) => { e.preventDefault(); if (by.value.trim()) advance(by.value.trim()); } } },
      field(t('clock.by'), by), el('button', { type: 'submit', class: 'primary', id: 'advance' }, t('clock.advance'))));

  const advance = (d) => act('POST', '/api/v1/clock/advance', { by: d }, t('clock.advanced', { by: d }));

  async function act(method, path, body, done) {
    try {
      draw(await send(method, path, { namespace: namespace() }, body));
      if (done) say(done);
    } catch (err) {
      say(err.message, 'bad');
    }
  }

  function draw(c) {
    if (closed) return;
    known = c;
    heard = performance.now();
    put(about, badge(c.stopped ? 'damaged' : 'ok', t(c.stopped ? 'clock.stopped' : 'clock.runs')), ' ', t('clock.speed', { speed: c.speed }));
    stop.textContent = t(c.stopped ? 'clock.go' : 'clock.stop');
    tick();
  }

  function tick() {
    if (!known) return;
    const ahead = known.stopped ? 0 : performance.now() - heard;
    now.textContent = day(Date.parse(known.now) + ahead);
  }

  async function look() {
    try {
      draw(await json('/api/v1/clock', { namespace: namespace() }));
    } catch (err) {
      if (!closed) put(about, el('span', { class: 'bad' }, err.message));
    }
    if (!closed) timer = setTimeout(look, 3000);
  }

  look();
  ticking = setInterval(tick, 250);
  return () => { closed = true; clearTimeout(timer); clearInterval(ticking); };
}
