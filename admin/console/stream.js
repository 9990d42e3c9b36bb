// The journal's stream, read with fetch so that the token can be sent, and
// connected again whenever it ends.

import { request, json } from './api.js';

const longestSilence = 45000; // The server says something every 15 seconds.
const pauses = [250, 500, 1000, 2000, 4000];

/**
 * follow tells of every exchange of a namespace, or of all: on.event(name, data)
 * as they come, on.state('connecting', 'open' or 'lost'), and on.anew() when
 * another server answers, whose ids begin again. It returns how to stop.
 */
export function follow({ namespace, all }, on) {
  const stopped = new AbortController();
  run({ namespace, all }, on, stopped.signal);
  return () => stopped.abort();
}

async function run(watch, on, signal) {
  let last = 0;
  let server = '';
  let failures = 0;
  on.state('connecting');
  while (!signal.aborted) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener('abort', stop);
    try {
      const started = await born(connection.signal);
      if (server && started !== server) {
        last = 0;
        on.anew();
      }
      server = started;
      await read(watch, last, connection, {
        open: () => { failures = 0; on.state('open'); },
        event: (name, id, data) => { if (id) last = id; on.event(name, data); },
      });
    } catch (err) {
      if (signal.aborted) return;
      if (err.status === 400) { on.state('refused', err.message); return; }
    } finally {
      signal.removeEventListener('abort', stop);
      connection.abort();
    }
    if (signal.aborted) return;
    on.state('lost');
    await sleep(pauses[Math.min(failures++, pauses.length - 1)], signal);
  }
}

/** born tells servers apart: when its default namespace was made. */
async function born(signal) {
  const list = await json('/api/v1/namespaces', {}, signal);
  return list.namespaces[0].created;
}

async function read(watch, last, connection, on) {
  const response = await request('GET', '/api/v1/journal/stream', {
    query: { namespace: watch.all ? '' : watch.namespace, all: watch.all ? 'true' : '', brief: 'true', since: String(last) },
    signal: connection.signal,
  });
  on.open();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const silence = setTimeout(() => connection.abort(), longestSilence);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    let end;
    let from = 0;
    while ((end = rest.indexOf('\n\n', from)) >= 0) {
      event(rest.slice(from, end), on);
      from = end + 2;
    }
    rest = rest.slice(from);
  }
}

function event(text, on) {
  let name = 'message';
  let id = 0;
  let data = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('id: ')) id = Number(line.slice(4));
    else if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (data) on.event(name, id, JSON.parse(data));
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
