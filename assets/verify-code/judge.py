"""The judge's side: runs the tests in a process of its own and asks the candidate only for values."""
import random, sys
from remote import serve_use
from tests import Discard, Names, NotJudged, about_assert, plan_all, run_helpers, run_setup, run_test, text_of
from wire import Gone, Wire

CURRENT = []  # the wire of the run in progress


def judge(host, job):
    """Runs one job on a fresh candidate. Returns what the Node side reads: {records, stdout?, value?}."""
    wire = Wire(host.begin(job), lambda request: serve_tests(wire, request))
    CURRENT[:] = [wire]
    random.seed(0)  # tests that draw numbers draw the same for every candidate
    try:
        result = {'script': run_script, 'call': run_call, 'tests': run_tests}[job['kind']](wire, job)
    except Gone as gone:
        result = {'outcome': 'gone', 'detail': str(gone)}
    except BaseException as error:
        remote = getattr(error, '_winnow_remote', False) or isinstance(error, NotJudged)
        result = failure(error) if remote else broken(error)
    end = host.end(result['outcome'] == 'gone')
    end.update(result)
    return end


def failure(error):
    """One record for an exception of the candidate, or of the tests."""
    if isinstance(error, NotJudged):
        return {'outcome': 'task', 'detail': str(error)[:1000]}
    if isinstance(error, MemoryError):
        return {'outcome': 'memory', 'detail': 'MemoryError'}
    if getattr(error, '_winnow_remote', False):
        return {'outcome': 'exception', 'detail': text_of(error)}
    if isinstance(error, ImportError):
        return {'outcome': 'task', 'detail': f'the tests need what the sandbox does not have: {text_of(error)}'}
    if not isinstance(error, RecursionError) and in_wire(error):
        return broken(error)
    return {'outcome': 'exception', 'detail': text_of(error)}


def broken(error):
    """An exception of the judge itself, which is nobody's fault but ours."""
    return {'outcome': 'judge', 'detail': f'in the judge: {text_of(error)}'}


def in_wire(error):
    """Whether it arose where values are written and read: what a candidate sends there ends the line, and raises nothing."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get('__name__') in ('wire', 'plain')


def run_script(wire, job):
    wire.ask('script', job['program'], job.get('library', False))
    return {'outcome': 'passed'}


def load(wire, job):
    """Has the candidate load its program. Returns its entry point and True, where that is a function."""
    return wire.ask('load', {'program': job['program'], 'setup': job.get('setup', ''), 'library': job.get('library', False)}, job.get('entry_point'))


def run_call(wire, job):
    load(wire, job)
    value = wire.ask('json', job['name'], job['arguments'])[0]
    if type(value) is not str:
        raise Gone('not JSON text')
    return {'outcome': 'passed', 'value': value}


def run_tests(wire, job):
    """Each test in turn, until one ends the candidate's process."""
    plan = plan_all(tuple(job['tests']))
    names = Names(wire, job.get('entry_point'), plan, load(wire, job))
    sys.stdout = sys.stderr = Discard()
    run_helpers(job.get('helpers', ''), names)
    try:
        run_setup(job.get('setup', ''), names)
    except Gone:
        raise
    except BaseException as error:
        return failure(error)
    records = []
    for tree, code in plan.tests:
        try:
            run_test(tree, code, names)
            records.append({'outcome': 'passed'})
        except Gone as gone:
            return {'outcome': 'gone', 'detail': str(gone), 'records': records}
        except AssertionError as error:
            records.append({'outcome': 'failed', 'detail': about_assert(error, job['tests'])})
        except BaseException as error:
            record = failure(error)
            if record['outcome'] in ('task', 'judge'):
                return record
            records.append(record)
        if records[-1]['outcome'] != 'passed' and job.get('stop_at_first'):
            break
    if not names.asked and all(record['outcome'] == 'passed' for record in records):
        raise NotJudged("the tests run nothing of the program's")
    return {'outcome': 'passed', 'records': records}


ALLOWED = frozenset(('call', 'get', 'set', 'item', 'put', 'iter', 'next', 'len', 'bool', 'str', 'eq', 'enter', 'exit'))


def serve_tests(wire, request):
    """What a candidate may ask of the tests: to use an object that was passed to it, by its public fields at most.

    Anything more would let it read or rewrite the tests (`__globals__`, `gi_frame`), or have objects made here that
    equal what it likes: classes and plain values cannot be used from the other side.
    """
    operation, index, *args = request
    target = wire.own(index)
    own_class = type(target).__module__ == '__tests__'
    if operation not in ALLOWED or isinstance(target, type) and target.__module__ != '__tests__':
        raise TypeError('only objects that the tests passed can be used')
    if operation in ('get', 'set') and (not own_class or str(args[0]).startswith('_')):
        raise AttributeError(args[0])
    return serve_use(wire, request)
