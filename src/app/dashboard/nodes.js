// SPDX-License-Identifier: Apache-2.0
// A row for each member. What a node has not told lately (CPU, disk, how soon it answers) is a dash.
import {shownMembers, standing} from './cluster.js';
import {byId, make, mark, say, sync} from './dom.js';
import {bytes, counted, microseconds, span} from './words.js';

const columns = ['node', 'state', 'leads', 'replicas', 'behind', 'cpu', 'disk', 'answers', 'heard'];
const titles = {
  state: 'State', leads: 'Leads', replicas: 'Replicas', behind: 'Behind', cpu: 'CPU', disk: 'Disk used',
  answers: 'Answers in', heard: 'Heard',
};

function buildRow() {
  const cells = columns.map((name) => (name === 'node'
    ? make('th', {scope: 'row'}, make('span', {class: 'number'}), make('span', {class: 'name'}))
    : make('td', {'data-title': titles[name], class: name}, make('span'))));
  return make('tr', {}, ...cells);
}

/** A figure over a bar that is `share` of the cell wide. */
function fillBar(cell, text, share) {
  say(cell.firstElementChild, text);
  mark(cell, 'data-bar', share !== null);
  cell.style.setProperty('--share', share ?? 0);
}

function heard(member, self) {
  if (member.id === self) return 'itself';
  if (member.last_heard_ms_ago < 0) return 'never';
  return member.last_heard_ms_ago < 2000 ? 'now' : `${span(member.last_heard_ms_ago)} ago`;
}

function fillRow(row, member, cluster, most) {
  const [node, state, leads, replicas, behind, cpu, disk, answers, last] = row.children;
  say(node.firstElementChild, String(member.id));
  say(node.lastElementChild, [member.name, member.zone].filter(Boolean).join(', ') || member.quic);
  node.title = `${member.uuid}\nQUIC ${member.quic}\nRedis ${member.redis || 'none'}`;
  node.firstElementChild.dataset.leader = (member.id - 1) % 8;
  const stands = standing(member);
  mark(row, 'data-gravity', stands.gravity);
  const drained = member.state !== 'active' && stands.word !== member.state ? `, ${member.state}` : '';
  say(state.firstElementChild, stands.word + drained + (stands.gravity !== 'well' && member.standing_ms > 0
    ? ` for ${span(member.standing_ms)}` : ''));
  fillBar(leads, counted(member.leads), member.leads / most.leads);
  fillBar(replicas, counted(member.wanted), member.wanted / most.wanted);
  say(behind.firstElementChild, member.lag_entries > 0 ? counted(member.lag_entries) : '–');
  const told = stands.gravity === 'broken' ? undefined : cluster.vitals.find((vitals) => vitals.member === member.id);
  fillBar(cpu, told ? `${Math.round(told.cpu_permille / 10)} %` : '–', told ? Math.min(1, told.cpu_permille / 1000) : null);
  const used = told && told.disk_bytes > 0 ? 1 - told.disk_free_bytes / told.disk_bytes : null;
  fillBar(disk, used === null ? '–' : `${Math.round(used * 100)} %`, used);
  mark(disk, 'title', used === null ? null : `${bytes(told.disk_free_bytes)} free of ${bytes(told.disk_bytes)}`);
  say(answers.firstElementChild, told && told.answers > 0 ? microseconds(told.answer_us) : '–');
  mark(answers, 'title', told && told.answers > 0 ? `the longest of ${counted(told.answers)} took ${microseconds(told.answer_us_max)}` : null);
  say(last.firstElementChild, heard(member, cluster.id));
}

export function showNodes(cluster) {
  const members = shownMembers(cluster);
  const most = {
    leads: Math.max(1, ...members.map((member) => member.leads)),
    wanted: Math.max(1, ...members.map((member) => member.wanted)),
  };
  sync(byId('nodes').querySelector('tbody'), members, (member) => member.id, buildRow,
    (row, member) => fillRow(row, member, cluster, most));
  const aside = byId('nodes').querySelector('.aside');
  aside.hidden = members.length > 0;
  say(aside, 'No node is a member yet.');
}
