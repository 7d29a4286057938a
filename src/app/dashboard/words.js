// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.

const count = new Intl.NumberFormat('en');

export const counted = (number) => count.format(number);
export const plural = (number, one) => `${counted(number)} ${one}${number === 1 ? '' : 's'}`;

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  for (const unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
    number /= 1024;
    if (number < 1024 || unit === 'TiB') return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${unit}`;
  }
}

/** How long something has taken, or takes. */
export function span(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export const microseconds = (us) => (us < 1000 ? `${us} µs` : us < 100000 ? `${(us / 1000).toFixed(1)} ms` : span(us / 1000));

const hours = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});

/** Time of day, where the reader is. */
export const clock = (ms) => hours.format(new Date(ms));

/** `learner is added` instead of `add_learner`. */
export const phases = ['add_learner', 'catch_up', 'promote_learner', 'leadership_transfer', 'cutover', 'complete'];
const phaseWords = {
  add_learner: 'adding the learner',
  catch_up: 'copying',
  promote_learner: 'making it a voter',
  leadership_transfer: 'handing leadership over',
  cutover: 'cutting over',
  complete: 'clearing up',
};
export const phase = (name) => phaseWords[name] ?? name;
