"""The line between the judge and the candidate: plain data by value, everything else by handle.

The candidate's side may be hostile. What it sends is read by an unpickler that knows a few inert names and no class, so
it can become plain data, a value that code here makes, or a Remote, whose every use is a question sent over the line.
A Remote never takes part in arithmetic or comparison with plain data: an object that equals everything equals nothing.
"""
import builtins, io, os, struct, threading
from plain import Inert, Reader, Writer, named_tuple, value_of
from remote import ATOMS, Remote, serve_use

LIMIT = 64 * 1024 * 1024
SOME = 8192  # bytes of a first read
ERRORS = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)}


class Gone(BaseException):
    """The other side ended, or sent what is not a message."""


class Wire:
    """One end. `serve` answers a request; `ask` sends one and answers what comes back before the reply."""

    def __init__(self, fd, serve):
        self.fd, self.serve, self.lock = fd, serve, threading.RLock()
        self.objects, self.indices = [], {}
        self.remotes, self.classes = {}, {}
        self.names = {'_value': Inert(value_of), '_tuple': Inert(named_tuple), '_handle': Inert(self.remote), '_yours': Inert(self.own)}

    def index_of(self, value):
        index = self.indices.get(id(value))
        if index is None:
            index = self.indices[id(value)] = len(self.objects)
            self.objects.append(value)
        return index

    def own(self, index):
        if type(index) is not int or not 0 <= index < len(self.objects):
            raise TypeError('no such object')
        return self.objects[index]

    def remote(self, index, names):
        if type(names) is list and names:
            return self.error_class(names)
        if index not in self.remotes:
            self.remotes[index] = Remote(self, index)
        return self.remotes[index]

    def error_class(self, names):
        """A local class for one of the other side's exception classes, so that `except` finds it."""
        name = str(names[0])
        if name in ERRORS:
            return ERRORS[name]
        if name not in self.classes:
            base = next((ERRORS[name] for name in names if name in ERRORS), Exception)
            self.classes[name] = type(name, (base,), {'_winnow_remote': True})
        return self.classes[name]

    def encode(self, message):
        file = io.BytesIO()
        Writer(file, self).dump(message)
        return file.getvalue()

    def decode(self, payload):
        return Reader(io.BytesIO(payload), self).read()

    def send(self, message):
        payload = self.encode(message)
        if len(payload) > LIMIT:
            raise MemoryError('a value over 64 MiB')
        write_all(self.fd, struct.pack('<I', len(payload)) + payload)

    def receive(self):
        """The next message: a tuple whose first item says what it is. Anything else ends the line."""
        payload = read_message(self.fd)
        try:
            message = self.decode(payload)
        except Exception as error:
            raise Gone(f'not a message: {type(error).__name__}') from error
        if type(message) is not tuple or len(message) < 3 or message[0] not in ('ask', 'ok', 'raise'):
            raise Gone('not a message')
        return message

    def answer(self, request):
        try:
            reply = ('ok', *self.serve(request))  # a value, and the arguments where the call changed them
        except Gone:
            raise
        except BaseException as error:
            reply = ('raise', *describe(error))
        try:
            self.send(reply)
        except (OSError, Gone):
            raise
        except BaseException as error:
            self.send(('raise', *describe(error)))

    def step(self):
        """Waits for one request and answers it."""
        self.answer(self.receive()[1:])

    def ask(self, *request):
        """Sends a request and returns the reply, always of two values. Raises what the other side raised, or Gone."""
        with self.lock:  # threads of the tests, or of the program, take turns
            self.send(('ask', *request))
            while (message := self.receive())[0] == 'ask':
                self.answer(message[1:])
        if message[0] == 'ok':
            return message[1:3]
        try:
            kind = self.error_class(message[1])
            error = kind.__new__(kind)
            error.args = tuple(message[2])
        except Exception as fault:
            raise Gone('not an exception') from fault
        if isinstance(error, StopIteration) and request[0] != 'next':
            error = RuntimeError('the program raised StopIteration')  # which would end a loop of the tests, as if all were well
        error._winnow_remote = True
        raise error


def describe(error):
    """(class names, arguments as plain data, text) of an exception, whatever its class does."""
    names = [kind.__name__ for kind in type(error).__mro__]
    try:
        args = tuple(arg if type(arg) in ATOMS else repr(arg)[:1000] for arg in error.args)[:8]
    except BaseException:
        args = ()
    return names, args


def write_all(fd, data):
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view):]
    except OSError as error:
        raise Gone('the other side ended') from error


def read_message(fd):
    """One message, which mostly comes in one piece. Each side waits for the other's answer: where more comes in that piece, it is none."""
    data = read_some(fd, SOME)
    if len(data) < 4:
        data += read_exact(fd, 4 - len(data))
    length = struct.unpack_from('<I', data)[0]
    if length > LIMIT or len(data) > length + 4:
        raise Gone('a message over 64 MiB' if length > LIMIT else 'more than a message')
    return data[4:] + read_exact(fd, length + 4 - len(data))


def read_exact(fd, length):
    parts = []
    while length:
        parts.append(read_some(fd, min(length, 1 << 20)))
        length -= len(parts[-1])
    return parts[0] if len(parts) == 1 else b''.join(parts)


def read_some(fd, length):
    try:
        part = os.read(fd, length)
    except OSError as error:
        raise Gone('the other side ended') from error
    if not part:
        raise Gone('the other side ended')
    return part
