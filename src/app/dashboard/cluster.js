// SPDX-License-Identifier: Apache-2.0
// What /v1/cluster and /v1/map mean: how a member stands, how a vShard is. Pure.

export const lagLarge = 1000;

/** What an operator calls it: one word, and its gravity. */
export function standing(member) {
  if (member.state === 'retired') return {word: 'retired', gravity: 'note'};
  if (member.standing === 'dead') return {word: 'down', gravity: 'broken'};
  if (member.standing === 'left' && !member.connected) return {word: 'stopped', gravity: 'warning'};
  if (member.standing === 'suspect') return {word: 'silent', gravity: 'warning'};
  if (!member.connected) return {word: 'apart', gravity: 'warning'};
  if (member.state !== 'active') return {word: member.state, gravity: 'note'};
  return {word: 'up', gravity: 'well'};
}

export const shownMembers = (cluster) => cluster.members.filter((member) => member.state !== 'retired');

/** Each vShard's health, the gravest reason first: no leader, halted, short of a replica, behind, moving, well. */
export function shardStates(cluster, map) {
  const down = new Set(cluster.members
    .filter((member) => ['broken', 'warning'].includes(standing(member).gravity)).map((member) => member.id));
  const known = new Set(cluster.members.map((member) => member.id));
  const moving = new Set(cluster.migrations.map((migration) => migration.vshard));
  const halted = new Set(map.halted);
  const copies = Math.min(cluster.cluster?.replication_factor ?? 0, known.size);
  return map.leader.map((leader, vshard) => {
    if (leader === 0) return 'orphan';
    if (halted.has(vshard)) return 'halted';
    const replicas = map.replicas[vshard];
    if (replicas.length < copies || replicas.some((node) => down.has(node))) return 'short';
    if (map.lag[vshard] > lagLarge) return 'behind';
    return moving.has(vshard) ? 'moving' : 'well';
  });
}

export const healthWords = {
  well: {glyph: '·', word: 'well'},
  moving: {glyph: '›', word: 'moving'},
  behind: {glyph: '~', word: 'a replica is behind'},
  short: {glyph: '!', word: 'a replica is missing'},
  halted: {glyph: '■', word: 'halted here'},
  orphan: {glyph: '×', word: 'no leader'},
};

/** 0 (idle) to 5 (as busy as the busiest), by orders of magnitude; null: not known here. */
export function loadLevels(map) {
  const loads = map.writes.map((writes, vshard) => (writes < 0 ? null : writes + map.reads[vshard]));
  const most = Math.max(1, ...loads.filter((load) => load !== null));
  const step = Math.max(2, most ** 0.2);
  return loads.map((load) => {
    if (load === null || load === 0) return load;
    return Math.min(5, Math.max(1, 5 - Math.floor(Math.log(most / load) / Math.log(step))));
  });
}
