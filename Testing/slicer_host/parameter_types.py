"""How values of each type are kept in a MRML script parameter node, and which values are allowed.

Written from the contract of Slicer 5.12's ``parameterNodeWrapper``, so that a scene saved with one
opens with the other: same parameter names, same texts. Shares no text with it.
"""

from __future__ import annotations

import collections.abc
import enum
import pathlib
import types
import typing

import slicer

# Annotations that limit a value.


class Validator:
    """Says whether a value may be stored; ``validate`` raises ValueError if not."""

    def validate(self, value) -> None:
        raise NotImplementedError


class NotNone(Validator):
    """Anything but None."""

    def validate(self, value) -> None:
        if value is None:
            raise ValueError("None is not allowed here")


class IsInstance(Validator):
    """None, or an instance of a class."""

    def __init__(self, classtype):
        self.classtype = classtype

    def validate(self, value) -> None:
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"{value!r} is not of {self.classtype}")


class WithinRange(Validator):
    """Between two numbers, both included."""

    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within [{self.minimum}, {self.maximum}]")


class Minimum(Validator):
    """At least a number."""

    def __init__(self, minimum):
        self.minimum = minimum

    def validate(self, value) -> None:
        if value < self.minimum:
            raise ValueError(f"{value} is less than {self.minimum}")


class Maximum(Validator):
    """At most a number."""

    def __init__(self, maximum):
        self.maximum = maximum

    def validate(self, value) -> None:
        if value > self.maximum:
            raise ValueError(f"{value} is more than {self.maximum}")


class Choice(Validator):
    """One of some values."""

    def __init__(self, choices):
        self.choices = choices

    def validate(self, value) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {self.choices}")


class Exclude(Validator):
    """None of some values."""

    def __init__(self, excludedValues):
        self.excludedValues = excludedValues

    def validate(self, value) -> None:
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is excluded")


class RangeBounds(Validator):
    """A range that lies between two numbers."""

    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value) -> None:
        if not (self.minimum <= value.minimum and value.maximum <= self.maximum):
            raise ValueError(f"{value} reaches out of [{self.minimum}, {self.maximum}]")


class Default:
    """The value a parameter has at first; *generator* makes a new one each time."""

    def __init__(self, value=None, *, generator=None):
        self._value, self._generator = value, generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value


# Stores: one for each type.


class Store:
    """Keeps one value in a parameter node, under a name."""

    cached = True

    def __init__(self, validators=()):
        self.validators = list(validators)

    def check(self, value) -> None:
        for validator in self.validators:
            validator.validate(value)

    def write(self, node, name, value) -> None:
        self.check(value)
        self.put(node, name, value)

    def present(self, node, name) -> bool:
        return bool(node.HasParameter(name))

    def remove(self, node, name) -> None:
        node.UnsetParameter(name)

    def accepts(self, value) -> bool:
        """Whether a union would store the value here."""
        try:
            self.check(value)
        except Exception:
            return False
        return True


class TextLike(Store):
    """Values that are one text each."""

    def __init__(self, kind, allowed, to_text, from_text, default):
        super().__init__([NotNone(), IsInstance(allowed)])
        self.kind = kind
        self._to_text, self._from_text, self._default = to_text, from_text, default

    def default(self):
        return self._default

    def put(self, node, name, value):
        node.SetParameter(name, self._to_text(value))

    def read(self, node, name):
        return self._from_text(node.GetParameter(name))

    def accepts(self, value) -> bool:
        return type(value) is self.kind and super().accepts(value)


class NodeReference(Store):
    """A node of the scene, or None, as a node reference."""

    def __init__(self, kind):
        super().__init__([IsInstance(kind)])

    def default(self):
        return None

    def put(self, node, name, value):
        node.SetParameter(name, "")  # None is a value too: the empty text says it is set
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node, name):
        return node.GetNodeReference(name)

    def remove(self, node, name):
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)

    def accepts(self, value) -> bool:
        return value is not None and super().accepts(value)


class Nothing(Store):
    """None, in a union."""

    def default(self):
        return None

    def put(self, node, name, value):
        node.SetParameter(name, "None")

    def read(self, node, name):
        return None

    def accepts(self, value) -> bool:
        return value is None


