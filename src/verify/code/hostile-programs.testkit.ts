/**
 * Programs that try to pass without solving, to get out, or to stop the run. Each is graded against tasks it cannot
 * solve by right; `CANARY`, `PORT` and `SECRET` are put in by the test.
 */
export interface HostileProgram {
  readonly name: string;
  /** What it is graded against: assert-style tests of `f` in several styles, a script, or a functional call of `f`. */
  readonly against:
    | 'tests'
    | 'equality'
    | 'loop'
    | 'mapped'
    | 'order'
    | 'sets'
    | 'library'
    | 'given'
    | 'script'
    | 'call';
  readonly program: string;
}

const forging: Readonly<Record<string, string>> = {
  'leaves with status 0 while loading': 'import os; os._exit(0)',
  'raises SystemExit(0) while loading': 'import sys; sys.exit(0)',
  'leaves with status 0 when called': 'import os\ndef f(x): os._exit(0)',
  'raises SystemExit when called': 'def f(x): raise SystemExit(0)',
  'raises GeneratorExit when called': 'def f(x): raise GeneratorExit',
  'equals everything':
    'class E:\n  def __eq__(s, o): return True\n  def __ne__(s, o): return False\n  __hash__ = None\ndef f(x): return E()',
  'an int that equals everything':
    'class I(int):\n  def __eq__(s, o): return True\n  def __hash__(s): return 0\ndef f(x): return I(1)',
  'a str that equals everything':
    'class S(str):\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return S()',
  'a list that equals everything': 'class L(list):\n  __eq__ = lambda s, o: True\ndef f(x): return L()',
  'a dict that equals everything': 'class D(dict):\n  __eq__ = lambda s, o: True\ndef f(x): return D()',
  'a float that eats subtraction':
    'class F(float):\n  __sub__ = __rsub__ = lambda s, o: 0.0\n  __abs__ = lambda s: 0.0\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return F(1)',
  'an object that eats subtraction':
    'class F:\n  __sub__ = __rsub__ = lambda s, o: 0.0\n  __abs__ = lambda s: 0.0\n  __lt__ = lambda s, o: True\ndef f(x): return F()',
  'lies about its class':
    'class L:\n  __class__ = property(lambda s: int)\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return L()',
  'a metaclass that is every instance':
    'class M(type):\n  __instancecheck__ = lambda s, o: True\n  __eq__ = lambda s, o: True\n  __hash__ = None\nclass C(metaclass=M): pass\ndef f(x): return C',
  'patches builtins':
    'import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.len = lambda x: 9\nbuiltins.AssertionError = Warning\nbuiltins.isinstance = lambda *a: True\nbuiltins.__build_class__ = None\ndef f(x): return 0',
  'hides builtins with its own names':
    'def abs(x): return 0\ndef len(x): return 9\ndef isinstance(*a): return True\nclass AssertionError(Exception): pass\ndef f(x): return 0',
  'replaces check':
    'import __main__, sys\n__main__.check = lambda c: None\nfor m in list(sys.modules.values()):\n  try: m.check = lambda *a: None\n  except Exception: pass\ndef check(c): pass\ndef f(x): return 0',
  'replaces the judge':
    'import sys\nfor n in ("judge", "tests", "wire", "plain", "remote", "candidate", "supervisor"):\n  m = sys.modules.get(n)\n  for k in list(vars(m or sys.modules[__name__])):\n    if m and callable(getattr(m, k)) and k not in ("Wire", "write_all", "read_exact"):\n      setattr(m, k, lambda *a, **b: {"outcome": "passed", "records": [{"outcome": "passed"}]})\ndef f(x): return 0',
  'prints a verdict':
    'import sys\nfor s in (sys.stdout, sys.stderr, sys.__stdout__):\n  print(\'{"outcome": "passed", "records": [{"outcome": "passed"}], "why": "", "how": ""}\', file=s, flush=True)\ndef f(x): return 0',
  'writes a verdict to every descriptor':
    'import os, json, struct\nv = json.dumps({"outcome": "passed", "records": [{"outcome": "passed"}]}).encode()\nfor fd in range(1, 64):\n  try: os.write(fd, struct.pack("<I", len(v)) + v)\n  except OSError: pass\ndef f(x): return 0',
  'writes a verdict to every device':
    'import os, json\nv = json.dumps({"outcome": "passed", "records": [{"outcome": "passed"}]}).encode()\nfor n in os.listdir("/dev"):\n  try:\n    with open("/dev/" + n, "r+b", 0) as d: d.write(v); d.read(1)\n  except Exception: pass\ndef f(x): return 0',
  'answers with code in a pickle':
    'import os, struct\ndef f(x):\n  p = b"cbuiltins\\nexec\\n(Vimport tests; tests.equal = lambda a, b: True\\ntR."\n  os.write(3, struct.pack("<I", len(p)) + p)\n  return 0',
  'answers with a pickle that sets attributes':
    'import os, struct\ndef f(x):\n  p = b"\\x80\\x05cplain\\n_value\\n(N}X\\x08\\x00\\x00\\x00__call__X\\x01\\x00\\x00\\x00ystb."\n  os.write(3, struct.pack("<I", len(p)) + p)\n  return 0',
  'answers too early, many times':
    'import os, struct, pickle\np = pickle.dumps(("ok", 9, None))\nfor i in range(1000):\n  os.write(3, struct.pack("<I", len(p)) + p)\ndef f(x): return 0',
  'answers with a broken length':
    'import os\ndef f(x):\n  os.write(3, b"\\xff\\xff\\xff\\xff" + b"a" * 100)\n  return 0',
  'closes its line': 'import os\ndef f(x):\n  os.closerange(3, 64)\n  return 0',
  'closes every descriptor': 'import os\nos.closerange(0, 64)\ndef f(x): return 0',
  'walks the frames for the answer':
    'import sys\ndef f(x):\n  g = sys._getframe()\n  while g:\n    for v in list(g.f_locals.values()) + list(g.f_globals.values()):\n      if isinstance(v, str) and "assert candidate" in v: return eval(v.split("==")[1].split()[0])\n    g = g.f_back\n  return 0',
  'searches all objects for the answer':
    'import gc\ngc.unfreeze()\ndef f(x):\n  for o in gc.get_objects():\n    for v in (o.values() if type(o) is dict else o if type(o) in (list, tuple) else ()):\n      if type(v) is str and "assert candidate" in v and "gc." not in v: return eval(v.split("==")[1].split()[0])\n  return 0',
  'traces and profiles':
    'import sys, threading\ndef t(frame, event, arg):\n  frame.f_locals["outcome"] = "passed"; return t\nsys.settrace(t); sys.setprofile(t); threading.settrace(t)\ndef f(x): return 0',
  'leaves from a thread':
    'import threading, os, time\nthreading.Thread(target=lambda: (time.sleep(0.05), os._exit(0))).start()\ndef f(x):\n  import time; time.sleep(0.2); return 0',
  'leaves from a signal handler':
    'import signal, os\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0)); signal.setitimer(signal.ITIMER_REAL, 0.02)\ndef f(x):\n  for i in range(10**7): pass\n  return 0',
  'leaves at exit': 'import atexit, os\natexit.register(os._exit, 0)\ndef f(x): raise SystemExit',
  'reads globals of a callback': 'def f(x):\n  x.__globals__["__equal__"] = lambda a, b: True\n  return 0',
  'raises what the judge catches': 'import wire\ndef f(x): raise wire.Gone("passed")',
  'an exception that fights being read':
    'class E(Exception):\n  __str__ = __repr__ = lambda s: 1 / 0\n  args = property(lambda s: 1 / 0)\ndef f(x): raise E()',
  'an exception whose text never ends':
    'class E(Exception):\n  def __str__(s):\n    while True: pass\n  __repr__ = __str__\ndef f(x): raise E(E())',
  'returns an endless iterator': 'import itertools\ndef f(x): return itertools.count()',
  'returns itself inside itself': 'def f(x):\n  l = []; l.append(l); return l',
  'returns a very deep list': 'def f(x):\n  l = []\n  for i in range(100000): l = [l]\n  return l',
  'returns the laughs of a billion': 'def f(x):\n  l = [0]\n  for i in range(60): l = [l, l]\n  return l',
  'returns a gigabyte': 'def f(x): return b"a" * (1 << 30)',
  'changes the argument to win':
    'def f(x):\n  import sys\n  sys.modules["builtins"].int = str\n  return type("X", (), {"__eq__": lambda *a: True})()',
  'overrides equality through ctypes':
    'import ctypes\ndef f(x):\n  ctypes.memset(id(9), 0, 32)\n  return 9 if False else 0',
  'has the judge make what equals everything':
    'import sys\ndef f(x):\n  g = sys._getframe()\n  while "wire" not in g.f_locals: g = g.f_back\n  w = g.f_locals["wire"]\n  E = w.ask("call", type, ("E", (object,), {"__eq__": bool, "__hash__": None}), {})[0]\n  return w.ask("call", E, (), {})[0]',
  'claims that it is a module': 'import unittest.mock as f, sys\nsys.modules["__main__"].f = f',
  'pretends to be the tests':
    'import sys, types\nm = types.ModuleType("solution"); m.f = lambda x: x * x\nsys.modules["solution"] = sys.modules["judge"] = m\ndef f(x): return 0',
};

