"""The command line `keras-mpl COMMAND`; the commands are in `commands`.

This module turns the words of the command line into a command, its arguments
and its flags. An error of a command is printed as one line on stderr, and the
exit code is then 2.
"""

import difflib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from absl import flags

import keras_mpl
from keras_mpl.commands import COMMANDS
from keras_mpl.commands import Command

_INTRO = """keras-mpl: Meta Pseudo Labels for Keras 3 on TensorFlow.

usage: keras-mpl COMMAND [ARGUMENTS] [--flags]
"""


def _print_help(file: TextIO) -> None:
    print(_INTRO, file=file)
    for name, command in COMMANDS.items():
        usage = f"{name} {command.arguments}"
        print(f"  {usage:24}{command.summary}", file=file)
    print("\n  --help, --version", file=file)
    print("\n`keras-mpl COMMAND --help` lists its flags.", file=file)


def _print_command_help(name: str, values: flags.FlagValues) -> None:
    command = COMMANDS[name]
    print(f"usage: keras-mpl {name} {command.arguments} [--flags]\n")
    print(f"{command.summary}\n")
    for flag in _flags_of(values):
        print(f"  --{flag.name:15}{' '.join(flag.help.split())}")


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
    is_right = len(arguments) == len(expected)
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
        wrong or a training has diverged, 2 after an error, 130 after Ctrl-C.
    """
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
        line = " ".join(str(error).split())
        print(f"keras-mpl: error: {line}", file=sys.stderr)
        return 2
    except FloatingPointError as error:  # `trainers.DivergenceError`
        print(f"keras-mpl: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("keras-mpl: interrupted", file=sys.stderr)
        return 130