class OneOfEnum(Store):
    """A member of an enumeration, by its name."""

    def __init__(self, kind):
        super().__init__([IsInstance(kind)])
        if not len(kind):
            raise ValueError(f"{kind} has no members")
        self._kind = kind

    def default(self):
        return next(iter(self._kind))

    def put(self, node, name, value):
        node.SetParameter(name, value.name)

    def read(self, node, name):
        text = node.GetParameter(name)
        try:
            return self._kind[text]
        except KeyError:
            raise ValueError(f"parameter {name}: {text!r} is no name in {self._kind}") from None


class ListOf(Store):
    """A list of values of one type: ``name.len``, ``name.0``, ``name.1``, ..."""

    def __init__(self, element):
        super().__init__()
        self._element = element
        self.cached = element.cached

    def default(self):
        return []

    def present(self, node, name):
        return bool(node.HasParameter(f"{name}.len"))

    def _length(self, node, name):
        return int(node.GetParameter(f"{name}.len")) if self.present(node, name) else 0

    def put(self, node, name, value):
        values = list(value)
        for item in values:
            self._element.check(item)
        with slicer.util.NodeModify(node):
            for index in range(len(values), self._length(node, name)):
                self._element.remove(node, f"{name}.{index}")
            for index, item in enumerate(values):
                self._element.put(node, f"{name}.{index}", item)
            node.SetParameter(f"{name}.len", str(len(values)))

    def read(self, node, name):
        values = [self._element.read(node, f"{name}.{i}") for i in range(self._length(node, name))]
        return KeptList(values, lambda changed: self.write(node, name, changed))

    def remove(self, node, name):
        with slicer.util.NodeModify(node):
            for index in range(self._length(node, name)):
                self._element.remove(node, f"{name}.{index}")
            node.UnsetParameter(f"{name}.len")


class KeptList(collections.abc.MutableSequence):
    """A list that writes itself back to the parameter node when it is changed."""

    def __init__(self, values, keep):
        self._values, self._keep = values, keep

    def __getitem__(self, index):
        return self._values[index]

    def __len__(self):
        return len(self._values)

    def __setitem__(self, index, value):
        self._change(lambda values: values.__setitem__(index, value))

    def __delitem__(self, index):
        self._change(lambda values: values.__delitem__(index))

    def insert(self, index, value):
        self._change(lambda values: values.insert(index, value))

    def _change(self, how):
        changed = list(self._values)
        how(changed)
        self._keep(changed)
        self._values = changed

    def __eq__(self, other):
        return self._values == (other._values if isinstance(other, KeptList) else other)

    __hash__ = None

    def __repr__(self):
        return repr(self._values)


class TupleOf(Store):
    """A tuple of fixed length: ``name.0``, ``name.1``, ..."""

    def __init__(self, elements):
        super().__init__([NotNone(), IsInstance(tuple)])
        self._elements = elements
        self.cached = all(element.cached for element in elements)

    def default(self):
        return tuple(element.default() for element in self._elements)

    def present(self, node, name):
        return self._elements[0].present(node, f"{name}.0")

    def put(self, node, name, value):
        if len(value) != len(self._elements):
            raise ValueError(f"{name}: {len(self._elements)} values are needed, not {len(value)}")
        with slicer.util.NodeModify(node):
            for index, (element, item) in enumerate(zip(self._elements, value, strict=True)):
                element.write(node, f"{name}.{index}", item)

    def read(self, node, name):
        return tuple(e.read(node, f"{name}.{i}") for i, e in enumerate(self._elements))

    def remove(self, node, name):
        for index, element in enumerate(self._elements):
            element.remove(node, f"{name}.{index}")


class UnionOf(Store):
    """A value of one of several types: ``name.0`` if it is of the first, ..."""

    def __init__(self, members):
        super().__init__()
        self._members = members
        self.cached = all(member.cached for member in members)

    def default(self):
        optional = len(self._members) == 2 and isinstance(self._members[1], Nothing)
        return None if optional else self._members[0].default()

    def check(self, value):
        super().check(value)
        self._place(value)

    def _place(self, value):
        for index, member in enumerate(self._members):
            if member.accepts(value):
                return index
        raise TypeError(f"{value!r} is of none of the types that are allowed here")

    def present(self, node, name):
        return any(m.present(node, f"{name}.{i}") for i, m in enumerate(self._members))

    def put(self, node, name, value):
        index = self._place(value)
        with slicer.util.NodeModify(node):
            self.remove(node, name)
            self._members[index].put(node, f"{name}.{index}", value)

    def read(self, node, name):
        for index, member in enumerate(self._members):
            if member.present(node, f"{name}.{index}"):
                return member.read(node, f"{name}.{index}")
        raise KeyError(f"parameter {name} is not set")

    def remove(self, node, name):
        for index, member in enumerate(self._members):
            member.remove(node, f"{name}.{index}")