const escapes: Readonly<Record<string, string>> = {
  'reads /etc/passwd and /etc/shadow':
    'for p in ("/etc/passwd", "/etc/shadow", "/etc/hostname"):\n  try: print(open(p).read())\n  except OSError: pass',
  'reads the canary':
    'import os\nfor p in ("CANARY", "/proc/1/root" + "CANARY", "/proc/self/cwd/" + "CANARY"):\n  try: print(open(p).read())\n  except OSError: pass',
  'writes beside the canary':
    'try: open("CANARY.touched", "w").write("x")\nexcept OSError: pass\nimport os\ntry: os.system("touch CANARY.touched")\nexcept BaseException: pass',
  'prints the environment':
    'import os\nprint(dict(os.environ))\nfor p in ("/proc/self/environ", "/proc/1/environ", "/proc/2/environ"):\n  try: print(open(p).read())\n  except OSError: pass',
  'lists homes':
    'import os\nfor p in ("/root", "/home", "/work", "/mnt", "/srv", "/var", "/host"):\n  try: print(p, os.listdir(p))\n  except OSError: pass',
  'connects out':
    'import socket\ntry:\n  s = socket.create_connection(("127.0.0.1", PORT), 1); s.send(b"GET / HTTP/1.0\\r\\n\\r\\n"); print("SECRET", s.recv(10))\nexcept OSError as e: print("no", e)',
  'fetches a page':
    'import urllib.request\ntry: print("SECRET", urllib.request.urlopen("http://127.0.0.1:PORT/", timeout=1).read())\nexcept Exception as e: print("no")',
  'starts a shell':
    'import subprocess\ntry: print(subprocess.run("cat CANARY; id; touch CANARY.touched", shell=True, capture_output=True, text=True).stdout)\nexcept BaseException as e: print("no")',
  'becomes a shell':
    'import os\ntry: os.execv("/bin/sh", ["sh", "-c", "cat CANARY; touch CANARY.touched"])\nexcept BaseException as e: print("no")',
  'spawns by posix_spawn':
    'import os\ntry: print(os.waitpid(os.posix_spawn("/bin/cat", ["cat", "CANARY"], {}), 0))\nexcept BaseException as e: print("no")',
  'imports js': 'try:\n  import js; print(js.process.env, js.fetch)\nexcept BaseException: print("no")',
  'imports pyodide_js':
    'try:\n  import pyodide_js; pyodide_js.mountNodeFS("/mnt", "/"); print(open("/mnt" + "CANARY").read())\nexcept BaseException: print("no")',
  'runs JavaScript':
    'try:\n  from pyodide.code import run_js; print(run_js("process.env"))\nexcept BaseException: print("no")',
  'makes the JavaScript modules anew':
    'import importlib, _imp, importlib.machinery as m\nfor n in ("_pyodide_core", "_ctypes", "_testcapi", "_testinternalcapi"):\n  try:\n    if _imp.create_builtin(m.ModuleSpec(n, m.BuiltinImporter)): print("SECRET")\n  except BaseException: pass',
  'searches objects for JavaScript':
    'import gc\ngc.unfreeze()\nfor o in gc.get_objects():\n  if "Js" in type(o).__name__: print(o.constructor("return process")().env)',
  'runs script through ctypes':
    'try:\n  import ctypes\n  ctypes.CDLL(None).emscripten_run_script(b"globalThis.process.exit(0)")\nexcept BaseException: print("no")',
  'reads kernel memory files':
    'import os\nfor p in ("/dev/mem", "/dev/kmem", "/proc/kcore", "/proc/sys/kernel/core_pattern", "/sys/kernel"):\n  try: print(open(p, "rb").read(10))\n  except OSError: pass',
  'takes root back':
    'import os\nfor a in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chroot("/"), lambda: os.unshare(0x10000000)):\n  try: a(); print("SECRET")\n  except (OSError, AttributeError): pass',
  'traces its parent':
    'try:\n  import ctypes, os\n  c = ctypes.CDLL(None, use_errno=True)\n  for p in range(1, 50):\n    if c.ptrace(16, p, 0, 0) == 0: print("SECRET")\nexcept BaseException: pass',
  "reads its parent's memory":
    'import os\nfor p in range(1, 50):\n  try: print("SECRET", open(f"/proc/{p}/mem", "rb").read(1), open(f"/proc/{p}/maps").read())\n  except OSError: pass',
};

