// SPDX-License-Identifier: Apache-2.0
// What the node says: asked for again and again, and listened to. A Source never gives up; it tells how old the
// latest answer is, and why there is none.

const clusterEvery = 2000;
const mapEvery = 6000;
const answerWithin = 5000;
const listenAgainAfter = 3000;
const eventNames = ['notice', 'member', 'leaders', 'migration', 'migration_ended'];

export class Source {
  /** `told(what, body)` with what = 'cluster', 'map' or 'event'; `tick()` each second. */
  constructor(told, tick) {
    this.told = told;
    this.answeredAt = null;
    this.failure = null;
    this.listening = false;
    this.askCluster = this.repeat('/v1/cluster', 'cluster', clusterEvery);
    this.askMap = this.repeat('/v1/map', 'map', mapEvery);
    this.listen();
    setInterval(tick, 1000);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.askCluster();
      this.askMap();
    });
  }

  /** How old what is shown is; null: nothing has been answered yet. */
  get ageMs() {
    return this.answeredAt === null ? null : Date.now() - this.answeredAt;
  }

  /** Asks now and then on; gives a function that asks at once. */
  repeat(path, what, every) {
    let timer = null;
    let underWay = false;
    const ask = async () => {
      clearTimeout(timer);
      if (underWay) return;
      underWay = true;
      try {
        if (!document.hidden) await this.ask(path, what);
      } finally {
        underWay = false;
        timer = setTimeout(ask, every);
      }
    };
    ask();
    return ask;
  }

  async ask(path, what) {
    const body = await this.answer(path);
    if (body === null) return;
    if (what === 'cluster') {
      this.answeredAt = Date.now();
      this.failure = null;
    }
    this.told(what, body);
  }

  /** Null, and `failure` says why, if there is none. */
  async answer(path) {
    try {
      const response = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(answerWithin)});
      const body = await response.json();
      if (response.ok) return body;
      this.failure = body.error;
    } catch (trouble) {
      this.failure = {TypeError: 'it cannot be reached', TimeoutError: 'it does not answer'}[trouble.name] ?? trouble.message;
    }
    return null;
  }

  listen() {
    const stream = new EventSource('/v1/events');
    stream.onopen = () => { this.listening = true; };
    stream.onerror = () => {
      this.listening = false;
      if (stream.readyState !== EventSource.CLOSED) return;  // it tries again by itself
      setTimeout(() => this.listen(), listenAgainAfter);
    };
    for (const name of eventNames)
      stream.addEventListener(name, (event) => this.told('event', {name, ...JSON.parse(event.data)}));
  }
}
