"""Maps made in a process of their own: the same maps, stopped at once, and no harm when the process dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from test_projection import NEIGHBOURLY, blobs, digest

from explain.maps import workers
from explain.maps.projection import PROJECTIONS, place, project

ROOT = Path(__file__).parent.parent


class Unwanted(Exception):
    pass


@pytest.fixture(scope="module")
def worker():
    one = workers.Worker()
    yield one
    one.close()


@pytest.mark.parametrize("method", NEIGHBOURLY)
def test_the_map_is_the_same_as_made_here(worker, method):
    features, told = blobs(40)[0], []
    found = project(features, method, seed=3, progress=told.append, arrange=worker.arrange)
    here = project(features, method, seed=3)
    assert digest(found) == digest(here)
    assert (place(found, -features[:4]).points == place(here, -features[:4]).points).all()
    assert found.arrangement.rows is found.rows, "counted once, held once"
    assert found.arrangement.nbytes == here.arrangement.nbytes
    assert told == sorted(told) and 0 <= told[0] < 1 and told[-1] == 1
    assert len(set(told)) > 50


def test_a_map_that_is_stopped_ends_at_once_and_the_next_one_works(worker):
    """Thirty thousand pictures would keep the process for minutes."""
    stop, begun, ended = threading.Event(), threading.Event(), []

    def progress(done):
        begun.set()
        if stop.is_set():
            raise Unwanted

    def run():
        with pytest.raises(Unwanted):
            project(blobs(30_000)[0], "tsne", progress=progress, arrange=worker.arrange)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(60)
    stop.set()
    stopped = time.monotonic()
    thread.join(60)
    assert ended[0] - stopped < 1
    pid = worker.process.pid
    assert digest(project(blobs(30)[0], arrange=worker.arrange)) == digest(project(blobs(30)[0]))
    assert time.monotonic() - stopped < 60
    assert worker.process.pid == pid, "what is imported and compiled is kept"


def test_a_process_that_dies_is_one_sentence_and_the_next_map_has_a_new_one(worker):
    worker.start()
    pid = worker.process.pid

    def kill(done):
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(OSError, match="process that arranges the pictures ended") as caught:
        project(blobs(2_000)[0], progress=kill, arrange=worker.arrange)
    assert (str(caught.value), caught.value.errno) == (workers.ENDED, None), "said as it is"
    assert digest(project(blobs(30)[0], arrange=worker.arrange)) == digest(project(blobs(30)[0]))
    assert worker.process.pid != pid


def test_an_error_in_the_process_is_raised_here(worker):
    rows = np.ones((10, 4), np.float32)
    with pytest.raises(ValueError, match="manymany"):
        worker.arrange(PROJECTIONS["tsne"], rows, 0, lambda done: None, {"perplexity": "many"})
    assert worker.process.poll() is None


def test_who_waits_for_a_process_can_leave(monkeypatch):
    monkeypatch.setattr(workers, "_free", type(workers._free)())

    def leave(done):
        raise Unwanted

    with pytest.raises(Unwanted):
        project(blobs(30)[0], progress=leave, arrange=workers.arrange)


FIRST = """
import sys, threading
from multiprocessing import Pipe
from explain.maps import worker
threading.Thread.start = lambda thread: print(hasattr(sys.modules.get("numpy"), "ndarray"))
worker.Jobs(Pipe()[0])
"""


def test_numpy_is_there_before_the_first_thread_starts():
    """Two threads that import it at once, one for its first job and one to warm up, can find half of it."""
    run = subprocess.run(
        [sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert run.stdout.split() == ["True"], run.stderr


ALONE = """
import os, signal
from explain.maps.workers import Worker
worker = Worker()
worker.start()
print(worker.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_the_process_that_started_it():
    run = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    pid = int(run.stdout)
    until = time.monotonic() + 60
    while _runs(pid):
        assert time.monotonic() < until
        time.sleep(0.1)


def _runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
