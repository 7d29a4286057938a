// SPDX-License-Identifier: Apache-2.0
// A command to be pasted into a shell, with a button that copies it.
import {make, say} from './dom.js';

const saidFor = 2000;

async function copy(code, button) {
  let says = 'Copied';
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {  // only where the page came by a safe way: then the text is chosen, for Ctrl+C
    getSelection().selectAllChildren(code);
    says = 'Press Ctrl+C';
  }
  say(button, says);
  setTimeout(() => say(button, 'Copy'), saidFor);
}

export function buildCommand() {
  const code = make('code', {tabindex: '0'});
  const button = make('button', {type: 'button'}, 'Copy');
  button.addEventListener('click', () => copy(code, button));
  return make('div', {class: 'command'}, make('span', {class: 'when'}), code, button);
}

export function fillCommand(element, {when, command}) {
  const [label, code, button] = element.children;
  say(label, when);
  say(code, command);
  button.setAttribute('aria-label', `Copy: ${command}`);
}
