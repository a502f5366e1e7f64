"""The command line `keras-mpl COMMAND`; the commands are in `commands`.

This module turns the words of the command line into a command, its arguments
and its flags. An error of a command is printed as one line on stderr, and the
exit code is then 2.
"""

import atexit
import difflib
import gc
import os
import sys
import textwrap
from collections.abc import Sequence
from typing import TextIO

from absl import flags

import keras_mpl
from keras_mpl import names
from keras_mpl.commands import COMMANDS
from keras_mpl.commands import Command

_INTRO = """keras-mpl: Meta Pseudo Labels for Keras 3 on TensorFlow.

usage: keras-mpl COMMAND [ARGUMENTS] [--flags]
"""
_COLUMNS = 80  # of the help
_LONGEST = 2000  # characters of an error
_OF_ABSL = "; repeat this option to specify a list of values"


def _print_help(file: TextIO) -> None:
    print(_INTRO, file=file)
    for name, command in COMMANDS.items():
        usage = f"{name} {command.arguments}"
        print(_hanging(f"  {usage}", command.summary, 26), file=file)
    print("\n  --help, --version", file=file)
    print("\n`keras-mpl COMMAND --help` lists its flags.", file=file)


def _print_command_help(name: str, values: flags.FlagValues) -> None:
    command = COMMANDS[name]
    usage = f"keras-mpl {name} {command.arguments} [--flags]"
    print(f"usage: {' '.join(usage.split())}\n")
    print(f"{command.summary}\n")
    shown = _flags_of(values)
    width = max(len(flag.name) for flag in shown) + len("  --") + 2
    for flag in shown:
        text = " ".join(flag.help.split()).replace(_OF_ABSL, "")
        print(_hanging(f"  --{flag.name}", text, width))


def _hanging(name: str, text: str, width: int) -> str:
    """Returns a name with its text in a column of its own beside it."""
    indent = " " * width
    return textwrap.fill(
        text,
        width=_COLUMNS,
        initial_indent=name.ljust(width),
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _flag_values(command: Command) -> flags.FlagValues:
    values = flags.FlagValues()
    flags.DEFINE_boolean(
        "help", False, "Show this help.", short_name="h", flag_values=values
    )
    command.define(values)
    return values


def _flags_of(values: flags.FlagValues) -> list[flags.Flag]:
    return [values[name] for name in values if values[name].name == name]


def _parse(name: str, words: list[str], values: flags.FlagValues) -> list[str]:
    """Reads the flags, checks the number of arguments, and returns them."""
    usage = f"keras-mpl {name} {COMMANDS[name].arguments}".strip()
    try:
        arguments = values([usage, *words])[1:]
    except flags.UnrecognizedFlagError as error:
        known = ", ".join(f"--{flag.name}" for flag in _flags_of(values))
        raise ValueError(
            f"the flag of `{usage}` must be one of: {known}. "
            f"Received: --{error.flagname}"
        ) from error
    expected = COMMANDS[name].arguments.split()
    takes_more = bool(expected) and expected[-1].endswith("...")
    least = sum(not word.startswith("[") for word in expected)
    is_right = least <= len(arguments) <= len(expected)
    is_right |= takes_more and len(arguments) > len(expected)
    if not is_right and not values["help"].value:
        raise ValueError(
            f"the arguments must be as in `{usage}`. "
            f"Received: {' '.join(arguments) or 'none'}"
        )
    return arguments


def _dispatch(words: list[str]) -> int:
    if words[0] not in COMMANDS:
        close = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"the command must be one of: {', '.join(COMMANDS)}.{hint} "
            f"Received: {words[0]!r}"
        )
    name, *rest = words
    command = COMMANDS[name]
    values = _flag_values(command)
    arguments = _parse(name, rest, values)
    if values["help"].value:
        _print_command_help(name, values)
        return 0
    return command.call(arguments, values) or 0


def _ignore_closed_pipe() -> int:
    """Ends without an error after `keras-mpl list | head` has read enough."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())  # Python flushes stdout once more
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: The words after the program's name; `None` takes those of the
            process.

    Returns:
        The exit code: 0 after success, 1 if `verify` finds that a feedback is
        wrong, a training has diverged or `predict` cannot read some of the
        files, 2 after an error, 130 after Ctrl-C.
    """
    if argv is None:  # else a process that goes on, and needs its memory
        # Python looks for garbage once more as it ends, for 2 s after `run`.
        atexit.register(gc.freeze)
    words = list(sys.argv[1:] if argv is None else argv)
    if not words:
        _print_help(sys.stderr)
        return 2
    if words[0] in ("--help", "-h", "help"):
        _print_help(sys.stdout)
        return 0
    if words[0] == "--version":
        print(f"keras-mpl {keras_mpl.__version__}")
        return 0
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _ignore_closed_pipe()
    except (ValueError, OSError, flags.Error) as error:
        _print_line("error: ", error)
        return 2
    except FloatingPointError as error:  # `trainers.DivergenceError`
        _print_line("error: ", error)
        return 1
    except MemoryError as error:
        _print_line("error: there is too little memory. ", error)
        return 2
    except KeyboardInterrupt as error:
        _print_line("interrupted; " if str(error) else "interrupted", error)
        return 130


def _print_line(kind: str, error: BaseException) -> None:
    """Prints an error as one line, of which escape codes are no part."""
    line = names.printable(" ".join(str(error).split()))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
    print(f"keras-mpl: {kind}{line}", file=sys.stderr)
