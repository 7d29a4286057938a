// SPDX-License-Identifier: Apache-2.0
// What has happened, the latest first. Changes of leaders that follow one another are one line.
import {byId, make, say} from './dom.js';
import {endedText} from './moves.js';
import {clock, counted, phase} from './words.js';

const shown = 200;
const titles = {notice: 'log', member: 'node', leaders: 'leaders', migration: 'move', migration_ended: 'moved'};

const texts = {
  notice: ({text}) => text,
  member: ({member, state, standing, connected}) =>
    `Node ${member} is ${standing}${state === 'active' ? '' : `, ${state}`}${connected ? '' : ', not connected'}`,
  leaders: ({leads, groups_without_leader: orphans}) =>
    leads.map(({member, groups}) => `node ${member} leads ${counted(groups)}`).join(', ') +
      (orphans > 0 ? `, nobody ${counted(orphans)}` : ''),
  migration: (move) => `vShard ${move.vshard}: ${move.source} → ${move.target}, ${phase(move.phase)}` +
    (move.aborting ? ', being undone' : '') + (move.attempt > 0 ? `, attempt ${move.attempt}` : ''),
  migration_ended: endedText,
};

export class Events {
  constructor() {
    this.list = byId('events').querySelector('ol');
    this.aside = byId('events').querySelector('.aside');
    this.since = Date.now();
  }

  add(event) {
    const first = this.list.firstElementChild;
    const follows = event.name === 'leaders' && first?.dataset.name === 'leaders';
    const line = follows ? first : make('li', {'data-name': event.name},
      make('time'), make('span', {class: 'kind'}, titles[event.name]), make('span', {class: 'text'}));
    const [time, , text] = line.children;
    say(time, clock(event.ts_ms));
    time.dateTime = new Date(event.ts_ms).toISOString();
    say(text, texts[event.name](event));
    if (!follows) this.list.prepend(line);
    while (this.list.children.length > shown) this.list.lastElementChild.remove();
  }

  tick(source) {
    const quiet = this.list.children.length === 0 ? ' Nothing has happened since.' : '';
    say(this.aside, source.listening ? `Listening since ${clock(this.since)}.${quiet}` : 'Not listening: trying again.');
  }
}