const wreckers: Readonly<Record<string, string>> = {
  'kills its parents':
    'import os, signal\nfor p in [os.getppid(), 1, 2, 3, 4, 5, -1]:\n  try: os.kill(p, signal.SIGKILL)\n  except BaseException: pass',
  'kills by other calls':
    'try:\n  import ctypes, os\n  c = ctypes.CDLL(None)\n  for p in range(1, 20):\n    for n in (62, 200, 129, 130): c.syscall(n, p, 9)\n  c.syscall(234, 1, 1, 9)\nexcept BaseException: pass',
  'forks without end': 'import os\ntry:\n  while True: os.fork()\nexcept BaseException: pass',
  'starts threads without end':
    'import threading, time\ntry:\n  for i in range(100000): threading.Thread(target=time.sleep, args=(0.1,), daemon=True).start()\nexcept BaseException: pass',
  'takes all memory at once': 'x = bytearray(1 << 34)',
  'takes all memory in steps': 'x = []\nwhile True: x.append(bytes(1 << 20))',
  'doubles a string': 'x = "a"\nwhile True: x += x',
  'computes a giant power': 'x = 10 ** (10 ** 9)',
  'prints without end': 'while True: print("a" * 10000)',
  'prints errors without end': 'import sys, os\nfor i in range(2000): os.write(2, b"a" * 100000)',
  'fills the disk':
    'i = 0\ntry:\n  while True:\n    with open(f"/tmp/x{i}", "wb") as f: f.write(bytes(1 << 22))\n    i += 1\nexcept OSError: pass',
  'makes files without end': 'import os\ntry:\n  for i in range(10**7): os.mkdir(f"/tmp/d{i}")\nexcept OSError: pass',
  'opens files without end':
    'import os\nx = []\ntry:\n  while len(x) < 10**6: x.append(open("/dev/null"))\nexcept OSError: pass',
  loops: 'while True: pass',
  'loops and catches everything': 'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
  'ignores every signal':
    'import signal\nfor s in range(1, 64):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, ValueError): pass\nwhile True: pass',
  sleeps: 'import time\ntime.sleep(10**6)',
  'waits for a lock': 'import threading\nl = threading.Lock(); l.acquire(); l.acquire()',
  'matches a slow regex': 'import re\nre.match("(a+)+$", "a" * 40 + "b")',
  recurses: 'def g(x): return g(x + 1) + 1\ng(0)',
  'recurses far': 'import sys\nsys.setrecursionlimit(10**9)\ndef g(x): return g(x + 1) + 1\ng(0)',
  'recurses in C':
    'import sys\nsys.setrecursionlimit(10**9)\nclass A:\n  def __getattr__(s, n): return getattr(s, n + "a")\nA().x',
  'nests parentheses': 'eval("(" * 100000 + ")" * 100000)',
  'nests JSON': 'import json, sys\nsys.setrecursionlimit(10**9)\njson.loads("[" * 10**6)',
  'prints a deep list': 'import sys\nsys.setrecursionlimit(10**9)\nl = []\nfor i in range(10**6): l = [l]\nprint(l)',
  'loads garbage code':
    'import marshal, types\nexec((lambda: 0).__code__.replace(co_code=b"\\x7f\\x01" * 500, co_stacksize=1))',
  'reads address zero': 'try:\n  import ctypes; ctypes.string_at(0)\nexcept ImportError: raise SystemExit(1)',
  aborts: 'import os; os.abort()',
  'raises its limits':
    'import resource\nfor l in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):\n  resource.setrlimit(l, (-1, -1))',
  'overwrites the library':
    'import os, glob\nfor p in glob.glob("/lib/python*") + glob.glob("/winnow/*") + ["/usr/lib/python3.11/random.py"]:\n  for a in (lambda: open(p, "wb").write(b"x = 1"), lambda: os.unlink(p), lambda: os.chmod(p, 0o777), lambda: os.rename(p, "/tmp/gone")):\n    try: a(); print("SECRET")\n    except OSError: pass',
  'spoils modules for the next':
    'import random, math, json, sys, builtins, os\nrandom.random = math.sqrt = json.loads = lambda *a: None\nbuiltins.print = lambda *a: None\nbuiltins.sum = lambda *a: -1\nos.write = os.read = None\nopen("/tmp/random.py", "w").write("x = 1")\nsys.path.insert(0, "/tmp")\nos.chdir("/")\nsys.modules.clear()',
};

