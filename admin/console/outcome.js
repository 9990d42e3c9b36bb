// What became of an exchange, in one word.

export const outcomes = ['ok', 'error', 'damaged', 'left', 'refused', 'failed', 'open'];

/** causes are who can have answered, in the order in which they are asked. */
export const causes = ['caller', 'one-shot', 'identity', 'rule', 'unmatched', 'limit', 'upstream', 'body', 'success', 'server', 'connection'];

/** outcomeOf puts what became of an exchange into one word. */
export function outcomeOf(x) {
  if (!x.done) return 'open';
  if (x.failed) return 'failed';
  if (x.problem) return 'refused';
  if (x.fault || x.cause === 'connection') return 'damaged';
  if (x.error || x.status >= 400) return 'error';
  if (x.client_left) return 'left';
  return 'ok';
}
