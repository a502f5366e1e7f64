"""The share of public parameters that have a real type.

Public is what a user reaches without an underscore: functions, methods and the
constructors of classes. A type is real if it is written down and is not `Any`,
neither behind an alias nor inside of a container.
"""

import ast
import collections
import enum
import importlib
import inspect
import pkgutil
import typing

import pytest

import keras_mpl

SHARE = 0.90
# The shares of the packages that do not reach it yet.
NOT_YET: dict[str, float] = {}


def holds_any(annotation, names):
    """Whether a type is `Any`, or has it inside; `names` resolves strings."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        words = {
            word
            for node in ast.walk(ast.parse(annotation))
            for word in (getattr(node, "id", None), getattr(node, "attr", None))
        }
        return "Any" in words or any(
            names.get(word) is typing.Any for word in words
        )
    if isinstance(annotation, list):  # the arguments of a Callable
        return any(holds_any(part, names) for part in annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return False
    return annotation is typing.Any or any(
        holds_any(part, names) for part in typing.get_args(annotation)
    )


def has_real_type(parameter, names):
    is_written = parameter.annotation is not inspect.Parameter.empty
    return is_written and not holds_any(parameter.annotation, names)


def methods(cls):
    """The constructor and the public methods that a class itself defines."""
    made_by_python = issubclass(cls, enum.Enum) or typing.is_typeddict(cls)
    if not made_by_python and not getattr(cls, "_is_protocol", False):
        for name in ("__init__", "__new__"):
            if name in vars(cls):
                yield name, vars(cls)[name]
    for name, value in vars(cls).items():
        value = getattr(value, "__func__", value)  # of a class method
        is_public = name == "__call__" or not name.startswith("_")
        if is_public and inspect.isfunction(value):
            yield name, value


def functions(module):
    """The public functions and methods that a module defines."""
    for name, value in vars(module).items():
        if name.startswith("_") or (
            getattr(value, "__module__", None) != module.__name__
        ):
            continue
        if inspect.isclass(value):
            for method, function in methods(value):
                yield f"{name}.{method}", function
        elif inspect.isfunction(value):
            yield name, value


def modules():
    for found in pkgutil.walk_packages(keras_mpl.__path__, "keras_mpl."):
        if "._" not in found.name:
            yield importlib.import_module(found.name)


@pytest.fixture(scope="module")
def measured():
    """Per module, (name of a parameter, whether its type is real)."""
    found = collections.defaultdict(list)
    for module in modules():
        for owner, function in functions(module):
            for parameter in inspect.signature(function).parameters.values():
                if parameter.name not in ("self", "cls", "_cls"):
                    real = has_real_type(parameter, vars(module))
                    found[module.__name__].append(
                        (f"{owner}({parameter.name})", real)
                    )
    return found


def share(found):
    real = [is_real for entries in found for _, is_real in entries]
    return sum(real) / len(real)


def by_package(measured):
    packages = collections.defaultdict(dict)
    for module, entries in measured.items():
        packages[module.split(".")[1]][module] = entries
    return packages


def untyped(found):
    """Lines for the message of a failure: the worst modules first."""
    lines = []
    for module, entries in found.items():
        names = [name for name, is_real in entries if not is_real]
        if names:
            lines.append((len(names), f"{module}: {', '.join(names)}"))
    return "\n".join(line for _, line in sorted(lines, reverse=True))


def test_nearly_every_public_parameter_has_a_real_type(measured):
    too_low = {
        name: (round(share(found.values()), 3), untyped(found))
        for name, found in by_package(measured).items()
        if share(found.values()) < NOT_YET.get(name, SHARE)
    }
    text = "\n".join(f"{n}: {s}\n{which}" for n, (s, which) in too_low.items())
    assert not too_low, text


def test_a_package_that_reaches_the_share_is_held_to_it(measured):
    packages = by_package(measured)
    done = [n for n in NOT_YET if share(packages[n].values()) >= SHARE]
    assert done == []


Alias = typing.Any


class Example:
    def __init__(self, whole: Alias, typed: int):
        pass

    def method(self, inside: list[typing.Any], later: "dict[str, Alias]"):
        pass

    def __call__(self, bare, function: typing.Callable[[typing.Any], int]):
        pass

    def typed(
        self, inputs: "keras_mpl.types.Inputs", kind: typing.Literal["Any"]
    ):
        pass


def test_what_counts_as_a_real_type():
    found = {
        parameter.name: has_real_type(parameter, globals())
        for _, function in methods(Example)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    }
    real = {"typed", "inputs", "kind"}
    assert found == {name: name in real for name in found}
    assert len(found) == 8
