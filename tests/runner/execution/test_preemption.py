"""A process that is told to end learns of it, and only while it listens."""

import os
import signal
import threading

import tensorflow as tf

from keras_mpl.runner.execution import preemption


def test_a_signal_is_a_notice_while_the_context_lasts():
    before = signal.getsignal(signal.SIGTERM)
    with preemption.watch_for_sigterm(tf.distribute.get_strategy()) as notice:
        assert not notice.is_given()
        os.kill(os.getpid(), signal.SIGTERM)
        assert notice.is_given()
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_leaves_signals_alone():
    found = []

    def listen():
        strategy = tf.distribute.get_strategy()
        with preemption.watch_for_sigterm(strategy) as notice:
            handler = signal.getsignal(signal.SIGTERM)
            found.append((handler, notice.is_given()))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [(signal.getsignal(signal.SIGTERM), False)]
