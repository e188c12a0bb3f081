"""Values as bytes: plain data by a pickle that names a few inert functions and no class, all else by handle."""
import collections, datetime, decimal, fractions, pickle
from remote import ATOMS, Remote

BASES = (int, float, complex, str, bytes, tuple, list, set, frozenset, dict)
KINDS = {  # values that keep their type: (to plain data, from plain data)
    complex: (lambda v: (v.real, v.imag), lambda p: complex(*p)),
    range: (lambda v: (v.start, v.stop, v.step), lambda p: range(*p)),
    slice: (lambda v: (v.start, v.stop, v.step), lambda p: slice(*p)),
    collections.deque: (lambda v: (list(v), v.maxlen), lambda p: collections.deque(*p)),
    collections.Counter: (dict, collections.Counter),
    collections.OrderedDict: (dict, collections.OrderedDict),
    collections.defaultdict: (dict, lambda p: collections.defaultdict(None, p)),
    decimal.Decimal: (str, lambda p: decimal.Decimal(p[:10000])),
    fractions.Fraction: (lambda v: (v.numerator, v.denominator), lambda p: fractions.Fraction(*p)),
    datetime.date: (lambda v: v.isoformat(), datetime.date.fromisoformat),
    datetime.datetime: (lambda v: v.isoformat(), datetime.datetime.fromisoformat),
    datetime.time: (lambda v: v.isoformat(), datetime.time.fromisoformat),
    datetime.timedelta: (lambda v: (v.days, v.seconds, v.microseconds), lambda p: datetime.timedelta(*p)),
    type({}.keys()): (list, lambda p: dict.fromkeys(p).keys()),
    type({}.values()): (list, lambda p: dict(enumerate(p)).values()),
    type({}.items()): (list, lambda p: dict(p).items()),
    type(...): (lambda v: None, lambda p: ...),
    type(NotImplemented): (lambda v: None, lambda p: NotImplemented),
}
TYPES = {kind.__name__: kind for kind in (*BASES, bool, bytearray, range, object, type, type(None))}
BY_NAME = {kind.__qualname__: kind for kind in KINDS}


class Inert:
    """What a pickle may name. It has no attributes to set, and calling it only makes a marker."""
    __slots__ = ('_Inert__make',)

    def __init__(self, make):
        object.__setattr__(self, '_Inert__make', make)

    def __call__(self, *args):
        return Marker(self.__make, args)

    def __setattr__(self, name, value):
        raise AttributeError(name)

    __delattr__ = __setstate__ = __reduce__ = __setattr__


class Marker:
    """Stands for a value until the whole message is read: while a pickle is at work it holds nothing it could call or change."""
    __slots__ = ('make', 'args')

    def __init__(self, make, args):
        object.__setattr__(self, 'make', make)
        object.__setattr__(self, 'args', args)

    __setattr__ = __delattr__ = __setstate__ = __reduce__ = Inert.__setattr__


HOLDERS = frozenset((Marker, list, tuple, dict, set, frozenset))


def settle(value, done):
    """The value with its markers made, in place where it can be. `done` maps ids to (old, new)."""
    kind = type(value)
    if kind not in HOLDERS:
        return value
    known = done.get(id(value))
    if known is not None:
        return known[1]
    if kind in (list, dict, set):
        done[id(value)] = value, value
    if kind is list:
        for index, item in enumerate(value):
            if type(item) in HOLDERS:
                value[index] = settle(item, done)
        return value
    if kind is dict:
        items = list(value.items())
        value.clear()
        for key, item in items:
            value[settle(key, done)] = settle(item, done)
        return value
    if kind is set:
        items = list(value)
        value.clear()
        value.update(settle(item, done) for item in items)
        return value
    if kind is Marker:
        made = value.make(*(settle(arg, done) for arg in value.args))
    else:
        made = kind(settle(item, done) for item in value)
    done[id(value)] = value, made
    return made


def value_of(name, payload):
    if name == 'plain':
        return payload
    return TYPES[payload] if name == 'type' else KINDS[BY_NAME[name]][1](payload)


def named_tuple(name, fields, values):
    return collections.namedtuple(str(name), [str(field) for field in fields], rename=True)(*values)


class Reader(pickle.Unpickler):
    def __init__(self, file, wire):
        super().__init__(file)
        self.names, self.named = wire.names, False

    def read(self):
        """One message. Only one that names something has markers in it."""
        message = self.load()
        return settle(message, {}) if self.named else message

    def find_class(self, module, name):
        found = self.names.get(name) if module == 'plain' else None
        if found is None:
            raise pickle.UnpicklingError('not plain data')
        self.named = True
        return found

    def persistent_load(self, key):
        raise pickle.UnpicklingError('not plain data')


def _value(name, payload):
    """What a pickle names; the reader puts an Inert in its place. So are the next three."""


def _tuple(name, fields, values):
    pass


def _handle(index, error_names):
    pass


def _yours(index):
    pass


MARKERS = (_value, _tuple, _handle, _yours)


class Writer(pickle.Pickler):
    def __init__(self, file, wire):
        super().__init__(file, 5)
        self.wire = wire

    def reducer_override(self, value):
        kind = type(value)
        if any(value is marker for marker in MARKERS):
            return NotImplemented  # written by name
        if kind in KINDS:
            return _value, (kind.__qualname__, KINDS[kind][0](value))
        if kind is Remote and object.__getattribute__(value, '_wire') is self.wire:
            return _yours, (object.__getattribute__(value, '_index'),)
        if kind is type and TYPES.get(value.__name__) is value:
            return _value, ('type', value.__name__)
        for base in BASES:
            if issubclass(kind, base):
                if base is tuple and hasattr(kind, '_fields'):
                    return _tuple, (kind.__name__, tuple(kind._fields), tuple.__getitem__(value, slice(None)))
                return _value, ('plain', copy_as(base, value))
        return _handle, (self.wire.index_of(value), error_names(value))


def copy_as(base, value):
    """The plain value inside an instance of a subclass, without asking its own methods."""
    if base is dict:
        return {key: dict.__getitem__(value, key) for key in dict.__iter__(value)}
    if base in (list, tuple, set, frozenset):
        return base(base.__iter__(value))
    if base is int:
        return int.__index__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return complex(complex.real.__get__(value), complex.imag.__get__(value))
    return base.__getitem__(value, slice(None))


def error_names(value):
    """The names of an exception class and its bases, nearest first; nothing for other values."""
    if isinstance(value, type) and issubclass(value, BaseException):
        return [kind.__name__ for kind in value.__mro__]
    return None
