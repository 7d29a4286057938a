// SPDX-License-Identifier: Apache-2.0
// The row of figures, and how many commands this node has been given lately, as a line.
import {shownMembers, standing} from './cluster.js';
import {byId, make, mark, say, sync} from './dom.js';
import {bytes, counted, span} from './words.js';

const vshards = 1024;
const groups = vshards + 1;
const remembered = 60;
const rates = [];
let latest = null;

/** What has happened since the last answer, per second; null: that is not known yet. */
function perSecond(process) {
  const before = latest;
  latest = process;
  if (!before || process.started_ms !== before.started_ms) return null;
  const seconds = (process.wall_ms - before.wall_ms) / 1000;
  if (seconds <= 0) return null;
  const rate = (process.client_commands - before.client_commands) / seconds;
  rates.push(rate);
  if (rates.length > remembered) rates.shift();
  return rate;
}

function line() {
  const most = Math.max(1, ...rates);
  const points = rates.map((rate, at) =>
    `${(at + remembered - rates.length) * 100 / (remembered - 1)},${22 - rate / most * 20}`);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of [['viewBox', '0 0 100 24'], ['preserveAspectRatio', 'none'], ['aria-hidden', 'true'],
    ['class', 'line']]) svg.setAttribute(name, value);
  const drawn = document.createElementNS(svg.namespaceURI, 'polyline');
  drawn.setAttribute('points', points.join(' '));
  svg.append(drawn);
  return svg;
}

function figuresOf(cluster) {
  const members = shownMembers(cluster);
  const up = members.filter((member) => standing(member).gravity === 'well' || standing(member).gravity === 'note');
  const rate = perSecond(cluster.process);
  const led = groups - cluster.groups_without_leader;
  return [
    {name: 'Nodes up', value: `${up.length}`, of: ` of ${members.length}`, bad: up.length < members.length},
    {name: 'Groups led', value: counted(led), of: ` of ${counted(groups)}`, bad: led < groups},
    {name: 'Moves', value: `${cluster.migrations.length}`, of: ' under way', bad: false},
    {name: 'Commands here', value: rate === null ? '–' : counted(Math.round(rate)), of: ' /s', bad: false, drawn: true},
    {name: 'Clients here', value: counted(cluster.process.client_connections), of: '', bad: false},
    {name: 'Memory here', value: bytes(cluster.memory.resident), of: ` of ${bytes(cluster.memory.budget)}`,
      bad: cluster.memory.resident > 1.2 * cluster.memory.budget},
    {name: 'Up for', value: span(cluster.process.wall_ms - cluster.process.started_ms), of: '', bad: false},
  ];
}

export function showFigures(cluster) {
  sync(byId('figures'), figuresOf(cluster), ({name}) => name,
    ({name}) => make('div', {}, make('dt', {}, name), make('dd', {}, make('strong'), make('span'))),
    (figure, {value, of, bad, drawn}) => {
      const [number, rest] = figure.querySelector('dd').children;
      say(number, value);
      say(rest, of);
      mark(figure, 'data-bad', bad);
      if (!drawn) return;
      figure.querySelector('svg')?.remove();
      if (rates.length > 1) figure.append(line());
    });
}
