"""What is said goes to `logging`, and to the terminal where it is shown."""

import logging

import pytest

from keras_mpl import messages


@pytest.fixture(name="root")
def fixture_root():
    """A handler of the root logger, as `logging.basicConfig` adds one."""
    heard = []

    class Listener(logging.Handler):
        def emit(self, record):
            heard.append((record.levelname, record.name, record.getMessage()))

    listener = Listener()
    logging.getLogger().addHandler(listener)
    yield heard
    logging.getLogger().removeHandler(listener)


def test_nobody_hears_what_nobody_asked_for(root, capsys):
    messages.say("lost")
    assert not messages.are_heard()
    assert (root, capsys.readouterr()) == ([], ("", ""))


def test_the_terminal_has_the_words_alone_and_other_handlers_nothing(
    root, capsys
):
    with messages.shown(True):
        assert messages.are_heard()
        messages.say("one 100 %s")
        messages.say("two", is_apart=True)
    messages.say("after")
    assert capsys.readouterr().out == "one 100 %s\n\ntwo\n"
    assert root == []
    assert messages.LOGGER.handlers == []


@pytest.mark.parametrize("is_shown", [True, False])
def test_who_asks_for_info_hears_it_shown_or_not(
    root, capsys, caplog, is_shown
):
    with caplog.at_level("INFO"), messages.shown(is_shown):
        messages.say("a line")
    assert root == [("INFO", "keras_mpl", "a line")]
    assert capsys.readouterr().out == "a line\n" * is_shown


def test_the_logger_is_as_before_after_an_error():
    before = messages.LOGGER.level, messages.LOGGER.propagate
    with pytest.raises(KeyError), messages.shown(True):
        raise KeyError
    assert (messages.LOGGER.level, messages.LOGGER.propagate) == before
