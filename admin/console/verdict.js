// Verdict: how the client behaved so far, with the exchanges that prove it, and
// reports to keep.

import { el, put, button, link, badge, save } from './dom.js';
import { request, text } from './api.js';
import { t, says } from './i18n.js';
import { namespace, to } from './route.js';

const every = 3000; // Milliseconds, at least.
const downloads = [
  ['junit', 'junit.xml', 'application/xml', '/api/v1/verdict', { format: 'junit' }],
  ['markdown', 'verdict.md', 'text/markdown', '/api/v1/verdict', { format: 'markdown' }],
  ['json', 'verdict.json', 'application/json', '/api/v1/verdict', { format: 'json' }],
  ['har', 'journal.har', 'application/json', '/api/v1/journal', { format: 'har' }],
];
const kinds = { PASS: 'ok', FAIL: 'error', INCONCLUSIVE: 'damaged', failure: 'error', warning: 'damaged', allowed: 'plain' };

/** open shows the view and returns how to close it. */
export function open(root, params, say) {
  let closed = false;
  let timer = 0;
  let drawn = '';
  let tag = ''; // Of the verdict that is drawn, if it has one.
  const body = el('div', { id: 'judged' });
  put(root, el('h1', {}, t('tab.verdict')),
    el('div', { class: 'row' }, downloads.map(([name, file, type, path, query]) => button(t('verdict.' + name), async () => {
      try {
        save(`mockllm-${namespace() || 'default'}-${file}`, type, await text(path, { ...query, namespace: namespace() }));
        say(t('verdict.saved', { file }));
      } catch (err) {
        say(err.message, 'bad');
      }
    }, { id: 'download-' + name }))),
    body);

  /** look asks for the verdict, now and again: the more seldom, the longer the server judges. */
  async function look() {
    clearTimeout(timer);
    const began = performance.now();
    if (!document.hidden) await judge();
    if (!closed) timer = setTimeout(look, Math.max(every, 10 * (performance.now() - began)));
  }

  async function judge() {
    try {
      const response = await request('GET', '/api/v1/verdict', { query: { namespace: namespace() }, headers: tag && { 'If-None-Match': tag } });
      if (response.status === 304) return;
      const now = await response.text();
      if (now !== drawn && !closed) put(body, content(JSON.parse(now)));
      drawn = now;
      tag = response.headers.get('ETag') || '';
    } catch (err) {
      if (!closed) put(body, el('p', { class: 'bad' }, err.message));
      drawn = tag = '';
    }
  }

  look();
  return () => { closed = true; clearTimeout(timer); };
}

function content(v) {
  return [
    el('p', { class: 'verdict-line' }, badge(kinds[v.status] + ' big', t('status.' + v.status)), ' ', v.scenario),
    el('p', { class: 'dim' }, t('verdict.counts', { exchanges: v.exchanges, calls: v.calls, seed: v.seed })),
    v.evicted ? el('p', { class: 'dim' }, t('verdict.evicted', { n: v.evicted })) : null,
    (v.reasons || []).length ? el('ul', { class: 'reasons' }, v.reasons.map((r, i) => el('li', {}, says(r, v.reasons_said[i])))) : null,
    el('h2', {}, t('verdict.findings')),
    (v.findings || []).length ? v.findings.map(finding) : el('p', { class: 'dim' }, t('verdict.nofindings')),
    (v.expectations || []).length ? el('h2', {}, t('verdict.expectations')) : null,
    (v.expectations || []).map(expectation),
  ];
}

function finding(f) {
  return el('article', { class: 'card' },
    el('div', { class: 'row' }, el('h3', {}, badge(kinds[f.severity] || 'plain', t('severity.' + f.severity)), ' ', called(f.kind), f.kind, f.count > 1 ? ` × ${f.count}` : '')),
    el('p', {}, says(f.text)),
    el('p', { class: 'dim' }, t('verdict.instead') + says(f.instead)),
    proof(f.evidence),
    f.severity !== 'allowed' && f.count > f.evidence.length ? el('p', { class: 'dim' }, t('verdict.more', { n: f.count - f.evidence.length })) : null);
}

/** called returns what a finding is called, before its name in scenarios and reports, where that is not the same. */
function called(kind) {
  const name = says(kind);
  return name === kind ? '' : name + ' ';
}

function expectation(x) {
  return el('article', { class: 'card' },
    el('h3', {}, badge(kinds[x.status] || 'plain', t('status.' + x.status)), ' ', `${x.key} = ${x.want}`),
    el('p', { class: 'dim' }, says(x.about, x.about_said), x.line ? ' · ' + t('scenario.line', { n: x.line }) : ''),
    el('p', {}, says(x.text, x.said)),
    proof(x.evidence));
}

function proof(evidence) {
  if (!(evidence || []).length) return null;
  return el('ul', {}, evidence.map((e) => el('li', {},
    (e.exchanges || []).map((id) => [link(to('live', { id }), '#' + id, { class: 'exchange' }), ' ']), says(e.text, e.said))));
}
