"""First process in the bubblewrap sandbox: forks judge and candidates, holds their limits, never runs what they run.

The judge gets its jobs and answers Node on file descriptor 3, which no candidate has; this process never sees tests,
so nothing of them is in the memory that a candidate inherits.
"""
import _socket, base64, ctypes, gc, json, os, resource, select, signal, socket, struct, sys, time
import candidate
from core import LIBC, Core
from rehearse import rehearse
from native_judge import run_judge, send
import bisect, collections, copy, datetime, decimal, fractions, functools, heapq, itertools, math, operator, random, re, statistics, string, threading, typing

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
TICK = 0.2  # seconds between looks at the clocks
IDLE = 0.001  # processor seconds a tick under which the run counts as idle
WALL = 20  # times the limit that a run may last in all, however little it gets to run
GRACE = 2.0  # seconds for the judge to end a run whose candidate was stopped
LEAVING = 0.5  # seconds for a candidate that closed its line to be seen as ended
LEFT = 500  # files of a run that are removed one by one; where there are more, the whole sandbox is made anew
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
JUDGE_MEMORY = 1 << 30  # bytes; what a candidate sends must not fill the machine


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def protect():
    """No other process of the sandbox may read or trace this one."""
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def cpu_seconds(pid):
    """Processor time of another process: the clock id is made from the pid, as clock_getcpuclockid(3) does."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def fork():
    """The C library's fork. Python's makes locks and random numbers anew, which processes without threads need not, and which copies 190 pages."""
    pid = LIBC.fork()
    if pid < 0:
        raise OSError('no more processes')
    return pid


def run_candidate(files, limits, filter):
    """A forked child becomes the candidate: its descriptors, its limits, its filter, then the program."""
    for target, file in enumerate(files):
        os.dup2(file, target)
    os.closerange(4, 256)
    for which, value in limits:
        set_limit(which, value)
    if LIBC.prctl(PR_SET_SECCOMP, 2, filter, 0, 0):
        os._exit(97)
    while True:
        SERVE.step()


def set_limit(which, value):
    resource.setrlimit(which, (value, value))


class Supervisor:
    """One candidate at a time is there: it waits for its run, or `active`, it runs."""

    def __init__(self, filter, memory, output, number):
        self.filter = Program(len(filter) // 8, filter)
        self.limits = [(resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, output), (resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_CORE, 0)]
        self.null = os.open('/dev/null', os.O_WRONLY)
        self.waiting = ()  # the judge's ends of its files: kept until its run begins, since the judge may be replaced before
        self.active = False
        self.core = Core(number)
        self.core.settle(0.0, [0])
        self.start_judge()
        self.start_candidate()

    def start_judge(self):
        self.line, line = _socket.socketpair()
        self.supply, supply = _socket.socketpair()
        self.judge = fork()
        if not self.judge:
            protect()
            os.close(0)
            os.close(1)
            set_limit(resource.RLIMIT_AS, JUDGE_MEMORY)
            for fd in (self.line.detach(), self.supply.detach(), *self.waiting):
                os.close(fd)
            gc.enable()
            try:
                run_judge(line, supply)
            finally:
                os._exit(1)
        line.close()
        supply.close()

    def start_candidate(self):
        """Forks the next candidate into an empty world, where it waits for its first message."""
        for folder in ('/tmp', '/dev/shm'):
            os.chmod(folder, 0o777)
            if empty(folder, LEFT) < 0:
                sys.exit('a run left too many files')
        rpc, theirs = _socket.socketpair()
        stdin, stdout = os.memfd_create('in'), os.memfd_create('out')
        self.candidate = fork()
        if not self.candidate:
            try:
                gc.enable()
                run_candidate((stdin, stdout, self.null, theirs.fileno()), self.limits, ctypes.byref(self.filter))
            finally:
                os._exit(98)
        theirs.close()
        self.waiting = (rpc.detach(), stdin, stdout)
        self.offer()

    def offer(self):
        self.supply.sendmsg([b'.'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack('3i', *self.waiting))])

    def begin(self, seconds):
        for fd in self.waiting:
            os.close(fd)
        now = time.monotonic()
        self.core.settle(now, (0, self.judge, self.candidate))
        try:
            resource.prlimit(self.candidate, resource.RLIMIT_CPU, (int(seconds) + 10, int(seconds) + 10))
        except OSError:
            pass  # the program runs already and has set itself a lower one, or it has ended
        self.waiting, self.seconds, self.idle, self.why, self.active = (), seconds, 0.0, '', True
        self.cpu_before = cpu_seconds(self.judge) + cpu_seconds(self.candidate)
        self.candidate_cpu, self.last_used = 0.0, 0.0
        self.begun = self.last_look = now

    def stop_candidate(self):
        """Kills and reaps it. Returns its wait status."""
        if self.candidate:
            kill(self.candidate)
            _, status, usage = os.wait4(self.candidate, 0)
            self.candidate, self.candidate_cpu = 0, usage.ru_utime + usage.ru_stime
            return status
        return 0

    def end(self, gone):
        ended = self.has_ended()
        until = time.monotonic() + LEAVING
        while gone and self.candidate and not ended and time.monotonic() < until:
            time.sleep(0.001)
            ended = self.has_ended()
        how = ''
        if ended:
            status = self.stop_candidate()
            if not self.why:
                how = f'signal {os.WTERMSIG(status)}' if os.WIFSIGNALED(status) else f'exit status {os.WEXITSTATUS(status)}'
                self.why = 'timeout' if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else ''
        elif self.candidate:
            kill(self.candidate)  # reaped below: the judge need not wait for that
            self.candidate_cpu = cpu_seconds(self.candidate)
        self.active = False
        now = time.monotonic()
        self.core.ran(now, now - self.begun, self.candidate_cpu + cpu_seconds(self.judge) - self.cpu_before, (0, self.judge))
        send(self.line, {'ms': round(self.candidate_cpu * 1000, 1), 'why': self.why, 'how': how})
        self.stop_candidate()
        self.start_candidate()

    def has_ended(self):
        return bool(self.candidate) and os.waitid(os.P_PID, self.candidate, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def look(self):
        """The time used is processor time of both, and waiting in which neither made progress; load does not count."""
        now = time.monotonic()
        cpu = cpu_seconds(self.candidate) if self.candidate else self.candidate_cpu
        used = cpu + cpu_seconds(self.judge) - self.cpu_before
        if used - self.last_used < IDLE:
            self.idle += min(now - self.last_look, TICK)  # a late look means a busy machine
        self.last_used, self.last_look = used, now
        spent = max(used + self.idle - self.seconds, now - self.begun - WALL * self.seconds)
        if spent > 0 and self.candidate and not self.why:
            self.why = 'timeout'
            self.stop_candidate()
        self.core.leave((0, self.judge, self.candidate))
        return spent <= GRACE

    def loop(self):
        while True:
            ready, _, _ = select.select([0, self.line, *self.waiting[:1]], [], [], TICK if self.active else None)
            if 0 in ready and not self.command():
                return
            if self.line in ready:
                self.hear()
            elif self.waiting and self.waiting[0] in ready and not select.select([self.line], [], [], 0)[0]:
                sys.exit('the next candidate ended before its run')  # which Node tries again elsewhere
            if self.active and time.monotonic() - self.last_look >= TICK and not self.look():
                self.replace_judge('timeout')

    def hear(self):
        text = self.line.recv(65536)
        if not text:
            return self.replace_judge('ended')
        for message in map(json.loads, text.splitlines()):
            if message['op'] == 'begin':
                self.begin(message['seconds'])
            else:
                self.end(message['gone'])

    def replace_judge(self, why):
        active = self.active
        signal = self.stop_judge()
        self.start_judge()
        if active:
            self.start_candidate()
        else:
            self.offer()
        tell('crashed' if active and why == 'ended' and signal in CRASHES else why)

    def stop_judge(self):
        """Returns the signal that it had ended by, where it had; a run in progress ends as well."""
        kill(self.judge)
        status = os.waitpid(self.judge, 0)[1]
        self.line.close()
        self.supply.close()
        if self.active:
            self.active = False
            self.stop_candidate()
        return os.WTERMSIG(status)

    def command(self):
        """Node asks for a fresh judge before other tests than the last."""
        if not os.read(0, 4096):
            return False
        self.replace_judge('fresh')
        return True


def empty(folder, left):
    """Removes what is in a folder, at most `left` things. Returns how many more it would have removed, or -1."""
    with os.scandir(folder) as entries:
        for entry in entries:
            left -= 1
            if entry.is_dir(follow_symlinks=False) and left >= 0:
                os.chmod(entry.path, 0o700)
                left = empty(entry.path, left)
            if left < 0:
                return -1
            (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)
    return left


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def tell(what):
    os.write(1, what.encode() + b'\n')


def main():
    filter, *numbers = sys.argv[1:]
    sys.argv[:] = ['program.py']
    protect()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rehearse()
    gc.collect()
    gc.freeze()
    gc.disable()
    supervisor = Supervisor(base64.b64decode(filter), *map(int, numbers))
    tell('ready')
    try:
        supervisor.loop()
    finally:
        supervisor.stop_judge()


SERVE = candidate.Candidate(3)
if __name__ == '__main__':
    main()
