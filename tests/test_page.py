"""The Explain tab without a browser: what Python answers, to whom, and what it says when it cannot."""

import base64
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio import EventData
from PIL import Image

import app
import models
from explain import explain as explain_trace
from models import Entry
from tabs import explain
from tabs.explain import answers, examples
from tabs.explain.questions import TEMPLATE, question
from tabs.wiring import assets, kept, lines, widget
from tabs.wiring.assets import PAGE
from tabs.wiring.inputs import as_sent
from tabs.wiring.lines import replies, stop
from tabs.wiring.photo import PhotoInput
from tabs.wiring.slowly import Step, stepwise

KINDS = {"vit": "vit", "swin": "swin_padded", "clip": "open_clip_vit"}
FAMILIES = tuple(KINDS)


@pytest.fixture(scope="module", autouse=True)
def tiny_catalogue(tiny_folder):
    """Tiny models under their families' names, as --models would add them."""
    entries = {
        family: Entry(f"tiny-{family}", family, "tiny", Path(tiny_folder(kind)))
        for family, kind in KINDS.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for entry in entries.values():
            patch.setitem(models.CATALOGUE, entry.name, entry)
        yield


@pytest.fixture(scope="module")
def path(photo, tmp_path_factory):
    file = tmp_path_factory.mktemp("photos") / "noise.png"
    photo.save(file)
    return str(file)


def raw(family, **changes):
    """What a column's script sends."""
    asked = {"serial": 1, "model": f"tiny-{family}", "target": None, "point": None, "held": ""}
    return asked | {"names": "dog\ncat\ncup", "templates": TEMPLATE} | changes


def unpacked(packed):
    values = np.frombuffer(base64.b64decode(packed["data"]), "<f4")
    return values.reshape(packed["shape"])


def trace_of(family, path, **settings):
    labels = [f"a photo of a {name}" for name in ("dog", "cat", "cup")]
    settings |= {"labels": labels} if family == "clip" else {}
    return models.load(f"tiny-{family}").trace(path, gradients=False, **settings)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_holds_every_layer_and_head(family, path):
    answer, trace = explain.ask(raw(family), path, family), trace_of(family, path)
    assert len(answer["attention"]) == answer["layers"] == len(trace.attention_blocks)
    for layer, (sent, block) in enumerate(
        zip(answer["attention"], trace.attention_blocks, strict=True)
    ):
        heads = [
            explain_trace(trace, "attention", layer, head) for head in (None, *range(block.heads))
        ]
        np.testing.assert_allclose(unpacked(sent), np.stack(heads), rtol=1e-6)
        rolled = explain_trace(trace, "rollout", layer)
        np.testing.assert_array_equal(unpacked(answer["maps"]["rollout"])[layer], rolled)
    np.testing.assert_array_equal(
        unpacked(answer["maps"]["gradcam"]), explain_trace(trace, "gradcam")
    )
    assert answer["score"] == pytest.approx(trace.score)
    assert [top["probability"] for top in answer["top"]] == [share for _, share in trace.top(5)]
    json.dumps(answer)  # plain values alone: for the browser, and for a lent GPU's other process


def test_a_class_is_named_as_people_read_it(path):
    answer = explain.ask(raw("clip", templates="a {} on a table", target="cup"), path, "clip")
    assert answer["labels"] == ("dog", "cat", "cup")
    assert answer["target"]["label"] == "cup"
    texts = ["a dog on a table", "a cat on a table", "a cup on a table"]
    trace = models.load("tiny-clip").trace(path, target=texts[2], labels=texts, gradients=False)
    assert answer["score"] == pytest.approx(trace.score)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_browser_holds_is_not_sent_again(family, path):
    first = explain.ask(raw(family), path, family)
    second = explain.ask(raw(family, target="cup", held=first["base"]), path, family)
    assert "attention" not in second
    assert "rollout" not in second["maps"]
    trace = trace_of(family, path, target=second["target"]["index"])
    np.testing.assert_array_equal(
        unpacked(second["maps"]["gradcam"]), explain_trace(trace, "gradcam")
    )
    assert "attention" in explain.ask(raw(family, held="another photo"), path, family)


def test_a_class_the_model_lacks_leaves_its_own_answer(path):
    answer = explain.ask(raw("vit", target="zebra"), path, "vit")
    assert not answer["target"]["known"]
    assert answer["target"]["index"] == answer["top"][0]["index"]


@pytest.mark.parametrize(
    ("target", "index"),
    [(None, None), ("Tabby Cat", 1), ("dog", 0), ("tabby", 1), ("cat", 3), (2, 2), (9, None)],
)
def test_a_name_finds_its_class(target, index):
    names = ["dog", "tabby, tabby cat", "cup", "cat"]
    assert answers.target_index(target, names) == index


@pytest.mark.parametrize("family", FAMILIES)
def test_a_point_is_the_same_place_on_every_grid(family, path):
    x, y = 0.45, 0.8
    answer, trace = (
        explain.ask_point(raw(family, point=[x, y]), path, family),
        trace_of(family, path),
    )
    left, top, right, bottom = trace.view
    for layer, block in enumerate(trace.attention_blocks):
        rows, cols = block.grid.shape
        patch = (
            int((y - top) / (bottom - top) * rows),
            int((x - left) / (right - left) * cols),
        )
        for head in (None, 0):
            expected = explain_trace(trace, "attention", layer, head, patch)
            sent = unpacked(answer["attention"][layer])[0 if head is None else head + 1]
            np.testing.assert_array_equal(sent, expected)


def test_a_point_outside_what_the_model_sees(path):
    """CLIP crops the middle of a landscape photo."""
    answer = explain.ask_point(raw("clip", point=[0.01, 0.5]), path, "clip")
    assert "outside" in answer["error"]
    assert "attention" in explain.ask_point(raw("vit", point=[0.01, 0.5]), path, "vit")


@pytest.mark.parametrize("family", FAMILIES)
def test_integrated_gradients_tell_how_far_they_are(family, path):
    asked = raw(family, target="cat", method="integrated_gradients")
    *steps, last = explain.ask_slowly(asked, path, family)
    done = [step["done"] for step in steps]
    assert done == sorted(done)
    assert done[0] == 0
    trace = trace_of(family, path, target=1)
    expected = explain_trace(
        trace, "integrated_gradients", model=models.load(f"tiny-{family}"), image=path
    )
    np.testing.assert_allclose(unpacked(last), expected, atol=1e-6)
    assert "convergence delta" in last["note"]


@pytest.mark.parametrize("family", FAMILIES)
def test_relevance_is_drawn_with_its_sum(family, path):
    *_, last = explain.ask_slowly(raw(family, target="cat", method="relevance"), path, family)
    trace, model = trace_of(family, path, target=1), models.load(f"tiny-{family}")
    expected = explain_trace(trace, "relevance", model=model, image=path)
    np.testing.assert_allclose(unpacked(last), expected, atol=1e-5)
    assert last["note"].startswith(f"The patches sum to {expected.sum():+.2f} and ")


def test_only_slow_methods_of_the_page_run_slowly(path):
    for method in ("gradcam", "chefer", "", "no such method"):
        (answer,) = explain.ask_slowly(raw("vit", method=method), path, "vit")
        assert "from the list" in answer["error"]


def test_slow_work_stops_when_nobody_waits():
    reported, ended = [], threading.Event()

    def work(progress):
        try:
            for step in range(1000):
                progress(step / 1000)
                reported.append(step)
                time.sleep(0.01)
        finally:
            ended.set()

    running = stepwise(work)
    next(running)
    running.close()
    assert ended.wait(5)
    assert len(reported) < 100


def test_slow_work_that_is_no_longer_wanted_ends_at_its_next_step():
    asked = {"asker": "a page", "serial": 1}

    def work(told):
        for step in range(1000):
            told(Step(step / 1000, "working"))
        return {"done": "all"}

    def said(question):
        return [
            part["doing"] if "doing" in part else part["done"] for part in replies(question, work)
        ]

    assert said(asked | {"serial": 0})[-1] == "all"
    assert said(asked | {"serial": 0}) == []  # the same question again, which was answered
    running = replies(asked, work)
    assert next(running) == {"done": 0, "doing": "working", "serial": 1}
    stop(asked | {"serial": 2})
    assert list(running) == []
    assert said(asked) == []  # nor if it had not begun
    stop(asked)  # an older word that comes late
    assert said(asked) == []
    assert said(asked | {"serial": 2})[-1] == "all"
    assert said({"asker": "another page", "serial": 1})[-1] == "all"
    stop({"serial": 99})  # of nobody
    assert said({"serial": 1})[-1] == "all"
    for junk in (None, 3, "text", {"asker": 7}, {"asker": "x" * 10_000, "serial": "2"}):
        stop(junk)


def test_slow_work_raises_what_it_meets():
    def work(progress):
        progress(0.5)
        raise ValueError("no")

    running = stepwise(work)
    assert next(running) == 0.5
    with pytest.raises(ValueError, match=r"^no$"):
        next(running)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": ""},
        {"model": 7},
        {"model": "no such model"},
        {"model": "/etc"},
        {"model": "tiny-swin"},
        {"target": ["cat"]},
        {"target": True},
        {"templates": "a photo"},
        {"templates": "{}\n{}"},
        {"names": "dog\ndog"},
        {"names": " \n\n"},
        {"names": "x" * 200_000},
        {"names": "\n".join(map(str, range(1001)))},
    ],
)
def test_a_question_that_does_not_fit_gets_one_sentence(wrong, path):
    family = "clip" if {"templates", "names"} & set(wrong) else "vit"
    answer = explain.ask(raw(family) | wrong, path, family)
    assert set(answer) in ({"error", "serial"}, {"wrong", "serial"})
    sentence = answer.get("error") or answer["wrong"]["text"]
    assert sentence != lines.OURS
    assert "\n" not in sentence
    assert len(sentence) < 250


