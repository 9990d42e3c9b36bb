// Where in the console one is stands in the fragment of the address, so that it
// can be kept and sent: #live?namespace=blue&id=7.

const views = ['live', 'scenario', 'throw', 'verdict', 'clock'];

/** here returns the view and the parameters of the address. */
export function here() {
  const [name, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { view: views.includes(name) ? name : 'live', params: new URLSearchParams(query || '') };
}

/** href returns the address of a view. What is empty is left out. */
export function href(view, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params || {})) {
    if (value !== '' && value !== null && value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return '#' + view + (text ? '?' + text : '');
}

/** to returns the address of a view in the namespace where one is. */
export function to(view, params) {
  return href(view, { namespace: namespace(), ...params });
}

/** namespace returns the namespace where one is; "" is the default one. */
export function namespace() {
  return here().params.get('namespace') || '';
}

/** note changes parameters of the address without going anywhere. */
export function note(changes) {
  const { view, params } = here();
  history.replaceState(null, '', href(view, { ...Object.fromEntries(params), ...changes }));
}
