"""The candidate's side: loads the program and answers the judge. Everything here is in the candidate's reach."""
import _sitebuiltins, builtins, gc, io, json, os, sys, types
from remote import serve_use
from wire import Wire

builtins.exit, builtins.quit = _sitebuiltins.Quitter('exit', ''), _sitebuiltins.Quitter('quit', '')  # as the site module does

LIBRARY = '''
import sys, os, re, math, random, string, time, json, copy, bisect, heapq, itertools, functools, operator, collections
from typing import *
from string import *
from re import *
from datetime import *
from collections import *
from heapq import *
from bisect import *
from copy import *
from math import *
from random import *
from statistics import *
from itertools import *
from functools import *
from operator import *
from io import *
from json import *
from builtins import *
'''


def load(program, name='__candidate__', setup='', library=False):
    """Runs the program as module `name`: `__main__` only where the whole program is judged. Setup runs first, or after it where it needs the program's own names."""
    module = types.ModuleType(name)
    module.__builtins__ = builtins
    sys.modules[name] = module
    namespace = vars(module)
    if library:
        exec(LIBRARY, namespace)
    late = setup
    if setup:
        try:
            exec(compile(setup, '<setup>', 'exec'), namespace)
            late = ''
        except Exception:
            pass
    exec(compile(program, '<program>', 'exec', dont_inherit=True), namespace)
    if late:
        exec(compile(late, '<setup>', 'exec'), namespace)
    return namespace


class Candidate:
    """State of one run: the namespace, once loaded."""

    def __init__(self, fd):
        self.wire = Wire(fd, self.serve)
        self.namespace = {}

    def serve(self, request):
        operation, *args = request
        if operation == 'load':
            self.namespace = load(**args[0])
            value, found = self.find(args[1])
            return (value, found) if isinstance(value, types.FunctionType) else (None, None)  # another value may be one that cannot be sent
        if operation == 'script':
            run_script(*args)
            return None, None
        if operation == 'find':
            return self.find(args[0])
        if operation == 'json':
            return call_with_json(self.namespace, *args), None
        return serve_use(self.wire, request)

    def find(self, name):
        return self.namespace.get(name), name in self.namespace

    def step(self):
        self.wire.step()


STANDARD = {'/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2, '/dev/fd/0': 0, '/dev/fd/1': 1, '/dev/fd/2': 2, '/proc/self/fd/0': 0, '/proc/self/fd/1': 1}


def run_script(program, library):
    """Runs a whole program: its output is on file descriptor 1 when this returns, as after a normal exit."""
    builtins.open = open_standard
    try:
        load(program, '__main__', library=library)
    except SystemExit as exit:
        status = exit.code
        finish()
        if status not in (None, 0, False):
            raise
    else:
        finish()


def open_standard(file, *args, **named):
    """open() that finds the standard streams by their names, which need a /proc elsewhere."""
    return io.open(os.dup(STANDARD[file]) if isinstance(file, str) and file in STANDARD else file, *args, **named)


def finish():
    """What the end of an interpreter does: threads, exit functions, and files that were never closed."""
    if 'threading' in sys.modules:
        sys.modules['threading']._shutdown()
    if 'atexit' in sys.modules:
        sys.modules['atexit']._run_exitfuncs()
    left = gc.get_objects()
    files = [value for kind in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom) for value in left if type(value) is kind]
    for file in (sys.stdout, *files, sys.__stdout__):
        try:
            file.flush()
        except Exception:
            pass


def call_with_json(namespace, name, arguments):
    """Calls the function, or the method of Solution, and gives its value as JSON text."""
    target = namespace.get(name)
    if target is None or 'Solution' in namespace and hasattr(namespace['Solution'], name):
        target = getattr(namespace['Solution'](), name)
    return json.dumps(target(*[json.loads(argument) for argument in arguments]), default=as_json)


def as_json(value):
    if isinstance(value, (list, tuple, range)) or type(value).__name__ in ('deque', 'dict_keys', 'dict_values') or hasattr(type(value), '__next__'):
        return list(value)
    raise TypeError(f'the function returned a {type(value).__name__}, which JSON cannot hold')