@pytest.mark.parametrize("point", [[0.5], [0.5, 2], ["a", "b"], "middle", {"x": 1}])
def test_a_point_that_is_none_gets_one_sentence(point, path):
    assert "fractions" in explain.ask_point(raw("vit", point=point), path, "vit")["error"]


@pytest.mark.parametrize("junk", [None, "text", 3, [], {"serial": "x"}])
def test_junk_in_place_of_a_question_is_answered(junk, path):
    assert "Choose a checkpoint" in explain.ask(junk, path, "vit")["error"]


def test_names_are_tidied(path):
    asked = question(raw("clip", names=" dog \r\n\ncat | kitty\n<b>x</b>\na \\| b\n"))
    assert asked.prompts.names == (("dog",), ("cat", "kitty"), ("<b>x</b>",), ("a | b",))
    long = explain.ask(raw("clip", names="dog\n" + "very " * 190), path, "clip")
    assert len(long["labels"][1]) > 900
    assert any("never sees the rest" in note for note in long["notes"])


def test_several_templates_and_synonyms_count_by_their_mean(path):
    """As on the Prompts tab: the mean of unit-length text features, of unit length again (here in float64)."""
    asked = raw("clip", names="dog | puppy\ncat\ncup", templates="a photo of a {}\nthe {c} here")
    answer = explain.ask(asked, path, "clip")
    model = models.load("tiny-clip")
    names = (("dog", "puppy"), ("cat",), ("cup",))
    weights = []
    for synonyms in names:
        texts = [f"a photo of a {name}" for name in synonyms]
        texts += [f"the {name} here" for name in synonyms]
        mean = model.embed_texts(texts).double().mean(0)
        weights.append(mean / mean.norm())
    cosines = model.embed([path], pool="joint")[0].double() @ torch.stack(weights).T
    wanted = (model.scale * cosines).softmax(-1)
    top = {each["label"]: each["probability"] for each in answer["top"]}
    assert [top[name] for name, *_ in names] == pytest.approx(wanted.tolist(), abs=1e-5)
    assert answer["score"] == pytest.approx(float(model.scale * cosines.max()), rel=1e-5)
    texts = question(asked).prompts.of_classes
    trace = model.trace(path, target=1, labels=texts, gradients=False)
    again = model.logits(model.pixels([path]), trace.labels)[0, 1]  # as slow methods ask it
    assert float(again) == pytest.approx(trace.score, rel=1e-5)
    single = explain.ask(raw("clip", names="dog | puppy\ncat\ncup"), path, "clip")
    assert single["score"] != pytest.approx(answer["score"], rel=1e-4)


