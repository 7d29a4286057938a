// SPDX-License-Identifier: Apache-2.0
// Auto, light or dark: remembered by the browser, and set before anything is drawn.
'use strict';
(() => {
  const themes = ['auto', 'light', 'dark'];
  const root = document.documentElement;
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('theme') ?? 'auto';
  } catch { /* a browser may forbid it */ }

  const show = () => {
    root.dataset.theme = chosen;
    const button = document.getElementById('theme');
    if (button) button.lastElementChild.textContent = chosen;
  };
  show();
  document.addEventListener('DOMContentLoaded', () => {
    show();
    document.getElementById('theme').addEventListener('click', () => {
      chosen = themes[(themes.indexOf(chosen) + 1) % themes.length];
      try {
        localStorage.setItem('theme', chosen);
      } catch { /* then it holds until the page is left */ }
      show();
    });
  });
})();
