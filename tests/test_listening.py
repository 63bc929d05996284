"""Work whose asker has left ends, and so does work that has had its time."""

import threading
import time
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.context import LocalContext

from tabs.api.endpoint import told_plainly
from tabs.wiring import listening
from tabs.wiring.lines import replies
from tabs.wiring.slowly import Step, silent, stepwise


@pytest.fixture
def job():
    """The question that runs in this context, as Gradio keeps it."""
    job = SimpleNamespace(_id="number", alive=True)
    queue = SimpleNamespace(active_jobs=[None, [SimpleNamespace(_id="other", alive=True), job]])
    marks = [
        (LocalContext.blocks, LocalContext.blocks.set(SimpleNamespace(_queue=queue))),
        (LocalContext.event_id, LocalContext.event_id.set("number")),
    ]
    yield job
    for variable, mark in marks:
        variable.reset(mark)


def test_work_ends_when_its_asker_has_left(job):
    steps = []
    told = listening.patient(steps.append, 100)
    told(Step(0.1, "x"))
    job.alive = False
    with pytest.raises(listening.Stopped):
        told(Step(0.2, "x"))
    assert steps == [Step(0.1, "x")]


def test_work_in_a_thread_ends_even_if_nobody_takes_its_steps(job):
    """Gradio takes no more steps of a generator whose asker has left, and does not close it either."""
    ended = threading.Event()

    def work(told):
        try:
            while True:
                told(0.5)
                time.sleep(0.01)
        finally:
            ended.set()

    steps = stepwise(work)
    assert next(steps) == 0.5
    job.alive = False
    assert ended.wait(10)


def test_a_question_whose_asker_has_left_is_no_mistake_of_ours(job, caplog):
    def work(told):
        job.alive = False
        told(Step(0.5, "x"))

    assert list(replies({"serial": 1}, work)) == [{"error": str(listening.Stopped()), "serial": 1}]
    with pytest.raises(gr.Error), told_plainly():
        listening.patient(silent, 100)(Step(0, "x"))
    assert not caplog.records


def test_a_question_has_its_time(monkeypatch):
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(listening, "monotonic", lambda: now.time)
    told = listening.patient(silent, 600)
    now.time = 599
    told(Step(0, "x"))
    now.time = 601
    with pytest.raises(ValueError, match=r"more than 10 minutes\. Ask again"):
        told(Step(0, "x"))
