"""The tests' side of the judge: their names, how they are run, and what is said of one that fails."""
import ast, builtins, importlib, reprlib, sys, traceback, types
from remote import Remote

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = SHORT.maxlong = 120
SHORT.maxlist = SHORT.maxtuple = SHORT.maxset = SHORT.maxdict = 12


class NotJudged(Exception):
    """The tests themselves cannot run: the task's fault, not the candidate's."""


class Names(dict):
    """The tests' globals: their own names first, then the true builtins and library, then the candidate's.

    A candidate's definition hides a builtin only where it must be the thing under test. Nothing that the candidate says
    decides this, or one that claims to define abs() could have it called.
    """

    def __init__(self, wire, entry_point, plan, entry):
        super().__init__(__name__='__tests__', __builtins__=builtins, __equal__=equal)
        self.wire, self.entry_point, self.plan = wire, entry_point, plan
        self.hidden = {entry_point} if entry_point else plan.tested
        self.loaded, self.asked = entry if entry[1] is True else None, False

    def __missing__(self, name):
        if hasattr(builtins, name) and name not in self.hidden:
            raise KeyError(name)
        self.loaded = None  # what runs from here on may make it another
        value, found = self.wire.ask('find', name)
        if found is not True:
            raise KeyError(name)
        if name in self.plan.modules and name != self.entry_point:
            value = self[name] = importlib.import_module(name)  # the tests' own, which no candidate has changed
            return value
        self.asked = True
        return value

    def entry(self):
        return self.require(self.entry_point, NameError)

    def require(self, name, kind):
        known, self.loaded = self.loaded if name == self.entry_point else None, None
        value, found = known or self.wire.ask('find', name)
        if found is not True:
            error = kind(f'the program does not define {name}')
            error._winnow_remote = True
            raise error
        self.asked = True
        return value


def run_helpers(helpers, names):
    """Gives the tests the prompt's own imports and helpers, so that a candidate that redefines one changes no test."""
    if helpers.strip():
        try:
            exec(compile(helpers, '<prompt>', 'exec'), names)
        except Exception:
            pass  # what stands before the function in the prompt need not be a program


def run_setup(setup, names):
    try:
        code = compile(setup, '<setup>', 'exec')
    except (SyntaxError, ValueError) as error:
        raise NotJudged(f'test_setup does not parse: {text_of(error)}') from error
    exec(code, names)


PLANS = {}  # of the last tests: many candidates of one task come in a row


