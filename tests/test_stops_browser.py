"""What is stopped on the page stops in Python, too, and what is asked next is answered."""

import threading

import pytest

import tabs.compare
import tabs.explain
import tabs.map
import tabs.prompts
from tabs.wiring.slowly import Step

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PREPARED = [  # the tab, and where its work of preparing a set stands
    ("Prompts", tabs.prompts, "clip_set"),
    ("Map", tabs.map.answers, "prepared"),
    ("Compare", tabs.compare.preparing, "prepared"),
]


class Endless:
    """Work that tells of itself until it is stopped."""

    def __init__(self):
        self.begun, self.ended, self.never = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, *asked):
        told = asked[-1]
        try:
            while not self.never.wait(0.02):
                told(Step(0.5, "Working without end"))
                self.begun.set()
        finally:
            self.ended.set()


@pytest.fixture
def endless(monkeypatch):
    """A function that puts endless work in the place of some other; what is left of it ends with the test."""
    made = []

    def put(where, name):
        work = Endless()
        made.append(work)
        monkeypatch.setattr(where, name, work)
        return work

    yield put
    for work in made:
        work.never.set()


@pytest.mark.parametrize(("title", "where", "name"), PREPARED)
def test_a_set_that_is_no_longer_prepared(title, where, name, open_page, endless, nothing_shipped):
    work = endless(where, name)
    page = open_page()
    page.get_by_role("tab", name=title).click()
    tab = f"inside.{title.lower()}"
    assert work.begun.wait(20)
    page.wait_for_function(f"{tab}.state.preparing?.doing === 'Working without end'")
    page.evaluate(f"{tab}.stop()")
    assert work.ended.wait(10)
    assert page.evaluate(f"{tab}.state.trouble").startswith("Stopped.")

    again = endless(where, name)
    page.evaluate(f"{tab}.prepare()")
    assert again.begun.wait(20)
    last = endless(where, name)
    page.evaluate(f"{tab}.prepare({{ set: 'toybox' }})")  # another question stops the one before
    assert again.ended.wait(10)
    assert last.begun.wait(20)
    page.close()
    assert last.ended.wait(30)


def test_a_map_that_is_no_longer_arranged(open_page, endless, nothing_shipped):
    work = endless(tabs.map.answers, "arranged")
    page = open_page()
    page.get_by_role("tab", name="Map").click()
    assert work.begun.wait(60)
    page.wait_for_function("inside.map.state.columns.vit.doing === 'Working without end'")
    page.evaluate("inside.map.stopArranging()")
    assert work.ended.wait(10)


def test_two_stops_and_a_question_at_once(open_page, endless, monkeypatch, nothing_shipped):
    work = endless(tabs.map.answers, "prepared")
    page = open_page()
    page.get_by_role("tab", name="Map").click()
    assert work.begun.wait(20)
    monkeypatch.undo()
    page.evaluate("""() => {
        inside.map.stop();
        inside.map.prepare();
        inside.map.stop();
        inside.map.prepare({ set: "toybox" });
    }""")
    page.wait_for_function("inside.map.state.ready?.pictures === 320", timeout=60_000)
    assert work.ended.wait(1)


def test_integrated_gradients_that_are_no_longer_wanted(open_page, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def endless(*asked):
        try:
            for _ in range(3000):
                begun.set()
                yield {"done": 0.5}
                threading.Event().wait(0.02)
        finally:
            ended.set()

    page = open_page()
    page.wait_for_function("inside.state.columns.vit?.answer")
    monkeypatch.setattr(tabs.explain.answers, "slow", endless)
    page.get_by_role("radio", name="Integrated gradients").check()
    page.wait_for_function("inside.state.columns.vit.slow?.done === 0.5")
    page.locator("#vit").get_by_role("button", name="Cancel").click()
    assert begun.is_set()
    assert ended.wait(10)


def test_work_that_tells_nothing_holds_up_no_question(open_page, monkeypatch, nothing_shipped):
    begun, go = threading.Event(), threading.Event()
    real = tabs.map.answers.prepared

    def silent(*asked):
        begun.set()
        go.wait(60)
        return real(*asked)

    monkeypatch.setattr(tabs.map.answers, "prepared", silent)
    page = open_page()
    page.get_by_role("tab", name="Map").click()
    assert begun.wait(20)
    page.evaluate("inside.map.stop()")
    monkeypatch.setattr(tabs.map.answers, "prepared", real)
    page.evaluate("inside.map.prepare()")
    page.wait_for_function("inside.map.state.ready?.pictures === 320", timeout=40_000)
    assert not go.is_set()
    go.set()


def test_the_figures_of_one_set_never_stand_under_another(open_page, monkeypatch, nothing_shipped):
    begun, go = threading.Event(), threading.Event()
    real = tabs.prompts.scores.answered

    def late(*given):
        begun.set()
        go.wait(20)
        return real(*given)

    page = open_page()
    page.get_by_role("tab", name="Prompts").click()
    page.wait_for_function("inside.prompts.state.answer && !inside.prompts.state.stale")
    hard = page.evaluate("inside.prompts.state.answer.overall.rate")
    monkeypatch.setattr(tabs.prompts.scores, "answered", late)
    page.evaluate("inside.prompts.edit({ templates: 'a sketch of a {}' })")
    assert begun.wait(10)
    page.evaluate("inside.prompts.prepare({ set: 'toybox' })")
    page.wait_for_function("inside.prompts.state.ready && !inside.prompts.state.preparing")
    go.set()
    page.wait_for_function("inside.prompts.state.answer && !inside.prompts.state.stale")
    page.wait_for_timeout(1500)  # a try goes on the board when it has stood for a second
    board = page.evaluate("inside.prompts.state.board")
    assert {row["overall"]["rate"] > 0.9 for row in board if row["set"] == "toybox"} == {True}
    assert hard < 0.9


def test_after_a_stop_models_and_figures_are_those_there_were(open_page):
    page = open_page()
    for title, where, name in PREPARED:
        page.get_by_role("tab", name=title).click()
        tab = f"inside.{title.lower()}"
        state = f"{tab}.state"
        calm = f"{state}.ready && !{state}.preparing && !{state}.stale && !{state}.busy"
        shown = f"[{state}.model, {state}.models, {state}.answer?.overall, {state}.answer?.cells]"
        page.wait_for_function(calm, timeout=40_000)
        before = page.evaluate(shown)
        others = (
            "model: 'other'"
            if title == "Prompts"
            else f"models: {{ ...{state}.models, vit: 'other' }}"
        )
        with pytest.MonkeyPatch.context() as patch:
            work = Endless()
            patch.setattr(where, name, work)
            page.evaluate(f"{tab}.prepare({{ {others} }})")
            assert work.begun.wait(20)
            assert page.evaluate(shown) != before
            page.evaluate(f"{tab}.stop()")
            assert work.ended.wait(10)
        page.wait_for_function(calm, timeout=40_000)  # what stands there is not dimmed
        assert page.evaluate(shown) == before


def test_a_question_kept_back_behind_a_failing_one_is_asked_again(open_page):
    page = open_page()
    page.wait_for_function("inside.line")
    went = page.evaluate("""() => {
        const went = [];
        const line = inside.line("test");
        line.join({ trigger: (what) => went.push(what) });
        line.ask();
        line.question();
        line.ask(); // kept back
        went.push(line.fails()); // the first one, and nobody is told
        line.question();
        went.push(line.fails());
        return went;
    }""")
    assert went == ["ask", "stop", "ask", "ask", False, True]
