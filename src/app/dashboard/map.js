// SPDX-License-Identifier: Apache-2.0
// The map of vShards: a grid of cells to walk through by keyboard, each with a sign beside its colour, and what is
// known of the chosen one.
import {healthWords, loadLevels, shardStates, shownMembers} from './cluster.js';
import {buildCommand, fillCommand} from './command.js';
import {byId, fillPairs, make, mark, say, sync} from './dom.js';
import {bytes, counted, phase, plural} from './words.js';

const vshards = 1024;
const wide = 32;
const colours = 8;

export class ShardMap {
  constructor() {
    this.cells = [];
    this.chosen = null;
    this.cluster = this.map = null;
    this.build();
    byId('colouring').addEventListener('change', () => this.draw());
    const number = byId('shard-number');
    number.addEventListener('input', () => {
      const vshard = number.valueAsNumber;
      if (Number.isInteger(vshard) && vshard >= 0 && vshard < vshards) this.choose(vshard);
    });
  }

  build() {
    const grid = byId('cells');
    for (let first = 0; first < vshards; first += wide) {
      const row = make('div', {role: 'row'});
      for (let vshard = first; vshard < first + wide; ++vshard) {
        const cell = make('div', {role: 'gridcell', tabindex: vshard === 0 ? '0' : '-1'});
        this.cells.push(cell);
        row.append(cell);
      }
      grid.append(row);
    }
    const at = (event) => this.cells.indexOf(event.target);
    grid.addEventListener('click', (event) => { if (at(event) >= 0) this.choose(at(event)); });
    grid.addEventListener('focusin', (event) => { if (at(event) >= 0) this.choose(at(event)); });
    grid.addEventListener('keydown', (event) => this.walk(event, at(event)));
  }

  walk(event, from) {
    const start = from - from % wide;
    const to = {
      ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - wide, ArrowDown: from + wide,
      Home: event.ctrlKey ? 0 : start, End: event.ctrlKey ? vshards - 1 : start + wide - 1,
      PageUp: from - 8 * wide, PageDown: from + 8 * wide,
    }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to < vshards) this.cells[to].focus();
  }

  choose(vshard) {
    if (this.chosen === vshard) return;
    for (const [cell, chosen] of [[this.cells[this.chosen ?? 0], false], [this.cells[vshard], true]]) {
      cell.tabIndex = chosen ? 0 : -1;
      mark(cell, 'aria-selected', chosen || null);
    }
    this.chosen = vshard;
    const number = byId('shard-number');
    if (number.valueAsNumber !== vshard) number.value = vshard;
    this.showChosen();
  }

  set(what, body) {
    this[what] = body;
    this.draw();
  }

  get colouring() {
    return byId('colouring').querySelector(':checked').value;
  }

  draw() {
    if (!this.cluster || !this.map || this.map.leader.length !== vshards) return;
    this.states = shardStates(this.cluster, this.map);
    this.levels = loadLevels(this.map);
    const {looks, legend} = this[this.colouring]();
    this.cells.forEach((cell, vshard) => {
      const {look, glyph} = looks(vshard);
      mark(cell, 'data-look', look);
      say(cell, glyph);
      mark(cell, 'aria-label', this.name(vshard));
    });
    sync(byId('legend'), legend, ({word}) => word,
      () => make('li', {}, make('span', {class: 'cell', 'aria-hidden': 'true'}), make('span')),
      (item, {look, glyph, word}) => {
        mark(item.firstElementChild, 'data-look', look);
        say(item.firstElementChild, glyph);
        say(item.lastElementChild, word);
      });
    this.showChosen();
  }

  leader() {
    const look = (node) => (node === 0 ? 'orphan' : `leader-${(node - 1) % colours}`);
    const glyph = (node) => (node === 0 ? '×' : String(node % 100));
    const counts = new Map(shownMembers(this.cluster).map((member) => [member.id, 0]));
    for (const node of this.map.leader) counts.set(node, (counts.get(node) ?? 0) + 1);
    return {
      looks: (vshard) => ({look: look(this.map.leader[vshard]), glyph: glyph(this.map.leader[vshard])}),
      legend: [...counts].sort(([a], [b]) => a - b).map(([node, count]) => ({
        look: look(node), glyph: glyph(node), word: `${node === 0 ? 'no leader' : `node ${node}`} (${counted(count)})`,
      })),
    };
  }

  health() {
    const counts = Object.groupBy(this.states, (state) => state);
    return {
      looks: (vshard) => ({look: this.states[vshard], glyph: healthWords[this.states[vshard]].glyph}),
      legend: Object.entries(healthWords).map(([look, {glyph, word}]) => ({
        look, glyph, word: `${word} (${counted(counts[look]?.length ?? 0)})`,
      })),
    };
  }

  load() {
    const look = (level) => (level === null ? 'unknown' : `load-${level}`);
    const glyph = (level) => (level === null ? '?' : level === 0 ? '·' : String(level));
    const legend = [{level: 0, word: 'idle'}, {level: 1, word: 'least'}, {level: 2, word: ''}, {level: 3, word: ''},
      {level: 4, word: ''}, {level: 5, word: 'busiest'}].map(({level, word}) =>
      ({look: look(level), glyph: glyph(level), word: word || `level ${level}`}));
    if (this.levels.includes(null)) legend.push({look: 'unknown', glyph: '?', word: this.whoKnows()});
    return {looks: (vshard) => ({look: look(this.levels[vshard]), glyph: glyph(this.levels[vshard])}), legend};
  }

  whoKnows() {
    if (this.map.driver === this.map.id) return 'not known yet: a minute after a change of leaders';
    return `not known here: ask node ${this.map.driver || '–'}`;
  }

  name(vshard) {
    const leader = this.map.leader[vshard];
    return `vShard ${vshard}, ${leader === 0 ? 'no leader' : `led by node ${leader}`}, ${healthWords[this.states[vshard]].word}`;
  }

  showChosen() {
    if (!this.states) return;
    const place = byId('shard');
    mark(place, 'data-empty', this.chosen === null);
    if (this.chosen === null) return fillPairs(place.querySelector('dl'), []);
    const at = (name) => this.map[name][this.chosen];
    const move = this.cluster.migrations.find(({vshard}) => vshard === this.chosen);
    const known = (value, words) => (value < 0 ? `known to node ${at('leader') || '–'}` : words(value));
    fillPairs(place.querySelector('dl'), [
      ['Health', healthWords[this.states[this.chosen]].word],
      ['Leader', at('leader') === 0 ? 'none is known' : `node ${at('leader')}`],
      ['Replicas', at('replicas').map((node) => `node ${node}`).join(', ')],
      ['Epoch', String(at('epoch'))],
      ['Behind', known(at('lag'), (lag) => plural(lag, 'entry').replace('entrys', 'entries'))],
      ['Load', at('writes') < 0 ? this.whoKnows() :
        `${counted(at('writes'))} writes/s, ${counted(at('reads'))} reads/s, ${at('bytes') > 0 ? bytes(at('bytes')) : 'under 1 MiB'}`],
      ['Move', move ? `node ${move.source} → node ${move.target}: ${phase(move.phase)}` : 'none'],
    ]);
    const command = place.querySelector('.command-place');
    sync(command, [{when: 'all about it', command: `nodedb-cluster shard show ${this.chosen} --node ${this.cluster.quic}`}],
      () => 'show', buildCommand, fillCommand);
  }
}