# Packs: values that have parts with names.


def split_name(name):
    """``"a.b.c"`` is ``("a", "b.c")``; ``"a"`` is ``("a", None)``."""
    top, _, rest = name.partition(".")
    return top, rest or None


def plain_type(annotated):
    """A type without its annotations."""
    return split_annotated(annotated)[0]


def split_annotated(annotated):
    """A type and the list of its annotations."""
    if typing.get_origin(annotated) is typing.Annotated:
        kind, *annotations = typing.get_args(annotated)
        return kind, annotations
    return annotated, []


def first_annotation(annotated, kind):
    """The first annotation of a class, or None."""
    found = (item for item in split_annotated(annotated)[1] if isinstance(item, kind))
    return next(found, None)


class Parameter(typing.NamedTuple):
    """One declared parameter."""

    name: str
    store: Store
    default: Default
    unalteredType: object


def declared_parameters(owner):
    """The parameters that a class declares by its annotations, in their order."""
    parameters = {}
    for name, annotated in typing.get_type_hints(owner, include_extras=True).items():
        kind, annotations = split_annotated(annotated)
        store = store_for(kind)
        for annotation in annotations:
            if isinstance(annotation, type) and issubclass(annotation, Validator):
                annotation = annotation()
            if isinstance(annotation, Validator):
                store.validators.append(annotation)
        default = next((a for a in annotations if isinstance(a, Default)), None)
        if hasattr(owner, name):
            default = Default(getattr(owner, name))
        elif default is None:
            default = Default(generator=store.default)
        parameters[name] = Parameter(name, store, default, annotated)
    return parameters


def isParameterPack(thing) -> bool:
    """Whether a class, or an instance, is a parameter pack."""
    return getattr(thing, "_is_parameterPack", False)


def parameterPack(owner=None):
    """Make a class of annotated members a pack: a value with named parts."""
    if owner is None:
        return parameterPack
    parameters = declared_parameters(owner)
    if not parameters:
        raise ValueError(f"{owner.__name__} declares no members")
    for parameter in parameters.values():
        try:
            parameter.store.check(parameter.default.value)
        except Exception as problem:
            raise ValueError(f"{owner.__name__}.{parameter.name}: {problem}") from problem
        setattr(owner, parameter.name, _member(parameter))
    own_init = owner.__dict__.get("__init__")

    def fill(self, *args, **kwargs):
        object.__setattr__(self, "_home", None)
        given = dict(zip(parameters, args, strict=False))
        for name, value in kwargs.items():
            if name not in parameters or name in given:
                raise TypeError(f"{owner.__name__}: unexpected argument {name!r}")
            given[name] = value
        if len(args) > len(parameters):
            raise TypeError(f"{owner.__name__}: takes {len(parameters)} values")
        for parameter in parameters.values():
            value = given.get(parameter.name, parameter.default.value)
            parameter.store.check(value)
            object.__setattr__(self, f"_value_{parameter.name}", value)

    def init(self, *args, **kwargs):
        if own_init is None:
            fill(self, *args, **kwargs)
        else:
            fill(self)
            own_init(self, *args, **kwargs)

    def equal(self, other):
        if not isinstance(other, owner):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in parameters)

    def setattr_(self, name, value):
        if self.__dict__.get("_home") is not None and not hasattr(self, name):
            raise AttributeError(f"{owner.__name__} has no member {name!r}")
        object.__setattr__(self, name, value)

    def get_value(self, name):
        top, rest = split_name(name)
        if not hasattr(self, top):
            raise ValueError(f"{owner.__name__} has no member {top!r}")
        value = getattr(self, top)
        return value if rest is None else value.getValue(rest)

    def set_value(self, name, value):
        top, rest = split_name(name)
        if not hasattr(self, top):
            raise ValueError(f"{owner.__name__} has no member {top!r}")
        if rest is None:
            setattr(self, top, value)
        else:
            getattr(self, top).setValue(rest, value)

    def data_type(name):
        top, rest = split_name(name)
        if top not in parameters:
            raise ValueError(f"{owner.__name__} has no member {top!r}")
        kind = parameters[top].unalteredType
        return kind if rest is None else plain_type(kind).dataType(rest)

    def show(self):
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in parameters)
        return f"{owner.__name__}({parts})"

    owner._fill = fill
    owner.__init__ = init
    for name, method in (("__eq__", equal), ("__repr__", show), ("__str__", show)):
        if name not in owner.__dict__:
            setattr(owner, name, method)
    owner.__setattr__ = setattr_
    owner.allParameters = parameters
    owner._is_parameterPack = True
    owner.getValue, owner.setValue = get_value, set_value
    owner.dataType = staticmethod(data_type)
    return owner


