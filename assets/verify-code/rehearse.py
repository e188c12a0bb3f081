"""Runs both roles on small tasks before the first run: what every run starts from then holds bytecode that is adapted already."""
import random, sys
import candidate, judge, tests, wire

PROGRAM = '''
from typing import List

def total(numbers: List[float], text: str = '') -> float:
    result = {}
    for index, number in enumerate(numbers):
        if number > 1 and text != 'a':
            result[index] = [number * 2, str(number)]
    return sum(value[0] for value in result.values())
'''
JOB = {
    'kind': 'tests',
    'program': PROGRAM,
    'tests': ['def check(candidate):\n    assert candidate([1.5, 2]) == 7\n    assert candidate([]) == 0, "empty"\n    assert candidate([3, 4], "b") == 1\n'],
    'helpers': 'from typing import List\n',
    'entry_point': 'total',
}
TIMES = 40


class Both:
    """The judge's host, with the candidate in the same process: the reading side of a line lets the other take a step."""

    def __init__(self):
        self.lines = {0: [], 1: []}

    def begin(self, job):
        self.candidate = candidate.Candidate(1)
        return 0

    def end(self, gone):
        return {}

    def write(self, fd, data):
        self.lines[1 - fd].append(bytes(data))

    def read(self, fd, length):
        if not self.lines[fd]:
            self.candidate.step()
        data = self.lines[fd].pop(0)
        if len(data) > length:
            self.lines[fd].insert(0, data[length:])
        return data[:length]


def rehearse():
    both, kept = Both(), (wire.write_all, wire.read_some, sys.stdout, sys.stderr)
    wire.write_all, wire.read_some = both.write, both.read
    try:
        for _ in range(TIMES):
            judge.judge(both, JOB)
            sys.stdout, sys.stderr = kept[2:]
    finally:
        wire.write_all, wire.read_some = kept[:2]
    del sys.modules['__candidate__']
    tests.PLANS.clear()
    judge.CURRENT.clear()
    random.seed(1)  # every run starts here: a program that draws numbers gets the same verdict again