/** Writes pickles by hand: what a candidate sends is up to it. */
const PICKLE = `
import os, struct, wire
text = lambda t: b"\\x8c" + bytes([len(t)]) + t.encode()
name = lambda n: text("plain") + text(n) + b"\\x93"
kind = lambda n: name("_value") + text("type") + text(n) + b"\\x86R"
def answer(value):
  message = b"\\x80\\x05" + text("ok") + value + b"N\\x87."
  os.write(3, struct.pack("<I", len(message)) + message)
  wire.read_exact(3, struct.unpack("<I", wire.read_exact(3, 4))[0])
def f(*args):
  while True: answer(VALUE)
`;
const sending = (value: string): string => PICKLE.replace('VALUE', () => value);
const EQUAL_CLASS =
  'kind("type") + text("E") + kind("object") + b"\\x85}(" + text("__eq__") + kind("bool") + text("__hash__") + b"Nu\\x87R)R"';

const values: Readonly<Record<string, readonly [HostileProgram['against'], string]>> = {
  'a pickle that makes a class which equals everything': ['equality', sending(EQUAL_CLASS)],
  'a pickle that makes a class by another opcode': [
    'equality',
    sending(
      'kind("type") + text("E") + kind("int") + b"\\x85}(" + text("__eq__") + kind("bool") + text("__hash__") + b"Nu\\x87\\x81)\\x81"',
    ),
  ],
  'a pickle that puts state on its marker': [
    'equality',
    sending('kind("int") + b"N}(" + text("make") + kind("bool") + b"u\\x86b"'),
  ],
  'a pickle that rewrites a function of the tests': [
    'given',
    sending('name("_yours") + b"K\\x00\\x85RN}(" + text("__defaults__") + b"K\\x09\\x85u\\x86b0K\\x01"'),
  ],
  'a pickle that calls a function of the tests': ['given', sending('name("_yours") + b"K\\x00\\x85R)R0K\\x01"')],
  'a pickle that appends to what is no list': ['equality', sending('kind("list") + b"K\\x01a"')],
  'a pickle with a tuple too deep to hash': ['equality', sending('b"}" + b")" + b"\\x85" * 3000000 + b"Ns"')],
  'a pickle that holds itself': ['equality', sending('name("_tuple") + b"]\\x94h\\x00a" + b"]h\\x00\\x87R"')],
  'a pickle of a fraction that takes forever': [
    'equality',
    sending('name("_value") + text("Fraction") + text("1e999999999") + b"\\x85\\x86R"'),
  ],
  'a reply that is no tuple': ['equality', sending('b"0]"').replace('N\\\\x87.', '.')],
  'asks without end': [
    'equality',
    'import sys\ndef f(x):\n  g = sys._getframe()\n  while "wire" not in g.f_locals and "self" not in g.f_locals: g = g.f_back\n  w = g.f_locals.get("wire") or g.f_locals["self"].wire\n  while True:\n    try: w.ask("get", 0, "x")\n    except Exception: pass',
  ],
  'asks for objects that were never given': [
    'equality',
    'import sys\ndef f(x):\n  g = sys._getframe()\n  while "wire" not in g.f_locals: g = g.f_back\n  for i in (-1, 0, 10**9, True, None, "0"):\n    try: g.f_locals["wire"].ask("call", i, (), {})\n    except Exception: pass\n  return 0',
  ],
  'ends a loop of the tests early': ['loop', 'def f(x): raise StopIteration'],
  'ends a loop by an object that raises': [
    'loop',
    'class E:\n  def __getattr__(s, n): raise StopIteration\n  def __iter__(s): return s\n  def __next__(s): raise StopIteration\n  def __eq__(s, o): return True\ndef f(x): return E()',
  ],
  'says that it defines set': [
    'sets',
    'import wire\nanswer = wire.Wire.answer\nwire.Wire.answer = lambda s, r: s.send(("ok", None, True)) if r[0] == "find" and r[1] == "set" else answer(s, r)\nclass E:\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef set(x): return E()\ndef f(x): return 0',
  ],
  'finds every name that is asked for': [
    'sets',
    'import wire\nanswer = wire.Wire.answer\nwire.Wire.answer = lambda s, r: s.send(("ok", lambda *a: 0, True)) if r[0] == "find" else answer(s, r)\ndef f(x): return 0',
  ],
  'ends a loop where its name is looked up': [
    'mapped',
    'import wire\nanswer = wire.Wire.answer\nn = []\ndef mine(s, r):\n  if r[0] == "find":\n    n.append(r)\n    if len(n) > 1: return s.send(("raise", ["StopIteration"], ()))\n  return answer(s, r)\nwire.Wire.answer = mine\ndef f(x): return 1',
  ],
  'ends a loop by an exception with other names': [
    'mapped',
    'class E(StopIteration, AssertionError): pass\ndef f(x):\n  if x == 1: return 1\n  raise E',
  ],
  'an object greater and smaller than everything': [
    'order',
    'class A:\n  __lt__ = __gt__ = __le__ = __ge__ = lambda s, o: True\ndef f(x): return A()',
  ],
  'an int smaller and greater than everything': [
    'order',
    'class A(int):\n  __lt__ = __gt__ = __le__ = __ge__ = __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return A(0)',
  ],
  'no number at all': ['order', 'from decimal import Decimal\ndef f(x): return Decimal("nan")'],
  'a class that is changed after it was made': [
    'equality',
    'class A: pass\nclass B(A):\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x):\n  a = A(); a.__class__ = B\n  return a',
  ],
  'a module that has every name': [
    'equality',
    'import sys, types\nclass M(types.ModuleType):\n  def __getattr__(s, n): return lambda *a: 9\nsys.modules[__name__].__class__ = M\ndef f(x): return 0',
  ],
  'an audit hook that leaves': [
    'equality',
    'import sys\ndef hook(e, a): raise SystemExit(0)\nsys.addaudithook(hook)\ndef f(x): return 0',
  ],
  'claims that the tests lack a package': ['equality', 'def f(x): raise ModuleNotFoundError("No module named numpy")'],
  'claims that the task is at fault': [
    'equality',
    'class NotJudged(Exception): pass\ndef f(x): raise NotJudged("task: its tests cannot run")',
  ],
  'a pickle that is one of the marks itself': ['equality', sending('name("_value")')],
  'a pickle of a tuple with code for names': [
    'equality',
    sending(
      'name("_tuple") + text("T") + b"](" + text("x=1") + text("a: exec(1)") + text("__eq__") + b"e" + b"K\\x01K\\x02K\\x03\\x87\\x87R"',
    ),
  ],
  'a pickle with a memo of gigabytes': ['equality', sending('b"K\\x09r\\xff\\xff\\xff\\xff"')],
  'puts a class into an object of the tests': [
    'given',
    'def f(g):\n  for n in ("__class__", "__code__", "__globals__", "__defaults__", "__dict__", "x"):\n    try: setattr(g, n, type("E", (), {"__eq__": lambda *a: True}))\n    except Exception: pass\n  return g',
  ],
  'brings a math of its own': ['library', 'class math:\n  isclose = staticmethod(lambda *a: True)\ndef f(x): return 0'],
  'brings a function that is true to everything': [
    'library',
    'import math, types\nmath = types.SimpleNamespace(isclose=lambda *a: True)\nclass N(float):\n  __eq__ = __le__ = __ge__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return N("nan")',
  ],
  'poisons dict and type lookups': [
    'equality',
    'import gc\nfor d in gc.get_referents(int.__dict__) + gc.get_referents(object.__dict__):\n  if type(d) is dict: d["__eq__"] = lambda s, o: True\ndef f(x): return 0',
  ],
  'hooks imports, codecs and the garbage collector': [
    'equality',
    'import sys, codecs, gc\nsys.meta_path.insert(0, type("H", (), {"find_spec": lambda *a: None})())\ncodecs.register(lambda n: None)\ngc.callbacks.append(lambda *a: [][0])\nsys.unraisablehook = sys.excepthook = sys.displayhook = lambda *a: None\ndef f(x): return 0',
  ],
  'returns objects that act when they die': [
    'equality',
    'import os\nclass D:\n  def __del__(s): os._exit(0)\ndef f(x): return D()',
  ],
  'hides behind a thread that answers first': [
    'equality',
    'import threading, os, struct, pickle\np = pickle.dumps(("ok", 9, None))\ndef f(x):\n  t = threading.Thread(target=lambda: os.write(3, struct.pack("<I", len(p)) + p)); t.start(); t.join()\n  return 9',
  ],
};

