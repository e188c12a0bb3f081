"""Stand-ins for the other side's objects, and what may be done with this side's."""
import collections, operator

ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, range))


class Remote:
    """Something on the other side that is not plain data. Each use asks over the line."""
    __slots__ = ('_wire', '_index', '__weakref__')

    def __init__(self, wire, index):
        object.__setattr__(self, '_wire', wire)
        object.__setattr__(self, '_index', index)

    def __call__(self, *args, **named):
        return call(self, args, named)

    def __getattr__(self, name):
        if name.startswith('__') and name not in ('__name__', '__doc__', '__dict__', '__qualname__'):
            raise AttributeError(name)
        return use(self, 'get', name)

    def __setattr__(self, name, value):
        use(self, 'set', name, value)

    def __getitem__(self, key):
        return use(self, 'item', key)

    def __setitem__(self, key, value):
        use(self, 'put', key, value)

    def __iter__(self):
        return use(self, 'iter')

    def __next__(self):
        return use(self, 'next')

    def __len__(self):
        return use(self, 'len')

    def __bool__(self):
        return use(self, 'bool') is True

    def __str__(self):
        return use(self, 'str')

    __repr__ = __str__

    def __contains__(self, value):
        return any(value is item or value == item for item in self)

    def __eq__(self, other):
        if self is other:
            return True
        return type(other) is Remote and use(self, 'eq', other) is True

    def __hash__(self):
        return id(self)

    def __instancecheck__(self, value):
        return type(value) is Remote and use(self, 'instance', value) is True

    def __subclasscheck__(self, value):
        return type(value) is Remote and use(self, 'subclass', value) is True

    def __enter__(self):
        return use(self, 'enter')

    def __exit__(self, kind, error, trace):
        use(self, 'exit')


def between(name):
    """An operator of two objects of the other side; with plain data there is none."""
    def apply(self, other):
        return use(self, name, other) if type(other) is Remote else NotImplemented
    return apply


BETWEEN = ('add', 'sub', 'mul', 'truediv', 'floordiv', 'mod', 'pow', 'matmul', 'and', 'or', 'xor', 'lt', 'le', 'gt', 'ge')
for _name in BETWEEN:
    setattr(Remote, f'__{_name}__', between(f'__{_name}__'))


def use(remote, operation, *args):
    return ask(remote, operation, *args)[0]


def ask(remote, operation, *args):
    """The value, and the arguments as the other side left them."""
    return object.__getattribute__(remote, '_wire').ask(operation, object.__getattribute__(remote, '_index'), *args)


def call(remote, args, named):
    """Calls it, and carries changes that it made to mutable arguments back into them."""
    value, changed = ask(remote, 'call', args, named)
    if type(changed) is list:
        for old, new in zip((*args, *named.values()), changed):
            update(old, new)
    return value


def update(old, new, depth=0):
    """Makes a mutable argument equal to what the other side made of it, keeping identities where it can."""
    kind = type(old)
    if kind is not type(new) or depth > 100:
        return
    if kind is list:
        old[:] = [merged(a, b, depth) for a, b in zip(old, new)] + new[len(old):]
    elif kind is tuple:
        for a, b in zip(old, new):
            update(a, b, depth + 1)
    elif isinstance(old, dict):
        fresh = {key: merged(old[key], value, depth) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(fresh)
    elif kind is set:
        old.clear()
        old.update(new)
    elif kind is bytearray:
        old[:] = new
    elif kind is collections.deque:
        old.clear()
        old.extend(new)


def merged(old, new, depth):
    if type(old) is type(new) and type(old) not in ATOMS:
        update(old, new, depth + 1)
        if old == new:
            return old
    return new


def serve_use(wire, request):
    """Answers the operations of Remote on this side's own objects: (value, changed arguments or None)."""
    operation, index, *args = request
    target = wire.own(index)
    if operation == 'call':
        return serve_call(wire, target, *args)
    return OPERATIONS[operation](target, *args), None


def serve_call(wire, target, args, named):
    mutable = [*args, *named.values()]
    if all(type(value) in ATOMS for value in mutable):
        return target(*args, **named), None
    before = wire.encode(mutable)
    value = target(*args, **named)
    return value, mutable if wire.encode(mutable) != before else None


OPERATIONS = {
    'get': getattr,
    'set': setattr,
    'item': lambda target, key: target[key],
    'put': lambda target, key, value: target.__setitem__(key, value),
    'iter': iter,
    'next': next,
    'len': len,
    'bool': bool,
    'str': lambda target: str(target)[:100000],
    'eq': lambda target, other: target == other,
    'instance': lambda target, value: isinstance(value, target),
    'subclass': lambda target, value: issubclass(value, target),
    'enter': lambda target: target.__enter__(),
    'exit': lambda target: target.__exit__(None, None, None),
    **{f'__{name}__': getattr(operator, f'__{name}__') for name in BETWEEN},
}
