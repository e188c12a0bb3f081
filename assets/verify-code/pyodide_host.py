"""Runs in Pyodide before its memory is kept as the start of every run: closes the ways to JavaScript, loads the roles."""
import sys

sys.path.insert(0, '/winnow')
import gc, io, json, os
import candidate, judge, rehearse, wire
import asyncio, bisect, collections, copy, datetime, decimal, fractions, functools, heapq, itertools, math, operator, random, re, statistics, string, threading, time, types, typing

WIRE, JOB, CONTROL = 3, 4, 5
BRIDGES = ('pyodide', '_pyodide', 'pyodide_js', '_pyodide_core', 'js', 'webbrowser')


class Host:
    """What the judge asks of the JavaScript side, one question and answer at a time."""

    def begin(self, job):
        self.ask({'op': 'begin', 'stdin': job.get('stdin', ''), 'output': job['limits']['output']})
        return WIRE

    def end(self, gone):
        return self.ask({'op': 'end'})

    def ask(self, message):
        os.write(CONTROL, json.dumps(message).encode())
        return json.loads(read_all(CONTROL))


def read_all(fd):
    parts = []
    while part := os.read(fd, 1 << 20):
        parts.append(part)
    return b''.join(parts)


class Roles:
    """The entry points that JavaScript calls, by name."""

    def judge(self):
        job = json.loads(read_all(JOB))
        wire.write_all(JOB, json.dumps(judge.judge(Host(), job)).encode())

    def candidate(self):
        CANDIDATE.step()

    def callback(self):
        judge.CURRENT[0].step()


def prepare_streams():
    """The candidate's standard streams, on descriptors that are opened anew for each run."""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding='utf-8')
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w', closefd=False)), encoding='utf-8')
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, 'w', closefd=False)), encoding='utf-8')
    sys.stdin.mode, sys.stdout.mode, sys.stderr.mode = 'r', 'w', 'w'  # fast input and output of contests asks


def run_thread_at_once(thread):
    """WebAssembly has no threads: start() runs the target to its end, which is what start() and join() come to."""
    thread._started.set()
    try:
        thread.run()
    except SystemExit:
        pass
    except BaseException:
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), thread)))
    finally:
        thread._winnow_done = True


def close_bridges():
    """Removes every Python object that leads to JavaScript. The last step before memory is kept."""
    rehearse.rehearse()
    prepare_streams()
    time.sleep = sys.modules['pyodide.webloop']._orig_sleep
    threading.Thread.start = run_thread_at_once
    threading.Thread.join = lambda thread, timeout=None: None
    threading.Thread.is_alive = lambda thread: False
    asyncio.events._event_loop_policy = None
    sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, '__module__', '').startswith('_frozen_importlib')]
    sys.path[:] = [path for path in sys.path if path]
    for name in [name for name in sys.modules if name.split('.')[0] in BRIDGES]:
        getattr(sys.modules.pop(name), '__dict__', {}).clear()
    for value in bridges():
        getattr(value, '__dict__', {}).clear()
    gc.collect()
    left = {kind.__name__ for kind in set(map(type, gc.get_referents(*gc.get_objects())))} & {'JsProxy', 'JsModule'}
    if left:
        raise RuntimeError(f'Python objects still lead to JavaScript: {left}')
    gc.freeze()


def bridges():
    """Objects and modules that belong to Pyodide's side of JavaScript, those that the collector does not list included."""
    listed = gc.get_objects()
    everything = (listed, gc.get_referents(*listed))
    kinds = {kind for part in everything for kind in set(map(type, part)) if is_bridge(kind.__module__)}
    found = [value for part in everything for value in part if type(value) in kinds and not isinstance(value, type)]
    return found + [value for value in listed if isinstance(value, types.ModuleType) and is_bridge(vars(value).get('__name__'))]


def is_bridge(name):
    return isinstance(name, str) and name.split('.')[0] in BRIDGES


CANDIDATE = candidate.Candidate(WIRE)
roles = Roles()
