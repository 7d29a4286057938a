// SPDX-License-Identifier: Apache-2.0
// The sentence on top, what is wrong, and the commands that help. If the node itself is silent, that comes first.
import {buildCommand, fillCommand} from './command.js';
import {byId, make, mark, say, sync} from './dom.js';
import {clock, span} from './words.js';

const handoverMs = 6000;
const words = {note: 'Note', warning: 'Warning', broken: 'Broken'};

function silent(source, address) {
  const shown = source.answeredAt === null ? '' : ` What is shown is of ${clock(source.answeredAt)}, and may be wrong by now.`;
  return {
    state: 'broken',
    sentence: `This node is silent: ${source.failure ?? 'it takes its time'}.${shown}`,
    problems: [{
      gravity: 'broken',
      text: 'The page asks on, and goes on by itself. Another node\'s page tells how the cluster is.',
      remedies: [
        {when: 'on its machine', command: 'systemctl status nodedb-cluster'},
        ...(address ? [{when: 'is it known to the others?', command: `nodedb-cluster node ls --node ${address}`}] : []),
      ],
    }],
  };
}

let leaderlessSince = null;

/** A handover or an election is over within seconds: until then nobody is alarmed. */
function settled(health) {
  if (health.problems[0]?.alert !== 'NodedbNoLeader') {
    leaderlessSince = null;
    return health;
  }
  leaderlessSince ??= Date.now();
  if (Date.now() - leaderlessSince > handoverMs) return health;
  const rest = health.problems.slice(1);
  return {
    state: rest[0]?.gravity ?? 'note',
    sentence: rest[0]?.text ?? 'All is well, and some leaderships are changing hands.',
    problems: rest,
  };
}

function fillProblem(item, problem, first) {
  const [tag, text, remedies] = item.children;
  mark(item, 'data-gravity', problem.gravity);
  say(tag, words[problem.gravity]);
  say(text, problem.text);
  text.hidden = first;  // the sentence above says it
  tag.hidden = first;
  sync(remedies, problem.remedies, (remedy) => remedy.command, buildCommand, fillCommand);
}

/** `old`: whether what is known is too old to be believed. `elsewhere`: another member's address. */
export function showHealth(health, source, old, elsewhere) {
  if (!health && source.failure === null) return;  // it has just been asked
  const shown = old || !health ? silent(source, elsewhere) : settled(health);
  mark(byId('health'), 'data-state', shown.state);
  say(byId('sentence'), shown.sentence);
  sync(byId('problems'), shown.problems, (problem) => problem.text,
    () => make('li', {}, make('span', {class: 'tag'}), make('span', {class: 'text'}), make('div', {class: 'remedies'})),
    (item, problem) => fillProblem(item, problem, problem.text === shown.sentence));
  byId('commands-note').hidden = !shown.problems.some(({remedies}) =>
    remedies.some(({command}) => command.startsWith('nodedb-cluster')));
}

export function showFreshness(source, old) {
  const place = byId('freshness');
  mark(place, 'data-state', old ? 'broken' : 'well');
  const age = source.ageMs;
  const says = age === null ? 'connecting…' : old ? `silent for ${span(age)}` : `live${source.listening ? '' : ', no events'}`;
  say(place.lastElementChild, says);
  document.documentElement.classList.toggle('old', old);
}
