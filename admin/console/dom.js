// Elements are made here and nowhere else. Whatever callers put in is text: no
// function of this file, and none of the others, ever reads markup.

const svgSpace = 'http://www.w3.org/2000/svg';
const properties = new Set(['value', 'checked', 'disabled', 'selected', 'open', 'readOnly', 'hidden', 'tabIndex']);

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false && !properties.has(name)) continue;
    if (name === 'on') {
      for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    } else if (properties.has(name)) {
      node[name] = value;
    } else {
      if (/^on|^style$|^srcdoc$/i.test(name)) throw new Error('not an attribute of ours: ' + name);
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** el makes an HTML element; strings among the children become text. */
export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** svg makes an SVG element. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(svgSpace, tag), props, children);
}

/** put replaces what stands in a node. */
export function put(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** button makes a button that does something. */
export function button(text, act, props) {
  return el('button', { type: 'button', ...props, on: { click: act } }, text);
}

/** link makes an address of a place in the console a link. */
export function link(href, text, props) {
  return el('a', { href, ...props }, text);
}

/** field puts a label over a control. */
export function field(label, control, hint) {
  return el('label', { class: 'field' }, el('span', { class: 'label' }, label), control, hint ? el('span', { class: 'hint' }, hint) : null);
}

/** choice makes a select of [value, text] pairs. */
export function choice(options, value, change, props) {
  const select = el('select', { ...props, on: { change: () => change(select.value) } },
    options.map(([v, text]) => el('option', { value: v }, text)));
  select.value = value;
  return select;
}

/** badge is a word on a coloured ground. */
export function badge(kind, text) {
  return el('span', { class: 'badge ' + kind }, text);
}

/** bar shows how much of something is used, for eyes and for readers. */
export function bar(label, used, max, kind) {
  const share = max > 0 ? Math.min(1, Math.max(0, used / max)) : 0;
  return svg('svg', { class: 'bar ' + (kind || ''), viewBox: '0 0 100 6', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('rect', { class: 'ground', width: 100, height: 6 }),
    svg('rect', { class: 'used', width: share * 100, height: 6 }));
}

/** ask asks a question and resolves to whether the answer is yes. Who goes elsewhere says no. */
export function ask(question, yes, no) {
  return new Promise((resolve) => {
    const done = (answer) => {
      removeEventListener('hashchange', left);
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = el('dialog', { class: 'ask', 'aria-label': question, on: { cancel: (e) => { e.preventDefault(); done(false); } } },
      el('p', {}, question),
      el('div', { class: 'row end' }, button(no, () => done(false)), button(yes, () => done(true), { class: 'danger' })));
    const left = () => done(false);
    addEventListener('hashchange', left);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** save hands a text to the browser as a file. */
export function save(name, type, text) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  const anchor = el('a', { href, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}
