// Runs inside the vm context that holds one Pyodide. The context has no Node globals: the host calls in with bytes and
// gets bytes back, and `exchange`, a function without a prototype, is the one way out: a message for the other side.
'use strict';
globalThis.winnow = (() => {
  const ERROR = { readOnly: 69, full: 51, tooBig: 22, none: 52 };
  const TMP_BYTES = 64 * 1024 * 1024;
  const LINE_BYTES = 128 * 1024 * 1024;
  const WIRE = 3;
  const STEPS = ['judge', 'candidate', 'callback'];
  const PACKAGES = '{"info":{"abi_version":"2026_0","arch":"wasm32","platform":"emscripten_5_0_3","python":"3.14.2"},"packages":{}}';
  const lines = [];
  let module, FS, tmp, heap, stackTop, stackEnd, exchange, stdin, stdout, stdoutLimit, tmpLeft, steps;
  let depth = 0;

  const quiet = () => {};
  globalThis.console = { log: quiet, warn: quiet, error: quiet };
  globalThis.setTimeout = (task) => void task();
  globalThis.clearTimeout = quiet;
  globalThis.performance = { now: () => Date.now() };
  globalThis.crypto = { getRandomValues: (view) => { for (let i = 0; i < view.length; i++) view[i] = Math.random() * 256; return view; } };
  globalThis.read = globalThis.load = () => { throw new Error('there are no files here'); };

  /** The settings that pyodide.js makes for Emscripten, with our own files in their place. */
  function open(files, create) {
    globalThis.readbuffer = (path) => (path.endsWith('.zip') ? new Uint8Array(files.zip) : new Uint8Array(files.wasm));
    globalThis.window = {}; // makes Emscripten take randomness from `crypto`
    const settings = { indexURL: '/', jsglobals: {}, env: { HOME: '/tmp', PYTHONHASHSEED: '0' }, lockFileContents: PACKAGES, createPyodideModule: create };
    return loadPyodide(settings);
  }

  function addSources(target, sources) {
    target.mkdirTree('/winnow');
    for (const name of Object.keys(sources)) target.writeFile(`/winnow/${name}`, sources[name]);
  }

  /** Boots once from nothing, closes the bridges to JavaScript, and returns the memory every later instance starts from. */
  async function build(files) {
    let built;
    const pyodide = await open(files, async (settings) => (built = await _createPyodideModule(settings)));
    addSources(built.FS, files.sources);
    for (const name of ['pyodide_py', 'pyodide_code', 'pyodide_ffi', 'package_loader', 'pyodide_base', '_pyodide']) pyodide._api[name]?.destroy?.();
    const [failed, text] = pyodide._api.rawRun('import sys; sys.path.insert(0, "/winnow"); from pyodide_host import close_bridges; close_bridges()');
    if (failed) throw new Error(`the sandbox did not start: ${text}`);
    const string = (value) => built.stringToNewUTF8(value);
    const roles = built._PyObject_GetAttrString(built._PyImport_ImportModule(string('pyodide_host')), string('roles'));
    steps = Object.fromEntries(STEPS.map((name) => [name, built._PyObject_GetAttrString(roles, string(name))])); // as addresses, which are the same in every instance
    hide(built.HEAPU8, ['_ctypes', '_testcapi', '_testinternalcapi', '_testlimitedcapi', '_testclinic', '_testclinic_limited', '_xxtestfuzz', '_remote_debugging', '_pyodide_core']);
    return { heap: built.HEAPU8.slice(0, heapEnd(built)), steps };
  }

  /** Where allocated memory ends; everything behind it is zero. */
  const heapEnd = (of) => of.HEAPU32[of._emscripten_get_sbrk_ptr() >>> 2];

  /** Takes modules out of CPython's table of built-in ones by changing their names where they stand as C strings. */
  function hide(memory, names) {
    for (const name of names) {
      const bytes = [...Array.from(name, (letter) => letter.charCodeAt(0)), 0];
      for (let at = memory.indexOf(bytes[0]); at >= 0; at = memory.indexOf(bytes[0], at + 1)) {
        if (bytes.every((byte, i) => memory[at + i] === byte)) memory[at] = 33;
      }
    }
  }

  /** Makes this context's instance from the kept memory. */
  async function make(files, start, send) {
    ({ heap, steps } = start);
    exchange = send;
    const compiled = await WebAssembly.compile(new Uint8Array(files.wasm)); // V8 keeps the code of equal bytes: fast after the first
    await new Promise((resolve, reject) => {
      open(files, (settings) => {
        _createPyodideModule({ ...settings, noInitialRun: true, instantiateWasm: (imports, receive) => {
          const marker = Symbol('error');
          imports.env.Jsv_GetError_import = () => marker;
          imports.env.JsvError_Check = (value) => (value === marker ? 1 : 0);
          for (const name of Object.keys(imports.env)) if (/^__syscall_pipe/.test(name)) imports.env[name] = () => -ERROR.none; // its bytes wait outside the heap
          WebAssembly.instantiate(compiled, imports).then((instance) => receive(instance, compiled), reject);
          return {};
        } }).then((made) => { module = made; resolve(); }, reject);
        return new Promise(quiet); // what pyodide.js would do next is in the kept memory already
      }).catch(reject);
    });
    FS = module.FS;
    addSources(FS, files.sources);
    if (heap.length > module.HEAPU8.length) module.growMemory(heap.length);
    tmp = FS.lookupPath('/tmp').node;
    for (const name of ['tty', 'tty1']) FS.unlink(`/dev/${name}`); // they keep what is written to them until a line ends
    addLines();
    guardFiles();
    [stackTop, stackEnd] = [module.stackSave(), module._emscripten_stack_get_end()];
  }

  function addLines() {
    const device = (number, name, ops) => { FS.registerDevice(FS.makedev(64, number), ops); FS.mkdev(`/dev/${name}`, FS.makedev(64, number)); };
    const plain = { open(stream) { stream.seekable = false; }, close: quiet };
    device(0, 'winnow0', { ...plain, read: (_s, buffer, offset, length) => take(stdin, buffer, offset, length) });
    device(1, 'winnow1', { ...plain, write: (_s, buffer, offset, length) => keepOutput(buffer, offset, length) });
    device(2, 'winnow2', { ...plain, write: (_s, _b, _o, length) => length });
    for (const number of [3, 4, 5]) {
      device(number, `winnow${number}`, {
        ...plain,
        read: (_s, buffer, offset, length) => readLine(number, buffer, offset, length),
        write: (_s, buffer, offset, length) => { hold(number, buffer.slice(offset, offset + length)); return length; },
      });
    }
  }

  /** What is written to a line waits in memory here until it is read: all lines together up to a size. */
  function hold(number, part) {
    if (lines.reduce((sum, { held }) => sum + held, 0) + part.length > LINE_BYTES) throw new FS.ErrnoError(ERROR.full);
    lines[number].out.push(part);
    lines[number].held += part.length;
  }

  function take(source, buffer, offset, length) {
    const part = source.bytes.subarray(source.at, source.at + length);
    buffer.set(part, offset);
    source.at += part.length;
    return part.length;
  }

  function keepOutput(buffer, offset, length) {
    if (stdoutLimit < length) { stdoutLimit = -1; throw new FS.ErrnoError(ERROR.tooBig); }
    stdoutLimit -= length;
    stdout.push(buffer.slice(offset, offset + length));
    return length;
  }

  /** A read with nothing waiting carries what was written to the other side, and waits for what comes back. */
  function readLine(number, buffer, offset, length) {
    const line = lines[number];
    if (line.in.at >= line.in.bytes.length) {
      if (line.out.length === 0) return 0;
      const reply = exchange(number, joined(line));
      if (reply === null) return 0;
      line.in = { bytes: new Uint8Array(reply), at: 0 };
    }
    return take(line.in, buffer, offset, length);
  }

  function joined(line) {
    const all = new Uint8Array(line.out.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of line.out) { all.set(part, at); at += part.length; }
    [line.out, line.held] = [[], 0];
    return all;
  }

  /** Nothing but /tmp can be changed, and that up to a size; these objects are shared by all nodes. */
  function guardFiles() {
    const { dir, file, link, chrdev } = module.MEMFS.ops_table;
    const inTmp = (node) => { for (; ; node = node.parent) { if (node === tmp) return true; if (node === node.parent) return false; } };
    const guard = (ops, name, allowed) => {
      const real = ops[name];
      ops[name] = (...args) => { if (!allowed(...args)) throw new FS.ErrnoError(ERROR.readOnly); return real(...args); };
    };
    const plain = (name) => name !== '__proto__'; // a folder is a JavaScript object, which would keep it out of our sight
    for (const name of ['unlink', 'rmdir']) guard(dir.node, name, inTmp);
    for (const name of ['mknod', 'symlink']) guard(dir.node, name, (folder, file) => inTmp(folder) && plain(file));
    guard(dir.node, 'rename', (node, folder, file) => inTmp(node) && inTmp(folder) && plain(file));
    for (const kind of [dir, file, link, chrdev]) guard(kind.node, 'setattr', (node, attributes) => { spend(attributes.size ?? 0); return inTmp(node) && node !== tmp; });
    guard(file.stream, 'write', (stream, _buffer, _offset, length, position) => { spend(length + Math.max(0, position - stream.node.usedBytes)); return inTmp(stream.node); });
    guard(file.stream, 'msync', (stream) => inTmp(stream.node));
    guard(dir.node, 'mknod', (_folder, _name, mode) => { spend(4096); return !FS.isChrdev(mode); });
  }

  function spend(bytes) {
    tmpLeft -= bytes;
    if (tmpLeft < 0) throw new FS.ErrnoError(ERROR.full);
  }

  /** What a run may read and write. */
  function feed(input, outputLimit) {
    stdin = { bytes: new Uint8Array(input), at: 0 };
    [stdout, stdoutLimit] = [[], outputLimit];
  }

  /** Puts memory, files and descriptors back to the start. */
  function reset() {
    feed(new Uint8Array(0), 0);
    tmpLeft = TMP_BYTES;
    for (const number of [3, 4, 5]) clearLine(number);
    FS.streams.length = 0;
    for (const number of [0, 1, 2, 3, 4, 5]) FS.open(`/dev/winnow${number}`, number === 0 ? 0 : number < 3 ? 1 : 2);
    clear(tmp);
    FS.chdir('/tmp');
    const used = heapEnd(module);
    // What lies under the stack's pointer (up to 10 MiB) belongs to calls that are over: nothing reads it before writing it.
    module.HEAPU8.set(heap.subarray(0, stackEnd));
    module.HEAPU8.set(heap.subarray(stackTop), stackTop);
    module.HEAPU8.fill(0, heap.length, used);
    module.__emscripten_stack_restore(stackTop);
  }

  /** Forgets what is still on a line, such as answers that a candidate sent before it was asked. */
  function clearLine(number) {
    lines[number] = { in: { bytes: new Uint8Array(0), at: 0 }, out: [], held: 0 };
  }

  function clear(folder) {
    for (const name of Object.keys(folder.contents)) {
      const node = folder.contents[name];
      if (FS.isDir(node.mode)) clear(node);
      FS.hashRemoveNode(node);
      delete folder.contents[name];
    }
  }

  /** Runs one entry point with a message on a line. Returns what it wrote there, and how it ended: '' is well. */
  function step(name, number, message) {
    const line = lines[number];
    line.in = { bytes: new Uint8Array(message), at: 0 };
    let how = '';
    depth += 1;
    try {
      // A step inside another finds the interpreter waiting in a read, with its lock let go.
      const lock = depth > 1 ? module._PyGILState_Ensure() : undefined;
      const result = module._PyObject_CallNoArgs(steps[name]);
      if (result !== 0) module._Py_DecRef(result);
      else { module._PyErr_Clear(); how = 'raised'; }
      if (lock !== undefined) module._PyGILState_Release(lock);
    } catch (error) {
      how = typeof error?.status === 'number' ? `exit status ${error.status}` : 'crash';
    }
    depth -= 1;
    return { how, bytes: joined(line) };
  }

  const output = () => ({ bytes: joined({ out: stdout }), full: stdoutLimit < 0 });
  const size = () => module.HEAPU8.length;
  return { build, make, feed, reset, clearLine, step, output, size };
})();
