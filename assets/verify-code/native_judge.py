"""The judge's process in the bubblewrap sandbox: jobs from Node on descriptor 3, candidates from the supervisor."""
import json, os, struct
import judge
from wire import Gone, read_exact, write_all

NODE = 3


class Host:
    """What the judge asks of the supervisor."""

    def __init__(self, line, supply):
        self.line, self.supply, self.fds = line, supply, ()

    def begin(self, job):
        offer, ancillary, _, _ = self.supply.recvmsg(1, 64)
        if not offer:
            os._exit(0)
        self.fds = rpc, stdin, self.stdout = struct.unpack('3i', ancillary[0][2])
        send(self.line, {'op': 'begin', 'seconds': job['limits']['seconds']})
        data = job.get('stdin', '').encode('utf-8', 'surrogatepass')
        os.pwrite(stdin, data, 0) if data else None
        self.limit, self.wants = job['limits']['output'], job['kind'] == 'script'
        return rpc

    def end(self, gone):
        send(self.line, {'op': 'end', 'gone': gone})
        result = json.loads(read_line(self.line))
        if self.wants:
            size = os.fstat(self.stdout).st_size
            result['stdout'] = os.pread(self.stdout, min(size, self.limit), 0).decode('utf-8', 'replace')
            if size >= self.limit:
                result['why'] = 'output-limit'
        for fd in self.fds:
            os.close(fd)
        return result


def send(line, message):
    line.sendall(json.dumps(message).encode() + b'\n')


def read_line(line):
    parts = []
    while not parts or not parts[-1].endswith(b'\n'):
        part = line.recv(65536)
        if not part:
            os._exit(0)
        parts.append(part)
    return b''.join(parts)


def run_judge(line, supply):
    """Reads jobs from Node and answers them, one at a time."""
    host = Host(line, supply)
    while True:
        try:
            job = json.loads(read_exact(NODE, struct.unpack('<I', read_exact(NODE, 4))[0]))
        except Gone:
            os._exit(0)
        answer = json.dumps(judge.judge(host, job), ensure_ascii=True).encode()
        write_all(NODE, struct.pack('<I', len(answer)) + answer)
