// SPDX-License-Identifier: Apache-2.0
// Elements out of values. What comes from the cluster only ever becomes text.

export const byId = (id) => document.getElementById(id);

/** `make('p', {class: 'x', title: 'y'}, 'text', otherElement)`; a property that is null or false is left out. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Leaves an element alone that says so already: screen readers and selections are not disturbed. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/**
 * Makes the children of `parent` those of `rows`, one each, and keeps those that are there by key. `build()` gives a
 * new child; `fill(child, row)` is called for each.
 */
export function sync(parent, rows, key, build, fill) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const row of rows) {
    const name = String(key(row));
    let child = there.get(name);
    if (child) {
      there.delete(name);
    } else {
      child = build(row);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    fill(child, row);
  }
  for (const child of there.values()) child.remove();
}

/** The pairs of a `<dl>`; those without a value are left out. */
export function fillPairs(list, pairs) {
  sync(list, pairs.filter(([, value]) => value !== null), ([name]) => name,
    ([name]) => make('div', {}, make('dt', {}, name), make('dd')),
    (pair, [, value]) => {
      const place = pair.lastElementChild;
      if (value instanceof Node) place.replaceChildren(value);
      else say(place, value);
    });
}