def test_words_that_mean_nothing_to_clip_are_named(path):
    asked = raw("clip", model="pocket-clip", names="cat\nqwertyish")
    notes = explain.ask(asked, path, "clip")["notes"]
    assert notes == ["This CLIP never saw “qwertyish” in training: to it, that means nothing."]
    assert explain.ask(asked | {"names": "cat\ndog"}, path, "clip")["notes"] == []


def test_a_file_that_is_no_picture(tmp_path):
    fake = tmp_path / "fake.png"
    fake.write_text("no picture")
    assert (
        explain.show({}, str(fake))["error"]
        == "This file is not an image we can read. Try a JPEG or PNG."
    )
    assert "not an image" in explain.ask(raw("vit"), str(fake), "vit")["error"]


def test_a_second_file_that_is_no_picture_is_told_of_as_well(tmp_path):
    """Gradio hands the browser no value that equals the last one."""
    path = tmp_path / "words.png"
    path.write_text("no picture")
    first, second = (explain.show({"serial": n}, str(path)) for n in (1, 2))
    assert first["error"] == second["error"]
    assert first != second


def test_our_own_mistakes_are_logged_and_not_shown(path, monkeypatch, caplog):
    def broken(*_):
        raise KeyError("secret detail")

    monkeypatch.setattr(answers, "answered", broken)
    assert explain.ask(raw("vit"), path, "vit")["error"] == lines.OURS
    assert "secret detail" in caplog.text
    monkeypatch.setattr(answers, "opened", lambda _: Path("/no/such/file").read_bytes())
    assert lines.reply(lambda: answers.looked(path, question(raw("vit")), "vit"), {}) == {
        "error": lines.OURS,
        "serial": 0,
    }


