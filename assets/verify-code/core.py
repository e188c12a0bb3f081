"""Keeps the processes of one worker on one core: they take turns, so that a wake costs no interrupt and caches stay warm."""
import os

SPAN = 0.5  # seconds of runs after which it is asked whether the core was free
SHARE = 0.6  # of those seconds that the runs must have had a processor for
AWAY = 5.0  # seconds to stay on all cores after one was not free


class Core:
    """The core of a worker's number while others leave it alone, and all cores of the machine otherwise."""

    def __init__(self, number):
        self.all = sorted(os.sched_getaffinity(0))
        self.own = [self.all[number % len(self.all)]]
        self.cores, self.since = self.all, 0.0
        self.wall = self.cpu = 0.0

    def settle(self, now, pids):
        """Before a run: its processes go to their core, unless it was not free a moment ago."""
        if self.cores is self.all and now >= self.since:
            self.move(self.own, pids)

    def leave(self, pids):
        """In a long run: its processes may be anywhere, as a program with threads wants, and as a core that others need."""
        if self.cores is self.own:
            self.move(self.all, pids)

    def ran(self, now, wall, cpu, pids):
        """After a run that took `cpu` of `wall` seconds."""
        self.wall, self.cpu = self.wall + wall, self.cpu + cpu
        if self.wall < SPAN:
            return
        if self.cpu < SHARE * self.wall:
            self.since = now + AWAY
            self.leave(pids)
        self.wall = self.cpu = 0.0

    def move(self, cores, pids):
        self.cores = cores
        for pid in pids:
            try:
                os.sched_setaffinity(pid, cores)
            except OSError:
                pass  # it has ended, or this machine does not allow it