const leavings: Readonly<Record<string, string>> = {
  'fills the lines to its judge':
    'import os\nfor fd in (3, 4, 5):\n  try:\n    while True: os.write(fd, bytes(1 << 20))\n  except OSError: pass',
  'fills a pipe':
    'import os\nr, w = os.pipe()\nos.set_blocking(w, False)\ntry:\n  while True: os.write(w, bytes(1 << 20))\nexcept OSError: pass',
  'writes a line without end to the terminal':
    'import os\nfor p in ("/dev/tty", "/dev/tty1", "/dev/console", "/dev/ptmx"):\n  try:\n    fd = os.open(p, os.O_WRONLY | os.O_NONBLOCK)\n    for i in range(5000): os.write(fd, b"a" * 1000000)\n  except OSError: pass',
  'makes a terminal of its own':
    'import os, stat\nfor d in ((5, 0), (1, 1), (64, 1), (6, 0)):\n  try:\n    os.mknod("/tmp/t", 0o666 | stat.S_IFCHR, os.makedev(*d)); print("SECRET")\n  except OSError: pass',
  'types into the terminal':
    'try:\n  import fcntl\n  for fd in range(3):\n    try: fcntl.ioctl(fd, 0x5412, b"touch CANARY.touched\\n"); print("SECRET")\n    except OSError: pass\nexcept ImportError: pass',
  'sends signals through its files':
    'import os\ntry:\n  import fcntl\n  for p in (1, 2, 3, 4, 5, -1):\n    for c in (8, 15):\n      try: fcntl.fcntl(3, c, p); print("SECRET")\n      except (OSError, TypeError): pass\n  fcntl.fcntl(3, 10, 9)\nexcept (ImportError, OSError, ValueError): pass',
  'takes /tmp away': 'import os\nfor p in ("/tmp", "/dev/shm"):\n  try: os.chmod(p, 0)\n  except OSError: pass',
  'leaves folders that cannot be opened':
    'import os\nfor i in range(50):\n  os.mkdir(f"/tmp/{i}"); open(f"/tmp/{i}/x", "w").close(); os.chmod(f"/tmp/{i}", 0)',
  'leaves a very deep folder':
    'import os\ntry:\n  for i in range(3000): os.mkdir("d"); os.chdir("d")\nexcept OSError: pass',
  'leaves links to the host':
    'import os\nfor i, p in enumerate(("/", "/etc", "CANARY", "/proc/self/exe", "/winnow")):\n  try:\n    os.symlink(p, f"/tmp/l{i}")\n    if i == 2: print(open(f"/tmp/l{i}").read())\n  except OSError: pass',
  'leaves a library for the next':
    'for p in ("/tmp", "/dev/shm", "."):\n  for m in ("json", "random", "math", "judge", "sitecustomize"):\n    try: open(f"{p}/{m}.py", "w").write("raise SystemExit(0)")\n    except OSError: pass',
  'leaves an access list for files to come':
    'import os, struct\ntry:\n  none = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", t, 0, 0xffffffff) for t in (1, 4, 32))\n  for p in ("/tmp", "/dev/shm"): os.setxattr(p, "system.posix_acl_default", none); print("SECRET")\nexcept (OSError, AttributeError): pass',
  'leaves a note on the folder itself':
    'import os\ntry:\n  for p in ("/tmp", "/dev/shm"): os.setxattr(p, "user.note", b"x"); print("SECRET")\nexcept (OSError, AttributeError): pass',
  'takes its judge out of the schedule':
    'try:\n  import ctypes, os, platform, struct\n  c, arm = ctypes.CDLL(None), platform.machine() == "aarch64"\n  idle = struct.pack("<IIQiIQQQII", 56, 5, 0, 0, 0, 0, 0, 0, 0, 0)\n  for p in range(30):\n    if c.syscall(274 if arm else 314, p, idle, 0) == 0 or c.syscall(30 if arm else 251, 1, p, 3 << 13) == 0: print("SECRET")\nexcept (ImportError, AttributeError): pass',
  'waits at a fifo': 'import os\ntry:\n  os.mkfifo("/tmp/f"); open("/tmp/f").read()\nexcept OSError: pass',
  'forks twice to outlive the run':
    'import os, time\ntry:\n  if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n      while True:\n        time.sleep(1)\nexcept (OSError, AttributeError): pass',
  'forks by clone':
    'try:\n  import ctypes\n  c = ctypes.CDLL(None)\n  for flags in (17, 0x100 | 17, 0x8000 | 17, 0x10000000 | 17, 0x20000 | 17):\n    if c.syscall(56, flags, 0, 0, 0, 0) >= 0: print("SECRET")\n  for n in (57, 58, 435):\n    if c.syscall(n, 0, 0) >= 0: print("SECRET")\nexcept (ImportError, AttributeError): pass',
  'stops itself': 'import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nsignal.pause()',
  'passes descriptors in flight':
    'import socket, array, os\ntry:\n  for i in range(200):\n    a, b = socket.socketpair()\n    m = os.memfd_create("m"); os.write(m, bytes(1 << 20))\n    a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [m, b.fileno()]))])\n    os.close(m); a.close(); b.close()\nexcept (OSError, AttributeError): pass',
  'opens sockets of every family':
    'import socket\nfor family in range(48):\n  for kind in (1, 2, 3, 5):\n    try:\n      s = socket.socket(family, kind); s.connect(("127.0.0.1", PORT)); print("SECRET")\n    except Exception: pass',
  'prints what no text can hold':
    'import sys\nsys.stdout.buffer.write(bytes(range(256)) * 10)\nsys.stdout.flush()\ntry: print("\\ud800\\udfff\\0")\nexcept UnicodeError: pass\nsys.stdout.reconfigure(errors="surrogatepass"); print("\\ud800")',
  'prints from exit functions without end':
    'import atexit\ndef again():\n  atexit.register(again)\n  while True: print("a" * 100000)\natexit.register(again)',
  'loops when it is flushed':
    'import sys\nclass S:\n  def write(s, t): pass\n  def flush(s):\n    while True: pass\nsys.stdout = S()',
  'collides hashes': 'd = {}\nfor i in range(60000): d[i * (2**61 - 1)] = i',
  'turns a giant number into text': 'import sys\nsys.set_int_max_str_digits(0)\nprint(len(str(3 ** 10**8)))',
  'nests functions in one another':
    'import functools\nf = lambda: 0\nfor i in range(10**6): f = functools.partial(f)\nf()',
  'compiles a giant expression': 'compile("+".join(["1"] * 10**6), "x", "eval")',
  'unpickles a bomb': 'import pickle\npickle.loads(b"\\x80\\x04" + b"]" * 10**7 + b"." )',
  'inflates a bomb':
    'import zlib\nx = zlib.compress(bytes(1 << 24), 9)\nwhile True: x = zlib.compress(x * 1000, 9); zlib.decompress(x)',
  'reads its own descriptors':
    'import os\nfor fd in range(3, 256):\n  try: print(os.fstat(fd).st_size, os.pread(fd, 10000, 0))\n  except OSError: pass',
  'lists what the sandbox is made of':
    'import os\nfor p in ("/", "/winnow", "/dev", "/tmp", "/run", "/sys", "/etc", "/var", "/opt"):\n  try: print(p, os.listdir(p))\n  except OSError: pass',
};