def test_without_a_photo_there_is_nothing_to_say():
    assert explain.show({"serial": 4}, None) == {"serial": 4}
    assert explain.ask(raw("vit", serial=4), None, "vit") == {"serial": 4}
    assert list(explain.ask_slowly(raw("vit"), None, "vit")) == []


def test_the_photo_is_sent_upright_and_small(tmp_path):
    wide = Image.new("RGB", (3000, 1500), "red")
    exif = wide.getexif()
    exif[274] = 6  # turned by a quarter
    wide.save(tmp_path / "wide.jpg", exif=exif)
    sent = explain.show({}, str(tmp_path / "wide.jpg"))
    assert (sent["width"], sent["height"]) == (1500, 3000)
    assert sent["src"].startswith("data:image/jpeg;base64,")
    assert len(sent["src"]) < 100_000


def test_the_photo_component_decodes_nothing(tmp_path):
    fake = tmp_path / "fake.png"
    fake.write_text("no picture")
    component = PhotoInput()
    sent = component.postprocess(
        fake
    )  # a copy: Gradio serves nothing from where packages are installed
    assert Path(sent.path).is_relative_to(component.GRADIO_CACHE)
    assert component.preprocess(sent) == sent.path
    assert component.preprocess(None) is None


def test_ten_people_at_once_get_their_own_answers(tmp_path):
    random = np.random.default_rng(3)
    paths = [str(tmp_path / f"{i}.png") for i in range(10)]
    for file in paths:
        Image.fromarray(random.integers(0, 256, (40, 40, 3), np.uint8)).save(file)
    asked = [(file, family) for file in paths for family in FAMILIES]
    with ThreadPoolExecutor(10) as people:
        together = list(people.map(lambda ask: explain.ask(raw(ask[1]), ask[0], ask[1]), asked))
    kept._traces.__init__(kept.TRACES_HELD, kept._trace_size)
    for (file, family), answer in zip(asked, together, strict=True):
        assert answer == explain.ask(raw(family), file, family)
    assert len({answer["photo"] for answer in together}) == 10