def _member(parameter):
    hidden = f"_value_{parameter.name}"

    def read(self):
        return getattr(self, hidden)

    def write(self, value):
        parameter.store.check(value)
        if self._home is not None:
            node, name = self._home
            parameter.store.write(node, f"{name}.{parameter.name}", value)
            value = parameter.store.read(node, f"{name}.{parameter.name}")
        object.__setattr__(self, hidden, value)

    return property(read, write)


def nestedParameterNames(pack) -> list[str]:
    """Dotted names of all parts of a pack, parts of parts included."""
    names = []
    for name, parameter in plain_type(pack).allParameters.items():
        kind = plain_type(parameter.unalteredType)
        if isParameterPack(kind):
            names += [f"{name}.{inner}" for inner in nestedParameterNames(kind)]
        else:
            names.append(name)
    return names


class PackOf(Store):
    """A pack: ``name.member`` for each."""

    def __init__(self, kind):
        super().__init__([NotNone(), IsInstance(kind)])
        self._kind = kind
        self.cached = all(p.store.cached for p in kind.allParameters.values())

    def default(self):
        return self._kind()

    def _parts(self, name):
        return [(f"{name}.{p.name}", p) for p in self._kind.allParameters.values()]

    def present(self, node, name):
        full, first = self._parts(name)[0]
        return first.store.present(node, full)

    def put(self, node, name, value):
        with slicer.util.NodeModify(node):
            for full, part in self._parts(name):
                part.store.write(node, full, getattr(value, part.name))

    def read(self, node, name):
        pack = self._kind.__new__(self._kind)
        values = {part.name: part.store.read(node, full) for full, part in self._parts(name)}
        self._kind._fill(pack, **values)
        object.__setattr__(pack, "_home", (node, name))
        return pack

    def remove(self, node, name):
        for full, part in self._parts(name):
            part.store.remove(node, full)


PATHS = (
    pathlib.Path,
    pathlib.PosixPath,
    pathlib.WindowsPath,
    pathlib.PurePath,
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
)


def store_for(kind) -> Store:
    """The store for values of a type.

    Raises
    ------
    TypeError
        There is none. Slicer's own has more: dictionaries, ``typing.Any`` and colours.
    """
    if kind is bool:
        return TextLike(bool, bool, lambda v: "True" if v else "False", "True".__eq__, False)
    if kind is int:
        return TextLike(int, int, str, int, 0)
    if kind is float:
        return TextLike(float, (int, float), str, float, 0)
    if kind is str:
        return TextLike(str, str, str, str, "")
    if kind in PATHS:
        return TextLike(kind, kind, str, kind, kind())
    if kind is type(None):
        return Nothing()
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or isinstance(kind, types.UnionType):
        return UnionOf([_annotated_store(argument) for argument in arguments])
    if origin is list and len(arguments) == 1:
        return ListOf(_annotated_store(arguments[0]))
    if origin is tuple and arguments:
        return TupleOf([_annotated_store(argument) for argument in arguments])
    if isParameterPack(kind):
        return PackOf(kind)
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeReference(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return OneOfEnum(kind)
    raise TypeError(f"values of {kind} cannot be kept in a parameter node on this host")


def _annotated_store(annotated):
    kind, annotations = split_annotated(annotated)
    store = store_for(kind)
    store.validators += [a for a in annotations if isinstance(a, Validator)]
    return store


@parameterPack
class FloatRange:
    """Two numbers, the first not above the second."""

    _minimum: float
    _maximum: float

    def __init__(self, minimum=0, maximum=0) -> None:
        self.setRange(minimum, maximum)

    def setRange(self, minimum, maximum) -> None:
        """Set both; raises ValueError if the first is above the second."""
        if not minimum <= maximum:
            raise ValueError(f"{minimum} is above {maximum}")
        self._minimum, self._maximum = minimum, maximum

    @property
    def minimum(self):
        return self._minimum

    @minimum.setter
    def minimum(self, value):
        self.setRange(value, self._maximum)

    @property
    def maximum(self):
        return self._maximum

    @maximum.setter
    def maximum(self, value):
        self.setRange(self._minimum, value)