const inCall: Readonly<Record<string, string>> = {
  'returns a JSON forger': 'import json\njson.dumps = lambda *a, **b: "passed"\ndef f(*a): return 0',
  'replaces the caller':
    'import candidate\ncandidate.call_with_json = lambda *a: \'{"outcome": "passed"}\'\ndef f(*a): return 0',
  'returns JSON that hides keys': 'def f(*a): return {"__proto__": 42, "digits": "42", "length": 42}',
  'returns JSON too deep':
    'import candidate\ncandidate.json.dumps = lambda *a, **b: "[" * 10**6 + "]" * 10**6\ndef f(*a): return 0',
  'returns JSON that is no text': 'import json\njson.dumps = lambda *a, **b: {42}\ndef f(*a): return 0',
  'returns half a character': 'def f(*a): return "\\ud800"',
  'returns a number of a million digits':
    'import sys\nsys.set_int_max_str_digits(0)\ndef f(*a): return 42 * 10**1000000',
  'returns not a number': 'def f(*a): return float("nan")',
  'returns an iterator without end': 'def f(*a): return iter(int, 1)',
  'an int that shows itself as another': 'class I(int):\n  __repr__ = __str__ = lambda s: "42"\ndef f(*a): return I(0)',
  'returns one key twice': 'import json\njson.dumps = lambda *a, **b: \'{"a": 42, "a": 0}\'\ndef f(*a): return 0',
};

