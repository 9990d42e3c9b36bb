// How times and amounts are written.

/** duration writes nanoseconds for people. */
export function duration(ns) {
  if (!ns) return '0';
  const ms = ns / 1e6;
  if (ms < 1) return trim(ns / 1e3) + ' µs';
  if (ms < 1000) return trim(ms) + ' ms';
  const s = ms / 1000;
  if (s < 60) return trim(s) + ' s';
  const parts = [];
  let left = Math.round(s);
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]]) {
    if (left >= size) parts.push(Math.floor(left / size) + ' ' + unit);
    left %= size;
  }
  return parts.slice(0, 2).join(' ');
}

function trim(n) {
  return String(Number(n.toFixed(n < 10 ? 2 : n < 100 ? 1 : 0)));
}

/** clock writes the time of day of a timestamp. */
export function clock(time) {
  const d = new Date(time);
  if (Number.isNaN(d.getTime())) return '';
  const two = (n) => String(n).padStart(2, '0');
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
}

/** day writes date and time of a timestamp. */
export function day(time) {
  const d = new Date(time);
  if (Number.isNaN(d.getTime())) return '';
  const two = (n) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** size writes a number of bytes. */
export function size(bytes) {
  return bytes < 1024 ? bytes + ' B' : trim(bytes / 1024) + ' KiB';
}

/** short writes the end of an error's id: what a scenario calls it. */
export function short(id) {
  return id.slice(id.indexOf('/') + 1);
}
