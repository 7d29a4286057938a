// SPDX-License-Identifier: Apache-2.0
// The page: what the node says, handed to the parts that show it.
import {byId, mark, say} from './dom.js';
import {Events} from './events.js';
import {showFigures} from './figures.js';
import {showFreshness, showHealth} from './health.js';
import {ShardMap} from './map.js';
import {showMoves} from './moves.js';
import {showNodes} from './nodes.js';
import {Source} from './source.js';

const oldAfterMs = 7000;
const mapSoonMs = 400;

const map = new ShardMap();
const events = new Events();
let cluster = null;
let mapSoon = null;

function showWhere() {
  const uuid = cluster.cluster?.uuid;
  const role = cluster.drives ? ', which drives' : '';
  say(byId('where'), cluster.id === 0 ? `seen from ${cluster.quic}` : `seen from node ${cluster.id}${role} · ${cluster.quic}`);
  mark(byId('where'), 'title', uuid ? `cluster ${uuid}, version ${cluster.process.version}` : null);
  document.title = cluster.health.state === 'well' || cluster.health.state === 'note'
    ? 'nodedb-cluster' : `(${cluster.health.problems.length}) nodedb-cluster`;
}

function showAge() {
  const age = source.ageMs;
  const old = age === null ? source.failure !== null : age > oldAfterMs;
  showFreshness(source, old);
  const other = cluster?.members.find((member) => member.id !== cluster.id && member.state === 'active');
  showHealth(cluster?.health, source, old, other?.quic);
  events.tick(source);
}

const told = {
  cluster(body) {
    cluster = body;
    showWhere();
    showFigures(cluster);
    showNodes(cluster);
    showMoves(cluster);
    map.set('cluster', cluster);
    showAge();
  },
  map(body) {
    map.set('map', body);
  },
  event(event) {
    events.add(event);
    clearTimeout(mapSoon);
    mapSoon = setTimeout(() => { source.askCluster(); source.askMap(); }, mapSoonMs);
  },
};

const source = new Source((what, body) => told[what](body), showAge);