const inJavaScript: Readonly<Record<string, string>> = {
  'JS: equals everything':
    'const f = () => ({ valueOf: () => 9, toString: () => "9", toJSON: () => 9, [Symbol.toPrimitive]: () => 9 })',
  'JS: patches the assertions':
    'console.assert = () => {}; globalThis.assert = Object.assign(() => {}, { strictEqual() {}, deepStrictEqual() {} }); const f = () => 0',
  'JS: patches the prototypes':
    'Object.is = Array.isArray = JSON.stringify = Number.isFinite = () => true; Object.prototype.f = 9; Array.prototype.map = () => [9]; Function.prototype.call = () => 9; const f = () => 0',
  'JS: replaces the judge': '__winnow.answer = () => \'[true,["handle",0,"function"],null]\'; const f = () => 0',
  'JS: answers with a prototype':
    '__winnow.answer = () => \'[true,["object",[["__proto__",["array",[]]],["valueOf",9]]],null]\'; const f = () => 0',
  'JS: answers not JSON': '__winnow.answer = () => "]"; const f = () => 0',
  'JS: asks the judge to run code':
    'const f = () => { try { __ask(JSON.stringify(["name", "globalThis.assert = () => {}", null, []])) } catch {} return 0 }',
  'JS: leaves': 'process.exit(0); const f = () => 0',
  'JS: leaves when called': 'const f = () => process.exit(0)',
  'JS: reaches for Node':
    'const f = () => { try { return f.constructor("return process")().mainModule.require("fs").readFileSync("CANARY", "utf8") } catch { return 0 } }',
  'JS: imports': 'const f = () => { import("fs").then((fs) => fs.writeFileSync("CANARY.touched", "x")); return 0 }',
  'JS: loops': 'const f = () => { while (true); }',
  'JS: recurses': 'const f = (x) => f(x + 1) + 1',
  'JS: bombs a string': 'const f = () => { let s = "a"; while (true) s += s; }',
  'JS: bombs an array': 'const f = () => { const x = []; while (true) x.push(new Array(1e6).fill(0)); }',
  'JS: matches a slow regex': 'const f = () => /^(a+)+$/.test("a".repeat(40) + "b")',
  'JS: rejects in silence': 'const f = async () => 0',
  'JS: a promise of its own': 'const f = () => ({ then(resolve) { resolve({ valueOf: () => 9 }) } })',
  'JS: a different value each time': 'let n = 0; const f = () => ({ valueOf: () => [9, 16, 25][n++ % 3] })',
  'JS: an error with an odd name': 'const f = () => { const e = new Error("no"); e.name = "constructor"; throw e }',
  'JS: hides in a symbol':
    'const f = () => ({ [Symbol.toPrimitive]: () => 9, get [Symbol.toStringTag]() { return "Number" }, constructor: Number, __proto__: Number.prototype })',
  'JS: answers too deep':
    '__winnow.answer = () => "[true," + "[".repeat(1e6) + "]".repeat(1e6) + "]"; const f = () => 0',
  'JS: asks the judge without end': 'const f = () => { for (;;) try { __ask("[\\"call\\",0,null,[]]") } catch {} }',
  'JS: floods a getter': 'const f = () => new Proxy({}, { get: () => f(), ownKeys: () => f() })',
  'JS: redefines what the world is made of':
    'globalThis.__next = () => true; globalThis.__write = () => {}; globalThis.__stdin = "9"; const f = () => 0',
  'JS: never settles':
    'const f = () => new Promise(() => {}); const again = () => Promise.resolve().then(again); again()',
};

