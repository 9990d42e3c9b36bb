// The admin API, the same that everybody has. The token is kept for as long as
// the tab is open, and sent to nobody else.

import { says } from './i18n.js';

const kept = 'mockllm.token';
let token = sessionStorage.getItem(kept) || '';
let asker = null;
let asking = null;

/** A Problem is what the API says is wrong. */
export class Problem extends Error {
  constructor(status, body) {
    super(says(body.detail || body.title || String(status), body.said));
    this.status = status;
    this.problems = body.problems || [];
    this.wrong = this.problems.length + (body.more || 0);
  }
}

/** askWith says who asks the user for the token: a function that resolves to one. */
export function askWith(ask) {
  asker = ask;
}

/** address returns a path of the API with its query. */
export function address(path, query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== '' && value !== null && value !== undefined) params.set(name, value);
  }
  const text = params.toString();
  return path + (text ? '?' + text : '');
}

/** request asks and returns the response, also one that nothing changed; a missing token is asked for. */
export async function request(method, path, { query, body, type, headers, signal } = {}) {
  for (;;) {
    const sent = token;
    const h = { ...headers };
    if (sent) h.Authorization = 'Bearer ' + sent;
    if (body !== undefined) h['Content-Type'] = type || 'application/json';
    const response = await fetch(address(path, query), { method, headers: h, body, signal, cache: 'no-store', credentials: 'omit' });
    if (response.status !== 401) return checked(response);
    if (token !== sent) continue; // Somebody was asked meanwhile.
    asking = asking || asker(sent !== '').finally(() => { asking = null; });
    token = await asking;
    sessionStorage.setItem(kept, token);
  }
}

async function checked(response) {
  if (response.ok || response.status === 304) return response;
  let body = {};
  try {
    body = await response.json();
  } catch { /* Something else answers than the API. */ }
  throw new Problem(response.status, body);
}

/** json asks for JSON. */
export async function json(path, query, signal) {
  return (await request('GET', path, { query, signal })).json();
}

/** text asks for a text. */
export async function text(path, query) {
  return (await request('GET', path, { query })).text();
}

/** send tells something; the answer, if any, is JSON. */
export async function send(method, path, query, body) {
  const response = await request(method, path, { query, body: body === undefined ? undefined : JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}
