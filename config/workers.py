"""Workers: processes that share one listening socket, and a supervisor that keeps them alive until it is told to stop.

The supervisor does nothing but wait for signals, which it blocks and takes one by one, so that none is lost and none
interrupts anything. A worker that ends is replaced. On SIGTERM or SIGINT the workers are told to stop, and have a while
to finish what they are answering; one that has not begun to serve ends at once. When the supervisor is killed outright,
the kernel kills the workers, so that no orphan keeps the port.

The kernel hands each connection to a worker that waits for one, and none to a worker that has stopped to accept.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess

from config.errors import InvalidSetting
from config.lifeline import die_with

STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}
STOP_LIMIT_S = 10
"""A worker that is still busy after this long is killed: a stuck client, a slow download or an open event stream would
keep it."""

BACKLOG = 2048
"""Connections that wait to be accepted: those of a CDN that comes back all at once. The kernel may allow fewer."""

PAUSE_S = 1.0
"""Before a worker is replaced, so that one that cannot start does not keep the processor busy."""

FORKING = multiprocessing.get_context("fork")


def listener(host: str, port: int, *, variable: str) -> socket.socket:
    """A socket that listens on the port alone. Raises InvalidSetting, which names the variable that moves the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        remedy = f"cannot listen on port {port} of {host} ({error.strerror}); stop what uses it or set another"
        raise InvalidSetting(variable, remedy) from error


def supervise(work: Callable[[], None], *, workers: int) -> None:
    """Do `work` in so many processes until SIGTERM or SIGINT; blocks, and leaves signals blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP_SIGNALS, signal.SIGCHLD})
    running: list[ForkProcess] = []
    try:
        _fill(running, work, workers=workers)
        while signal.sigwait({*STOP_SIGNALS, signal.SIGCHLD}) == signal.SIGCHLD:
            running[:] = [worker for worker in running if worker.is_alive()]
            if len(running) < workers:
                time.sleep(PAUSE_S)
            _fill(running, work, workers=workers)
    finally:
        # Also when the kernel refuses a new process: Python would wait for the others for ever, deaf to signals.
        _stop(running)


def _fill(running: list[ForkProcess], work: Callable[[], None], *, workers: int) -> None:
    """Start workers until there are so many."""
    while len(running) < workers:
        worker = FORKING.Process(target=_begin, args=(work, os.getpid()))
        worker.start()
        running.append(worker)


def _begin(work: Callable[[], None], supervisor: int) -> None:
    """Runs in each worker. Signals do what they do in any process, until the server sets handlers of its own."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    die_with(supervisor)
    work()


def _stop(running: list[ForkProcess]) -> None:
    deadline_s = time.monotonic() + STOP_LIMIT_S
    for worker in running:
        worker.terminate()
    for worker in running:
        worker.join(max(0.0, deadline_s - time.monotonic()))
        worker.kill()
        worker.join()