class Plan:
    """All tests of a task: (tree, code) of each, and what their names tell."""

    def __init__(self, tests):
        self.tests = [plan(test, index) for index, test in enumerate(tests)]
        nodes = [node for tree, _ in self.tests for node in ast.walk(tree)]
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        bases = {node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
        self.modules = (bases - called) & sys.stdlib_module_names
        self.tested = tested_builtins(nodes, used, called)


def tested_builtins(nodes, used, called):
    """The builtin that the tests must mean as the candidate's: they use no name but builtins, and one only on the left."""
    if any(not hasattr(builtins, name) for name in used):
        return set()
    expected = {name.id for node in nodes if isinstance(node, ast.Compare) for side in node.comparators for name in ast.walk(side) if isinstance(name, ast.Name)}
    found = called - expected
    return found if len(found) == 1 else set()


def plan_all(tests):
    if tests not in PLANS:
        made = Plan(tests)
        PLANS.clear()
        PLANS[tests] = made
    return PLANS[tests]


def plan(test, index):
    try:
        tree = without_main(ast.parse(test))
        rewritten = ast.fix_missing_locations(ShowSides().visit(without_main(ast.parse(test))))
        return tree, compile(rewritten, f'<test {index}>', 'exec')
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotJudged(f'test {index + 1} does not parse: {text_of(error)}') from error


def without_main(tree):
    """The tests of a file that runs itself: what stands below `if __name__ == '__main__'` counts, `unittest.main()`, which would leave, does not."""
    opened = [inner for node in tree.body for inner in (node.body if is_main_part(node) else [node])]
    tree.body = [node for node in opened if not runs_all(node)]
    return tree


def is_main_part(node):
    compares = isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and not node.orelse
    return compares and isinstance(node.test.left, ast.Name) and node.test.left.id == '__name__'


def runs_all(node):
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == 'main' and isinstance(called.value, ast.Name) and called.value.id == 'unittest'


class ShowSides(ast.NodeTransformer):
    """`assert a == b` becomes a call that compares and remembers both sides for the report."""

    def visit_Assert(self, node):
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            node.test = ast.copy_location(ast.Call(ast.Name('__equal__', ast.Load()), [test.left, test.comparators[0]], []), test)
        return node


class Discard:
    """Where the tests' own output goes."""

    def write(self, text):
        return len(text)

    def flush(self):
        pass


SIDES = []


def equal(left, right):
    verdict = left == right
    if not verdict:
        SIDES[:] = [left, right]
    return verdict


def run_test(tree, code, names):
    """Runs one test, then what it only defines: check(), test_*, TestCase."""
    SIDES.clear()
    sys.modules['solution'] = Solution(names)
    try:
        exec(code, names)
        run_defined(tree, names)
    finally:
        del sys.modules['solution']


class Solution(types.ModuleType):
    """What `from solution import f` finds in tests that import the candidate."""

    def __init__(self, names):
        super().__init__('solution')
        self.__dict__['_names'] = names

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return self._names.require(name, ImportError)


DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def run_defined(tree, names):
    statements = [node for node in tree.body if not isinstance(node, DEFINING) and not is_text(node)]
    defined = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    if 'check' in defined and not any(calls_check(node) for node in statements):
        if not names.entry_point:
            raise NotJudged('the tests define check(candidate), and the task names no entry_point')
        names['check'](names.entry())
    elif not statements:
        run_named_tests(defined, names)


def calls_check(statement):
    calls = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Name) and function.id == 'check' for function in calls)


def run_named_tests(defined, names):
    tests = [names[name] for name in defined if name.startswith('test')]
    cases = [names[name] for name in defined if is_test_case(names[name])]
    for test in tests:
        test()
    if cases:
        import unittest
        result = unittest.TestResult()
        unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases).run(result)
        for _, text in result.failures + result.errors:
            raise AssertionError(text.strip().splitlines()[-1])
        if result.unexpectedSuccesses:
            raise AssertionError('an expected failure did not happen')


def is_test_case(value):
    return isinstance(value, type) and any(kind.__module__ == 'unittest.case' for kind in value.__mro__)


def is_text(node):
    return isinstance(node, (ast.Expr, ast.Pass)) and (isinstance(node, ast.Pass) or isinstance(node.value, ast.Constant))


def about_assert(error, tests):
    """The line of the assertion that failed, with both sides where it compared two values."""
    if getattr(error, '_winnow_remote', False):
        return f'the program raised {text_of(error)}'
    lines = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__, limit=50)]
    source = ''
    for filename, line in lines:
        if filename.startswith('<test '):
            text = tests[int(filename[6:-1])].splitlines()
            source = text[line - 1].strip()[:200] if 0 < line <= len(text) else source
    if SIDES:
        return f'{source}: got {short(SIDES[0])}, expected {short(SIDES[1])}'[:1000]
    message = text_of(error).removeprefix('AssertionError').removeprefix(': ')[:200]
    return f'{source} ({message})' if message else source


def short(value):
    """A value for the report. An object of the candidate's is not asked for its text: it had its chance to fail the run."""
    if type(value) is Remote:
        return 'an object of the program'
    try:
        return SHORT.repr(value)
    except BaseException:
        return f'a {type(value).__name__}'


def text_of(error):
    try:
        text = str(error)
    except BaseException:
        text = ''
    return f'{type(error).__name__}: {text}'[:1000] if text else type(error).__name__
