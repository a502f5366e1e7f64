"""How far a piece of work is: a bar on a terminal, few lines elsewhere."""

import io

from keras_mpl import report


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def counted(stream, seconds, total=200):
    """What is shown of work whose every part takes some seconds."""
    clock = Clock()
    counting = report.Counting(total, "images", stream=stream, clock=clock)
    for done in range(1, total + 1):
        clock.now += seconds
        counting.update(done)
    counting.clear()
    return stream.getvalue()


def test_short_work_says_nothing_without_a_terminal():
    assert counted(io.StringIO(), 0.01) == ""


def test_long_work_says_a_line_now_and_then():
    lines = counted(io.StringIO(), 0.5).splitlines()
    assert lines[0] == "20/200 images, 2.0 a second, 90 s left"
    assert len(lines) == 10


def test_a_terminal_has_a_bar_that_goes_away():
    shown = counted(Terminal(), 0.5).split("\r")
    half = next(line for line in shown if " 100/200" in line)
    assert half.startswith("[============            ] 100/200 images, 2.0 a")
    assert shown[-1] == ""
    assert not shown[-2].strip()
    assert "\n" not in "".join(shown)


def test_a_bar_is_not_drawn_more_often_than_eyes_can_see():
    assert counted(Terminal(), 0.001).count("\r") < 5
