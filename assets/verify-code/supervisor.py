"""First process in the bubblewrap sandbox: forks judge and candidates, holds their limits, never runs what they run.

The judge gets its jobs and answers Node on file descriptor 3, which no candidate has; this process never sees tests,
so nothing of them is in the memory that a candidate inherits.
"""
import base64, ctypes, gc, json, os, resource, select, signal, socket, sys, time
import candidate
from native_judge import run_judge, send
import bisect, collections, copy, datetime, decimal, fractions, functools, heapq, itertools, math, operator, random, re, statistics, string, threading, typing

LIBC = ctypes.CDLL(None, use_errno=True)
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


def run_candidate(limits, rpc, stdin, stdout, filter):
    """A forked child becomes the candidate: its descriptors, its limits, its filter, then the program."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(os.open('/dev/null', os.O_WRONLY), 2)
    os.dup2(rpc, 3)
    os.closerange(4, 256)
    set_limit(resource.RLIMIT_AS, limits['memory'])
    set_limit(resource.RLIMIT_FSIZE, limits['output'])
    set_limit(resource.RLIMIT_NOFILE, 64)
    set_limit(resource.RLIMIT_CORE, 0)
    set_limit(resource.RLIMIT_CPU, int(limits['seconds']) + 10)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    program = Program(len(filter) // 8, filter)
    if LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0):
        os._exit(97)
    serve = candidate.Candidate(3)
    while True:
        serve.step()


def set_limit(which, value):
    resource.setrlimit(which, (value, value))


class Supervisor:
    def __init__(self, filter):
        self.filter = filter
        self.judge = self.candidate = self.status = 0
        self.candidate_cpu = 0.0
        self.active = False
        self.start_judge()

    def start_judge(self):
        self.line, theirs = socket.socketpair()
        self.judge = os.fork()
        if not self.judge:
            protect()
            os.close(0)
            os.close(1)
            set_limit(resource.RLIMIT_AS, JUDGE_MEMORY)
            self.line.close()
            gc.enable()
            try:
                run_judge(theirs)
            finally:
                os._exit(1)
        theirs.close()

    def stop_judge(self):
        """Returns the signal that it had ended by, where it had."""
        ended_by = kill(self.judge)
        self.line.close()
        self.stop_candidate()
        self.active = False
        return ended_by

    def begin(self, limits):
        for folder in ('/tmp', '/dev/shm'):
            os.chmod(folder, 0o777)
            if empty(folder, LEFT) < 0:
                sys.exit('a run left too many files')
        rpc, theirs = socket.socketpair()
        stdin, stdout = os.memfd_create('in'), os.memfd_create('out')
        self.candidate = os.fork()
        if not self.candidate:
            try:
                gc.enable()
                run_candidate(limits, theirs.fileno(), stdin, stdout, self.filter)
            finally:
                os._exit(98)
        socket.send_fds(self.line, [b'.'], [rpc.fileno(), stdin, stdout])
        rpc.close()
        theirs.close()
        os.close(stdin)
        os.close(stdout)
        self.limits, self.idle, self.why, self.active = limits, 0.0, '', True
        self.judge_cpu = cpu_seconds(self.judge)
        self.candidate_cpu, self.last_used, self.begun = 0.0, 0.0, time.monotonic()
        self.last_look = self.begun

    def stop_candidate(self):
        """Kills and reaps it. Returns (processor seconds, wait status)."""
        if not self.candidate:
            return self.candidate_cpu, self.status
        try:
            os.kill(self.candidate, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _, self.status, usage = os.wait4(self.candidate, 0)
        self.candidate, self.candidate_cpu = 0, usage.ru_utime + usage.ru_stime
        return self.candidate_cpu, self.status

    def end(self, gone):
        ended = self.has_ended()
        until = time.monotonic() + LEAVING
        while gone and not ended and time.monotonic() < until:
            time.sleep(0.001)
            ended = self.has_ended()
        cpu, status = self.stop_candidate()
        self.active = False
        how = ''
        if ended and not self.why:
            how = f'signal {os.WTERMSIG(status)}' if os.WIFSIGNALED(status) else f'exit status {os.WEXITSTATUS(status)}'
            self.why = 'timeout' if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else ''
        send(self.line, {'ms': round(cpu * 1000, 1), 'why': self.why, 'how': how})

    def has_ended(self):
        return bool(self.candidate) and os.waitid(os.P_PID, self.candidate, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def look(self):
        """The time used is processor time of both, and waiting in which neither made progress; load does not count."""
        now = time.monotonic()
        cpu = cpu_seconds(self.candidate) if self.candidate else self.candidate_cpu
        used = cpu + cpu_seconds(self.judge) - self.judge_cpu
        if used - self.last_used < IDLE:
            self.idle += min(now - self.last_look, TICK)  # a late look means a busy machine
        self.last_used, self.last_look = used, now
        spent = max(used + self.idle - self.limits['seconds'], now - self.begun - WALL * self.limits['seconds'])
        if spent > 0 and self.candidate and not self.why:
            self.why = 'timeout'
            self.stop_candidate()
        return spent <= GRACE

    def loop(self):
        while True:
            ready, _, _ = select.select([0, self.line], [], [], TICK if self.active else None)
            if 0 in ready and not self.command():
                return
            if self.line in ready:
                self.hear()
            if self.active and time.monotonic() - self.last_look >= TICK and not self.look():
                self.replace_judge('timeout')

    def hear(self):
        text = self.line.recv(65536)
        if not text:
            return self.replace_judge('ended')
        message = json.loads(text)
        if message['op'] == 'begin':
            self.begin(message)
        else:
            self.end(message['gone'])

    def replace_judge(self, why):
        active = self.active
        signal = self.stop_judge()
        self.start_judge()
        tell('crashed' if active and why == 'ended' and signal in CRASHES else why)

    def command(self):
        """Node asks for a fresh judge before other tests than the last."""
        if not os.read(0, 4096):
            return False
        self.stop_judge()
        self.start_judge()
        tell('fresh')
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
    """Kills and reaps a process. Returns the signal that it ended by: another than SIGKILL if it had ended before."""
    try:
        os.kill(pid, signal.SIGKILL)
        return os.WTERMSIG(os.waitpid(pid, 0)[1])
    except (ProcessLookupError, ChildProcessError):
        return 0


def tell(what):
    os.write(1, what.encode() + b'\n')


def main():
    filter = base64.b64decode(sys.argv.pop())
    sys.argv[0] = 'program.py'
    protect()
    gc.collect()
    gc.freeze()
    gc.disable()
    supervisor = Supervisor(filter)
    tell('ready')
    try:
        supervisor.loop()
    finally:
        supervisor.stop_judge()


if __name__ == '__main__':
    main()
