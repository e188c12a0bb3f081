// Runs in QuickJS, once in the candidate's runtime and once in the judge's: values by data, all else by handle.
// `__ask` carries one request as JSON text to the other side and its reply back: the judge's goes to the candidate's
// `answer`, the candidate's to the judge's `callback`.
'use strict';
(() => {
  const objects = [];
  const proxies = new Map();
  const plainPrototypes = [Object.prototype, null];

  /** JSON-safe form of a value: itself, or [tag, ...]. */
  function encode(value, depth = 0) {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : ['number', Object.is(value, -0) ? '-0' : String(value)];
    if (value === undefined) return ['undefined'];
    if (typeof value === 'bigint') return ['bigint', String(value)];
    if (depth > 200) throw new RangeError('a value nested too deep');
    const each = (items) => Array.from(items, (item) => encode(item, depth + 1));
    if (Array.isArray(value)) return ['array', each(value)];
    if (value instanceof Map) return ['map', each(value)];
    if (value instanceof Set) return ['set', each(value)];
    if (value instanceof Date) return ['date', value.getTime()];
    if (typeof value === 'object' && remotes.has(value)) return ['yours', remotes.get(value)];
    if (typeof value === 'object' && plainPrototypes.includes(Object.getPrototypeOf(value))) return ['object', Object.keys(value).map((key) => [key, encode(value[key], depth + 1)])];
    if (typeof value === 'function' && remotes.has(value)) return ['yours', remotes.get(value)];
    let index = objects.indexOf(value);
    if (index < 0) index = objects.push(value) - 1;
    return [value instanceof Promise ? 'promise' : 'handle', index, typeof value];
  }

  const remotes = new Map();

  function decode(data) {
    if (!Array.isArray(data)) return data;
    const [tag, value] = data;
    switch (tag) {
      case 'number': return Number(value);
      case 'undefined': return undefined;
      case 'bigint': return BigInt(value);
      case 'array': return value.map(decode);
      case 'map': return new Map(value.map(decode));
      case 'set': return new Set(value.map(decode));
      case 'date': return new Date(value);
      case 'object': return objectOf(value);
      case 'yours': if (!Number.isInteger(value) || !Object.hasOwn(objects, value)) throw new TypeError('no such object'); return objects[value];
      case 'handle': return proxyOf(value, data[2]);
      case 'promise': return new Promise((resolve, reject) => wait((...both) => request('then', value, null, both), resolve, reject));
      default: throw new TypeError('not a value');
    }
  }

  let unsettled = 0;

  /** Hands two functions to the other side, of which one is to be called; counted until one is, and only once. */
  function wait(start, resolve, reject) {
    let settled = false;
    unsettled += 1;
    const settling = (then) => (value) => {
      if (!settled) unsettled -= 1;
      settled = true;
      then(value);
    };
    start(settling(resolve), settling(reject));
  }

  /** The other side's `then`, so that what it never settles is counted like a promise. */
  const thenOf = (then) => (typeof then === 'function' ? function (resolve, reject) { wait((...both) => then.apply(this, both), resolve, reject); } : then);

  /** An object of the other side is no number: one that could choose its value at each use would pass every comparison. */
  function noNumber(hint) {
    if (hint !== 'string') throw new TypeError('an object of the program is no number');
    return this.toString();
  }

  function objectOf(entries) {
    const made = {};
    const put = (key, value, enumerable) => Object.defineProperty(made, key, { value, writable: true, enumerable, configurable: true });
    for (const [key, data] of entries) put(String(key), key === 'then' ? thenOf(decode(data)) : decode(data), true);
    if (Object.hasOwn(made, 'valueOf') || Object.hasOwn(made, 'toString')) put(Symbol.toPrimitive, noNumber, false);
    return made;
  }

  /** Goes through what the other side goes through. */
  function* each(index) {
    const iterator = request('iterate', index, null);
    for (let step = iterator.next(); !step.done; step = iterator.next()) yield step.value;
  }

  function fieldOf(index, key) {
    if (key === Symbol.toPrimitive) return noNumber;
    if (key === Symbol.iterator) return () => each(index);
    if (typeof key === 'symbol') return undefined;
    const value = request('get', index, key);
    return key === 'then' ? thenOf(value) : value;
  }

  function proxyOf(index, kind) {
    if (proxies.has(index)) return proxies.get(index);
    const target = kind === 'function' ? function () {} : {};
    const proxy = new Proxy(target, {
      apply: (_target, self, args) => request('call', index, encode(self), args),
      construct: (_target, args) => request('new', index, null, args),
      get: (_target, key) => fieldOf(index, key),
    });
    proxies.set(index, proxy);
    remotes.set(proxy, index);
    return proxy;
  }

  function request(operation, index, extra, args = []) {
    const [ok, value, changed] = JSON.parse(globalThis.__ask(JSON.stringify([operation, index, extra, args.map((arg) => encode(arg))])));
    if (!ok) {
      const error = new (ERRORS[value[0]] ?? Error)(value[1]);
      error.name = value[0];
      throw error;
    }
    if (changed) changed.forEach((data, i) => update(args[i], decode(data)));
    return decode(value);
  }

  const ERRORS = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

  /** Carries changes to an argument back into it. */
  function update(old, made) {
    if (Array.isArray(old) && Array.isArray(made)) {
      old.length = made.length;
      made.forEach((item, i) => { old[i] = typeof item === 'object' && item !== null && typeof old[i] === 'object' ? (update(old[i], item), old[i]) : item; });
    } else if (old instanceof Map || old instanceof Set) {
      old.clear();
      for (const item of made) old instanceof Map ? old.set(...item) : old.add(item);
    } else if (typeof old === 'object' && old !== null && typeof made === 'object') {
      for (const key of Object.keys(old)) if (!(key in made)) delete old[key];
      Object.assign(old, made);
    }
  }

  const { then } = Promise.prototype;

  /** The candidate's side of one request. */
  function answer(text) {
    try {
      const [operation, index, extra, data] = JSON.parse(text);
      const args = data.map(decode);
      const before = JSON.stringify(args.map((arg) => encode(arg)));
      const target = typeof index === 'number' ? objects[index] : (0, eval)(index);
      const value = operation === 'get' ? target[extra] : operation === 'new' ? new target(...args) : operation === 'iterate' ? target[Symbol.iterator]() : operation === 'then' ? void then.apply(target, args) : operation === 'call' ? target.apply(decode(extra), args) : target;
      const after = args.map((arg) => encode(arg));
      return JSON.stringify([true, encode(value), JSON.stringify(after) === before ? null : after]);
    } catch (error) {
      return JSON.stringify([false, [String(error?.name ?? 'Error'), String(error?.message ?? error).slice(0, 1000)]]);
    }
  }

  /** The judge's side of a callback: the candidate may call a function that the tests passed to it, and nothing else. */
  const callback = (text) => (JSON.parse(text)[0] === 'call' && typeof JSON.parse(text)[1] === 'number' ? answer(text) : '[false,["Error","a function of the tests can only be called"]]');

  /** The judge's: defines the candidate's names that the tests use. */
  function bind(names) {
    for (const name of names) {
      if (name in globalThis) continue;
      const known = request('name', `typeof ${name} !== 'undefined'`, null);
      if (known === true) globalThis[name] = request('name', name, null);
    }
  }

  function same(a, b, strict) {
    if (Object.is(a, b) || (!strict && a == b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || remotes.has(a) || remotes.has(b)) return false;
    if (a instanceof Date) return a.getTime() === b.getTime();
    if (a instanceof Map || a instanceof Set) return a.size === b.size && same([...a], [...b], strict);
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key], strict));
  }

  const show = (value) => { try { return String(JSON.stringify(value)).slice(0, 120); } catch { return String(value); } };

  let failure = '';

  function fail(message, got, expected) {
    const error = new Error(`${message ? `${message}: ` : ''}got ${show(got)}, expected ${show(expected)}`);
    error.name = 'AssertionError';
    failure ||= error.message;
    throw error;
  }

  function makeAssert() {
    const assert = (value, message) => { if (!value) fail(message, value, true); };
    const compare = (test) => (got, expected, message) => { if (!test(got, expected)) fail(message, got, expected); };
    return Object.assign(assert, {
      ok: assert, equal: compare((a, b) => a == b), strictEqual: compare(Object.is), deepEqual: compare((a, b) => same(a, b, false)), deepStrictEqual: compare((a, b) => same(a, b, true)),
      notEqual: compare((a, b) => a != b), notStrictEqual: compare((a, b) => !Object.is(a, b)), notDeepStrictEqual: compare((a, b) => !same(a, b, true)),
      throws: (run) => { try { run(); } catch { return; } fail('it did not throw'); },
    });
  }

  /** The first assertion that failed since the last question, or that a promise of the other side was never settled. */
  const failed = () => { const text = failure || (unsettled > 0 ? 'a promise is never settled' : ''); [failure, unsettled] = ['', 0]; return text; };

  globalThis.__winnow = { answer, callback, bind, makeAssert, failed };
})();
