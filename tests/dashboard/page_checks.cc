// SPDX-License-Identifier: Apache-2.0
#include "tests/dashboard/page_checks.h"

namespace nodedb::e2e {

// Colours are drawn and read back, so that every notation is understood. Behind a text is whatever of its
// ancestors is not clear, one upon the other; of a gradient each of its colours is tried.
const std::string low_contrast = R"js((() => {
  const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const seen = new Map();
  const rgba = (colour) => {
    if (!seen.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      seen.set(colour, [...pen.getImageData(0, 0, 1, 1).data]);
    }
    return seen.get(colour);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a / 255 + under[i] * (1 - a / 255));
  const behind = (element) => {
    if (!element) return [[255, 255, 255]];
    const style = getComputedStyle(element);
    const drawn = style.backgroundImage.match(/rgba?\([^)]*\)|color\([^)]*\)/g) ?? [style.backgroundColor];
    if (drawn.every((colour) => rgba(colour)[3] === 255)) return drawn.map((colour) => rgba(colour).slice(0, 3));
    return behind(element.parentElement).flatMap((under) => drawn.map((colour) => over(rgba(colour), under)));
  };
  const luminance = (colour) => colour.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility()) continue;
    if (element.getBoundingClientRect().width <= 1) continue;
    ++texts;
    const ink = rgba(getComputedStyle(element).color);
    for (const ground of behind(element)) {
      const found = ratio(over(ink, ground), ground);
      if (found < 4.5) low.add(`${found.toFixed(2)} ${element.dataset.look ?? ''} ${walker.currentNode.data.trim()}`);
    }
  }
  return texts < 100 ? ['too few texts: ' + texts] : [...low];
})())js";

const std::string sticking_out = R"js([...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility() && !element.closest('.unseen, .skip, thead, svg') &&
    element.getBoundingClientRect().right >
      Math.min(innerWidth, element.closest('main > *')?.getBoundingClientRect().right ?? innerWidth) + 1)
  .map((element) => `${element.tagName} ${element.id} ${element.className}`))js";

const std::string focused = R"js((() => {
  const at = document.activeElement;
  return `${at.id || at.getAttribute('role') || at.tagName}: ${at.getAttribute('aria-label') ?? at.textContent.trim()}`;
})())js";

}  // namespace nodedb::e2e
