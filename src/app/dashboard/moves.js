// SPDX-License-Identifier: Apache-2.0
// Migrations under way, with how far and how fast they are, and those that have ended lately.
import {byId, make, mark, say, sync} from './dom.js';
import {buildCommand, fillCommand} from './command.js';
import {bytes, clock, counted, phase, phases, plural, span} from './words.js';

const endedShown = 6;
const shown = 16;  // as many as there may be under way at once
const fade = 0.5;
const copies = new Map();  // by migration: {bytes, at, rate}

/** Bytes a second, a mean that fades; null: nothing has been copied between two answers. */
function rateOf(migration, now) {
  const before = copies.get(migration.id);
  let rate = before?.rate ?? null;
  if (before && now > before.at) {
    const latest = Math.max(0, migration.copied_bytes - before.bytes) * 1000 / (now - before.at);
    rate = rate === null ? latest : rate * fade + latest * (1 - fade);
  }
  copies.set(migration.id, {bytes: migration.copied_bytes, at: now, rate});
  return migration.phase === 'catch_up' && rate > 1 ? rate : null;
}

function copied(migration, rate) {
  if (migration.copied_bytes === 0) return '';
  const all = Math.max(migration.copy_bytes, migration.copied_bytes);
  const left = all - migration.copied_bytes;
  let text = `${bytes(migration.copied_bytes)} of ${bytes(all)}`;
  if (rate !== null) text += `, ${bytes(rate)}/s`;
  if (rate !== null && left > 0) text += `, ${span(left / rate * 1000)} left`;
  return text;
}

function facts(migration, rate, now) {
  const words = [copied(migration, rate)];
  if (migration.lag_entries > 0) words.push(`${counted(migration.lag_entries)} entries behind`);
  if (migration.attempt > 0) words.push(`attempt ${migration.attempt}`);
  if (migration.pace_bytes_per_second > 0) words.push(`writes held to ${bytes(migration.pace_bytes_per_second)}/s`);
  words.push(`begun ${span(now - migration.started_ms)} ago`);
  return words.filter(Boolean).join(' · ');
}

function waits(migration) {
  if (migration.aborting) return `being undone: ${migration.reason || 'asked for'}`;
  if (!migration.waits_for) return '';
  return `waits ${span(migration.waits_ms)} for: ${migration.waits_for}`;
}

function buildMove() {
  const steps = phases.map(() => make('li'));
  return make('article', {},
    make('h3', {}, make('span', {class: 'what'}), make('span', {class: 'phase'})),
    make('ol', {class: 'steps', 'aria-hidden': 'true'}, ...steps),
    make('p', {class: 'facts'}), make('p', {class: 'waits'}));
}

function fillMove(move, migration, now) {
  const [title, steps, numbers, reason] = move.children;
  say(title.firstElementChild, `vShard ${migration.vshard}: node ${migration.source} → node ${migration.target}`);
  const at = phases.indexOf(migration.phase);
  say(title.lastElementChild, `${phase(migration.phase)} (${at + 1} of ${phases.length})`);
  [...steps.children].forEach((step, i) => mark(step, 'data-done', i < at ? 'yes' : i === at ? 'now' : 'no'));
  mark(move, 'data-waits', waits(migration) !== '');
  say(numbers, facts(migration, rateOf(migration, now), now));
  say(reason, waits(migration));
  reason.hidden = reason.textContent === '';
}

function emptyPlace(cluster) {
  const ids = cluster.members.filter(({state}) => state === 'active').map(({id}) => id);
  const text = make('p', {class: 'aside'}, 'Nothing is being moved.');
  const command = buildCommand();
  fillCommand(command, {when: 'to move one', command: 'nodedb-cluster migration start --random 1 ' +
    `--to ${ids.at(-1) ?? 1} --node ${cluster.quic}`});
  return make('div', {}, text, command);
}

/** Those that have their turn each, the others in a line, and a word for whom to ask. */
function rowsOf(cluster) {
  if (cluster.migrations.length === 0) return [{id: 'empty'}];
  const queued = (migration) => migration.waits_for.startsWith('its turn') && !migration.aborting;
  const rows = cluster.migrations.filter((migration) => !queued(migration)).slice(0, shown);
  const rest = cluster.migrations.length - rows.length;
  if (rest > 0) rows.push({id: 'line', text: `${plural(rest, 'more move')} waiting for ${rest === 1 ? 'its' : 'their'} turn.`});
  if (cluster.driver !== cluster.id)
    rows.push({id: 'asides', text: 'How much has been copied, and what a move waits for, is known to ' +
      `node ${cluster.driver || '–'}, which drives them.`});
  return rows;
}

export function showMoves(cluster) {
  const now = cluster.process.wall_ms;
  const place = byId('moves').querySelector('.under-way');
  sync(place, rowsOf(cluster), ({id}) => id,
    ({id, text}) => (id === 'empty' ? emptyPlace(cluster) : text ? make('p', {class: 'aside'}) : buildMove()),
    (element, row) => {
      if (row.text) say(element, row.text);
      else if (row.id !== 'empty') fillMove(element, row, now);
    });
  for (const id of copies.keys()) if (!cluster.migrations.some((one) => one.id === id)) copies.delete(id);
  const ended = cluster.history.slice(-endedShown).reverse();
  byId('ended-title').hidden = ended.length === 0;
  sync(byId('moves').querySelector('.ended'), ended, ({id, ended: at}) => id + at,
    () => make('li', {}, make('time'), make('span', {class: 'text'})),
    (item, row) => {
      say(item.firstElementChild, clock(row.ended_ms));
      say(item.lastElementChild, endedText(row));
      mark(item, 'data-outcome', row.outcome);
    });
}

export function endedText(row) {
  const took = `took ${span(row.ended_ms - row.started_ms)}`;
  const pause = row.pause_us > 0 ? `, writes paused ${span(row.pause_us / 1000)}` : '';
  const why = row.reason ? `: ${row.reason}` : '';
  return `vShard ${row.vshard}: ${row.source} → ${row.target} ${row.outcome}, ${took}${pause}${why}`;
}
