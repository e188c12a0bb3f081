"""Keeps the processes of one worker on one core: they take turns, so that a wake costs no interrupt and caches stay warm."""
import ctypes, os

LIBC = ctypes.PyDLL(None)
SPAN = 0.5  # seconds of runs after which it is asked whether the core was free
SHARE = 0.35  # of those seconds that the runs must have had a processor for
AWAY = 5.0  # seconds to stay on all cores after one was not free


class Core:
    """The core of a worker's number at first; where others need it, all cores for a while, then the one that the system chose."""

    def __init__(self, number):
        self.all = sorted(os.sched_getaffinity(0))
        self.own = [self.all[number % len(self.all)]]
        self.cores, self.away_until = self.all, 0.0
        self.wall = self.cpu = 0.0

    def settle(self, now, pids):
        """Before a run: its processes go to their core, unless it was not free a moment ago."""
        if self.cores is self.own or now < self.away_until:
            return
        if self.away_until:
            here = LIBC.sched_getcpu()
            self.own, self.away_until = [here] if here in self.all else self.own, 0.0
        self.move(self.own, pids)

    def leave(self, pids):
        """In a long run: its processes may be anywhere."""
        if self.cores is self.own:
            self.move(self.all, pids)

    def ran(self, now, wall, cpu, pids):
        """After a run that used a processor for `cpu` of `wall` seconds."""
        self.wall, self.cpu = self.wall + wall, self.cpu + cpu
        if self.wall < SPAN:
            return
        if self.cpu < SHARE * self.wall:
            self.away_until = now + AWAY
            self.leave(pids)
        self.wall = self.cpu = 0.0

    def move(self, cores, pids):
        self.cores = cores
        for pid in pids:
            try:
                os.sched_setaffinity(pid, cores)
            except OSError:
                pass  # it has ended, or this machine does not allow it