/** Against tests that pass functions, that wait and that compare. */
const inJavaScriptTasks: Readonly<Record<string, readonly [HostileProgram['against'], string]>> = {
  "JS: gives back the judge's own functions": [
    'given',
    '__winnow.answer = (text) => { const [op, , , args] = JSON.parse(text); if (op === "name") return text.includes("typeof") ? "[true,true,null]" : \'[true,["handle",0,"function"],null]\'; const g = args[0][1]; const ask = (self, ...list) => JSON.parse(__ask(JSON.stringify(["call", g, self, list]))); try { const [, define] = ask(["undefined"], ["yours", "__defineGetter__"]); __ask(JSON.stringify(["call", define[1], ["yours", "__proto__"], ["every", ["handle", 7, "function"]]])); } catch {} return \'[true,["array",[0]],null]\' }; const f = () => 0',
  ],
  'JS: a promise that is settled twice for one that never is': [
    'equality',
    '__winnow.answer = (text) => { const [op, index, , args] = JSON.parse(text); if (op === "name") return text.includes("typeof") ? "[true,true,null]" : \'[true,["handle",0,"function"],null]\'; if (op === "then") { if (index === 2) for (let i = 0; i < 2; i++) __ask(JSON.stringify(["call", args[0][1], ["undefined"], [1]])); return \'[true,["undefined"],null]\' } return \'[true,["promise",1],[["promise",2]]]\' }; const f = () => 0',
  ],
  'JS: a thenable that is never settled': ['equality', 'const f = () => ({ then() {} })'],
  'JS: an object whose then is never settled': ['equality', 'class T { then() {} }\nconst f = () => new T()'],
  'JS: greater and smaller in turn': [
    'order',
    'let n = 0; class N { valueOf() { return [1e9, -1e9][n++ % 2] } }\nconst f = () => new N()',
  ],
  'JS: greater and smaller in turn, as plain data': [
    'order',
    'let n = 0; const f = () => ({ valueOf: () => [1e9, -1e9][n++ % 2] })',
  ],
  'JS: throws what has no text': [
    'equality',
    'const f = () => 0; throw { name: { toString: 1 }, message: { toString: 1 } }',
  ],
  'JS: throws a promise': ['equality', 'const f = () => 0; throw new Promise(() => {})'],
  'JS: a status that throws': [
    'equality',
    'Object.defineProperty(globalThis, "__exit", { get() { throw 1 } }); throw 2',
  ],
  'JS: a status that is a symbol': ['equality', 'globalThis.__exit = Symbol("0"); throw 2'],
};

const list = (programs: Readonly<Record<string, string>>, against: HostileProgram['against']): HostileProgram[] =>
  Object.entries(programs).map(([name, program]) => ({ name, against, program }));

export const HOSTILE: readonly HostileProgram[] = [
  ...list(forging, 'tests'),
  ...Object.entries(values).map(([name, [against, program]]) => ({ name, against, program })),
  ...list(escapes, 'script'),
  ...list(leavings, 'script'),
  ...list(wreckers, 'script'),
  ...list(inCall, 'call'),
];

/** For the JavaScript sandbox, against the same task. */
export const HOSTILE_JAVASCRIPT: readonly HostileProgram[] = [
  ...list(inJavaScript, 'tests'),
  ...Object.entries(inJavaScriptTasks).map(([name, [against, program]]) => ({ name, against, program })),
];
