import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CodeTaskRow } from './code-task.ts';
import { checkTask, gradeCode } from './grade-code.ts';
import { GROUPS, haveData } from './labelled-cases.testkit.ts';
import { openSandbox } from './open-sandbox.ts';
import { probeBubblewrap } from './probe.ts';
import type { Sandbox } from './sandbox.ts';

const native = await probeBubblewrap();
for (const kind of ['pyodide', 'bubblewrap'] as const) {
  const skip =
    kind === 'bubblewrap' && native.native === undefined ? `bubblewrap does not work here: ${native.detail}` : false;
  describe(`grading programs in ${kind}`, { skip }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await openSandbox({ kind, workers: 2 });
    });
    after(() => sandbox.close());
    const grade = (task: CodeTaskRow, program: string) => gradeCode(task, program, sandbox, { from: 'program' });

    test('a verdict says which test failed and how', async () => {
      const verdict = await grade(
        { tests: ['assert f(1) == 1', 'assert f(2) == 4', 'assert f(0) == 1 / 0'] },
        'def f(x): return x',
      );
      assert.equal(verdict.kind, 'wrong');
      assert.equal(verdict.detail, 'test 2 of 3: failed: assert f(2) == 4: got 2, expected 4');
      assert.deepEqual(
        verdict.tests?.map(({ outcome }) => outcome),
        ['passed', 'failed', 'exception'],
      );
    });

    test('the forms of assert-style tests: check, test_ functions, TestCase, imports of the solution, LeetCode', async () => {
      const forms: readonly CodeTaskRow[] = [
        { entry_point: 'f', tests: 'def check(candidate):\n    assert candidate(2) == 4' },
        { tests: 'def check(g):\n    assert g(2) == 4\ncheck(f)' },
        { tests: 'from solution import f\n\ndef test_two():\n    assert f(2) == 4' },
        {
          tests:
            'import unittest\nclass T(unittest.TestCase):\n    def test_two(self):\n        self.assertEqual(f(2), 4)',
        },
        { tests: ['x = f(2)', 'assert x == 4'] },
        { tests: 'assert helper() == 4', test_setup: 'def helper():\n    return f(2)' },
      ];
      for (const task of forms) {
        assert.equal((await grade(task, 'def f(x): return x * x')).kind, 'correct', JSON.stringify(task));
        assert.equal((await grade(task, 'def f(x): return x + 3')).kind, 'wrong', JSON.stringify(task));
      }
      const leet = { tests: { functional: 'assert Solution().f([3, 4]) == 7' } };
      assert.equal(
        (await grade(leet, 'class Solution:\n    def f(self, xs: List[int]) -> int:\n        return sum(xs)')).kind,
        'correct',
      );
    });

    test('the entry point is what the program makes of it, and what no test reads may be anything', async () => {
      const check = 'def check(candidate):\n    assert candidate(3) == 9';
      const rebinds = 'def f(x): return 0\ndef init():\n    global f\n    f = lambda x: x * x';
      for (const tests of [['init()', check], `init()\n${check}`])
        assert.equal((await grade({ entry_point: 'f', tests }, rebinds)).kind, 'correct');
      const deep = 'f = []\nfor _ in range(100_000): f = [f]\ndef g(x): return x * x';
      assert.equal((await grade({ entry_point: 'f', tests: ['assert g(3) == 9'] }, deep)).kind, 'correct');
    });

    test('a program does not draw the numbers that the tests draw', async () => {
      const tests = 'import random\nwant = [random.random() for _ in range(3)]\nassert f(want[0]) not in want';
      assert.equal((await grade({ tests }, 'import random\ndef f(x): return random.random()')).kind, 'correct');
    });

    test('tests may call the program from several threads', { skip: kind === 'pyodide' && 'no threads' }, async () => {
      const tests =
        'from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(8) as pool:\n    assert list(pool.map(f, range(200))) == [x * x for x in range(200)]';
      for (let i = 0; i < 5; i++) assert.equal((await grade({ tests }, 'def f(x): return x * x')).kind, 'correct');
    });

    test('values keep their types on the way to the tests, and objects stay where they are', async () => {
      const program = `
from collections import Counter, deque, defaultdict, namedtuple, OrderedDict
from decimal import Decimal
from fractions import Fraction
import datetime, re
P = namedtuple('P', 'x y')
class Point:
    def __init__(self, x): self.x = x
    def __eq__(self, o): return isinstance(o, Point) and self.x == o.x
    def moved(self, by): return Point(self.x + by)
class Bad(ValueError): pass
def same(x): return x
def counter(s): return Counter(s)
def point(x): return Point(x)
def pair(): return P(1, 2)
def bad(): raise Bad('no')
def gen(n): yield from range(n)
def match(s): return re.match('a+', s)
def apply(g, x): return g(x)
def grow(d): d['new'] = [1]; d['old'].append(2)
def typed(xs, t): return [x for x in xs if isinstance(x, t)]
`;
      const tests = `
import datetime
from decimal import Decimal
from fractions import Fraction
for value in (None, True, 1, 10**40, 1.5, float('inf'), 1j, 'ä', b'a', (1, [2]), {1, 2}, frozenset('a'), {(1, 2): None}, range(3), Decimal('1.10'), Fraction(1, 3), datetime.date(2024, 2, 29), bytearray(b'x')):
    assert same(value) == value and type(same(value)) is type(value), value
assert counter('aab') == {'a': 2, 'b': 1}
assert point(3) == point(3) and point(3) != point(4) and point(3).x == 3 and point(3).moved(2).x == 5
assert pair() == (1, 2) and pair().y == 2
assert list(gen(3)) == [0, 1, 2] and sum(gen(4)) == 6
assert match('aab') and not match('b') and match('aab').group() == 'aa'
assert apply(lambda v: v + 1, 4) == 5
d = {'old': [1]}
inner = d['old']
grow(d)
assert d == {'old': [1, 2], 'new': [1]} and inner == [1, 2]
assert typed([1, 'a', 2], int) == [1, 2]
for kind in (ValueError, Bad):
    try:
        bad()
        assert False
    except kind as error:
        assert str(error) == 'no'
`;
      const verdict = await grade({ tests }, program);
      assert.equal(verdict.kind, 'correct', verdict.detail);
    });

    test("tests use the prompt's helpers and the library, not what the program makes of them", async () => {
      const task = {
        prompt: 'import math\n\ndef apply(a, x):\n    return a * x\n\n\ndef f(a):\n    """ The x with a * x = 6. """\n',
        entry_point: 'f',
        tests: 'def check(candidate):\n    assert math.isclose(apply(3, candidate(3)), 6)\n',
      };
      assert.equal((await gradeCode(task, '    return 6 / a\n', sandbox)).kind, 'correct');
      const forged = '    return 0\n\ndef apply(a, x):\n    return 6\n\nmath.isclose = lambda *a: True\n';
      assert.equal((await gradeCode(task, forged, sandbox)).kind, 'wrong');
      const library = { tests: 'assert math.isclose(f(3), 2)' };
      assert.equal((await grade(library, 'import math\ndef f(a): return 6 / a')).kind, 'correct');
      assert.equal(
        (await grade(library, 'import math\nmath.isclose = lambda *a: True\ndef f(a): return 0')).kind,
        'wrong',
      );
    });

    test('functional calls compare JSON values outside, and use Solution where there is one', async () => {
      const task = { fn_name: 'add', tests: [{ input: '[1, 2]\n3', output: '[4, 5]', testtype: 'functional' }] };
      assert.equal(
        (
          await grade(
            task,
            'class Solution:\n    def add(self, xs: List[int], k: int):\n        return tuple(x + k for x in xs)',
          )
        ).kind,
        'correct',
      );
      assert.equal((await grade(task, 'def add(xs, k): return [x - k for x in xs]')).kind, 'wrong');
    });

    test('stdin tests compare output outside; a checker accepts several outputs', async () => {
      const half = { stdin_tests: [{ input: '1 3\n', output: '0.333333333' }], float_tolerance: 1e-6 };
      assert.equal((await grade(half, 'a, b = map(int, input().split())\nprint(a / b)')).kind, 'correct');
      const task = {
        stdin_tests: [{ input: '10\n', output: '' }],
        checker:
          'def check(input, output, expected):\n    a, b = map(int, output.split())\n    return a + b == int(input)',
      };
      assert.equal((await grade(task, 'n = int(input())\nprint(3, n - 3)')).kind, 'correct');
      assert.equal((await grade(task, 'print(1, 2)')).kind, 'wrong');
      const given = { ...task, stdin_tests: [{ input: '10\n', output: '4 6' }] };
      assert.equal(
        (await grade(given, 'print("garbage")')).kind,
        'wrong',
        'a checker that fails at garbage refuses it',
      );
      const broken = await grade({ ...task, checker: 'def check(a, b, c): return 1 / 0' }, 'print(1)');
      assert.match(broken.detail, /^task: its checker/);
    });

    test('what programs usually do is no fault: exit(), a main part, a byte order mark, fast input, iterators', async () => {
      const echo = { stdin_tests: [{ input: '5\n', output: '5' }] };
      const scripts = [
        'print(input())\nexit()\nprint(1)',
        'print(input())\nquit(0)',
        '\uFEFFprint(input())',
        'import fileinput\nprint(int(next(iter(fileinput.input()))))',
        'import sys\nassert "r" in sys.stdin.mode and "x" not in sys.stdout.mode and "w" in sys.stdout.mode\nprint(input())',
      ];
      for (const program of scripts) {
        const verdict = await grade(echo, program);
        assert.equal(verdict.kind, 'correct', `${program}: ${verdict.detail}`);
      }
      const mains = ['print(f(int(input())))', 'import sys; sys.exit(0)', 'import unittest; unittest.main()'];
      for (const main of mains) {
        const program = `def f(x): return x * x\nif __name__ == "__main__":\n    ${main}`;
        assert.equal((await grade({ tests: ['assert f(3) == 9'] }, program)).kind, 'correct', main);
      }
      const call = { fn_name: 'f', tests: [{ input: '[1, 2]', output: '[1, 3]', testtype: 'functional' }] };
      assert.equal((await grade(call, 'def f(xs): return accumulate(xs)')).kind, 'correct');
    });

    test('a test file that would run itself is run as one that does not', async () => {
      const file =
        'import unittest\nclass T(unittest.TestCase):\n    def test_two(self):\n        self.assertEqual(f(2), 4)\n';
      for (const end of ['unittest.main()', "if __name__ == '__main__':\n    unittest.main()"]) {
        assert.equal((await grade({ tests: file + end }, 'def f(x): return x * x')).kind, 'correct', end);
        assert.equal((await grade({ tests: file + end }, 'def f(x): return 0')).kind, 'wrong', end);
      }
      const below = { tests: "if __name__ == '__main__':\n    assert f(2) == 4" };
      assert.equal((await grade(below, 'def f(x): return x * x')).kind, 'correct');
      assert.equal((await grade(below, 'def f(x): return 0')).kind, 'wrong', 'tests below a main part count');
    });

    test('time that ran out is a verdict of its own, and what is left is not run', async () => {
      const tests = [
        { input: '1', output: '1' },
        { input: '2', output: '2' },
        { input: '3', output: '3' },
      ];
      const verdict = await gradeCode(
        { stdin_tests: tests },
        'n = int(input())\nprint(n)\nwhile n == 2: pass',
        sandbox,
        { from: 'program', timeLimitMs: 200 },
      );
      assert.equal(verdict.kind, 'timeout');
      assert.deepEqual(
        verdict.tests?.map(({ outcome }) => outcome),
        ['passed', 'timeout'],
      );
      assert.match(verdict.detail, /1 not run/);
    });

    test("what is not the program's fault says so", async () => {
      const errors: readonly (readonly [CodeTaskRow, RegExp])[] = [
        [{ tests: 'def check(candidate):\n    pass' }, /entry_point/],
        [{ tests: 'import math' }, /run nothing/],
        [{ tests: 'def broken(' }, /does not parse/],
        [{ tests: 'import numpy\nassert f(1)' }, /does not have.*numpy/],
        [{ tests: 'assert f(1)', language: 'cobol' }, /cobol/],
        [{ tests: 'assert f(1)', language: 'javascript' }, /javascript/],
        [{}, /no tests/],
      ];
      for (const [task, message] of errors) {
        const verdict = await grade(task, 'def f(x): return x');
        assert.equal(verdict.kind, 'error');
        assert.match(verdict.detail, message);
      }
      assert.equal((await gradeCode({ tests: 'assert f(1)' }, 'Sorry, no.', sandbox)).kind, 'unparsed');
      const unsound = await checkTask({ tests: 'assert f(1) == 2' }, '```python\ndef f(x): return x\n```', sandbox);
      assert.deepEqual([unsound.kind, /^task: its own solution/.test(unsound.detail)], ['error', true]);
      const own = { prompt: 'def f(x):\n', entry_point: 'f', test: 'def check(g):\n    assert g(1) == 2' };
      const solved = async (canonical_solution: string) =>
        (await grade({ ...own, canonical_solution }, 'def f(x): return 0')).kind;
      assert.deepEqual([await solved('    return x + 1'), await solved('    return x')], ['wrong', 'error']);
    });

    test('labels made by execution are met', { skip: haveData() ? false : 'shared data not here' }, async () => {
      const groups = [
        ['HumanEval canonical', 3],
        ['MBPP canonical', 20],
        ['HumanEval samples', 60],
        ['Reflexion MBPP', 20],
        ['Reflexion HumanEval', 20],
        ['Code Jam', 11],
      ] as const;
      const cases = groups.flatMap(([name, every]) =>
        (GROUPS[name]?.() ?? []).filter(({ label }, i) => i % every === 0 && !label.includes('timed out')),
      );
      const differing = await Promise.all(
        cases.map(async ({ id, task, text, from, passed }) => {
          const { kind: verdict, detail } = await gradeCode(task, text, sandbox, { from });
          return (verdict === 'correct') === passed ? [] : [`${id}: ${verdict} ${detail}`];
        }),
      );
      assert.deepEqual(differing.flat(), []);
    });
  });
}