def test_what_is_kept_is_bounded():
    store = kept.Kept(limit=10, size=len)
    made = []

    def ask(key, value):
        return store.get(key, lambda: made.append(key) or value)

    assert ask("a", "xxxx") == "xxxx"
    ask("b", "yyyy")
    assert ask("a", "never made again") == "xxxx"
    ask("c", "zzzz")  # b was used longest ago
    ask("a", "xxxx")
    ask("b", "yyyy")
    assert made == ["a", "b", "c", "b"]
    ask("large", "x" * 11)
    ask("b", "yyyy")  # not pushed out by what is too large to keep
    assert made == ["a", "b", "c", "b", "large"]
    assert store.total == 8


def test_examples_are_there_and_only_they_can_be_picked():
    titles = [example.title for example in examples.examples()]
    assert titles[:4] == [
        "a cat",
        "a cup of coffee",
        "a rocket, on which the bundled models do not agree",
        "an astronaut",
    ]
    assert explain.pick(EventData(None, {"index": 0})).endswith("chelsea.png")
    for index in (-1, len(titles), "0", None, "/etc/passwd", True):
        assert explain.pick(EventData(None, {"index": index})) is None
    assert explain.pick(EventData(None, {})) is None


def test_only_the_named_endpoints_are_public():
    page = app.page()
    assert set(page.get_api_info()["named_endpoints"]) == {
        "/classify",
        "/explain",
        "/faithfulness",
        "/ablate",
        "/score_prompts",
        "/embedding_map",
        "/compare",
    }
    assert not page.get_api_info()["unnamed_endpoints"]


def test_every_colour_that_the_page_names_is_there():
    """A variable of CSS that nobody sets is no error: the bars of the Prompts tab were just empty."""
    files = [path.read_text(encoding="utf-8") for path in PAGE.rglob("*.*")]
    text = "\n".join([widget.head(), *files])
    used = set(re.findall(r"var\((--[a-z-]+)\)", text))
    set_here = set(re.findall(r"(--[a-z-]+)\s*:", text)) | set(re.findall(r"\"(--[a-z-]+)\"", text))
    gradio_own = {name for name in used if name.startswith(("--body", "--block", "--font"))}
    assert len(used) > 10 and used - set_here - gradio_own == set()


def fetches_nothing(component):
    return type(component).async_move_resource_to_block_cache is as_sent


def test_no_input_of_the_page_fetches_what_it_is_sent():
    asked = {each for event in app.page().fns.values() for each in event.inputs}
    assert len(asked) > 20
    assert not {type(each).__name__ for each in asked if not fetches_nothing(each)}


def test_the_page_asks_nothing_of_other_machines():
    """Addresses may stand there to be clicked; none may be fetched."""
    files = [path.read_text(encoding="utf-8") for path in PAGE.rglob("*.*")]
    text = "\n".join([widget.head(), *files])
    found = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert found <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in text


def test_the_first_tab_is_fetched_at_once_and_no_other():
    head = widget.head()
    first = set(re.findall(r'rel="modulepreload" href="\./[^/]+/[^/]+/([^"]+)"', head))
    assert {"bridge.js", "explain/state.js", "shared/line.js"} <= first
    assert not {name for name in first if name.startswith(("prompts/", "map/", "compare/"))}
    every = {path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*.js")}
    tabs = [f"{tab}/widgets.js" for tab in ("explain", "prompts", "map", "compare")]
    reached = {name for entry in ("bridge.js", *tabs) for name in assets.graph(entry)}
    assert reached == every  # no file lies there unused


def test_texts_never_become_markup():
    for script in PAGE.rglob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write", script.read_text()
        )


def test_slow_work_is_done_for_whoever_asked():
    """Where a GPU is lent it is lent to the visitor, whom Gradio keeps in the context."""
    asking = ContextVar("asking", default="nobody")
    asking.set("one person")
    assert list(stepwise(lambda told: asking.get())) == [("one person",)]
