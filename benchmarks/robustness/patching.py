"""Puts the code of a changed file into the module that is imported already.

Every other module keeps its references, so nothing is imported anew: old
functions get new code, and old classes new attributes. A forked process does
this in milliseconds. It must not write to a file.
"""

import sys
import types
from typing import Any

_CODE = ("__code__", "__defaults__", "__kwdefaults__")
_PLAIN = (bool, int, float, str, tuple, type(None))


def apply(module: types.ModuleType, source: str) -> None:
    """Makes a module behave as if its file were another one.

    Args:
        module: An imported module, as the package's others know it.
        source: The text of its file, changed inside functions or values.

    Raises:
        Exception: Whatever the changed file raises when it is imported.
    """
    import keras

    kept = ("__name__", "__file__", "__package__", "__spec__")
    namespace: dict[str, Any] = {name: vars(module)[name] for name in kept}
    registered = dict(keras.saving.get_custom_objects())
    exec(compile(source, str(module.__file__), "exec"), namespace)
    keras.saving.get_custom_objects().update(registered)
    for name, new in namespace.items():
        if not name.startswith("__"):
            _replace(module, name, new)


def _replace(module: types.ModuleType, name: str, new: Any) -> None:
    """Makes a name of a module mean something new, for all who imported it."""
    old = vars(module)[name]
    is_own = getattr(new, "__module__", None) == module.__name__
    if isinstance(new, types.FunctionType):
        if is_own:
            _copy_code(old, new)
    elif isinstance(new, type):
        if is_own:
            for attribute, value in vars(new).items():
                _replace_attribute(old, attribute, value)
    elif not isinstance(new, types.ModuleType) and old != new:
        for other in [module, *sys.modules.values()]:
            if getattr(other, "__name__", "").startswith("keras_mpl"):
                if vars(other).get(name) is old:
                    setattr(other, name, new)


def _replace_attribute(kind: type, name: str, new: Any) -> None:
    old = vars(kind).get(name)
    for part in ("fget", "__func__"):  # properties; class and static methods
        old, new = getattr(old, part, old), getattr(new, part, new)
    if isinstance(new, types.FunctionType):
        _copy_code(old, new)
    elif isinstance(new, _PLAIN) and not name.startswith("__"):
        setattr(kind, name, new)


def _copy_code(old: Any, new: Any) -> None:
    for name in _CODE:
        setattr(old, name, getattr(new, name))
