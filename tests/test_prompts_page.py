"""The Prompts tab and /score_prompts without a browser: what they count, to whom they say it, and what they refuse."""

import json
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import open_clip
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

import app
import imagesets
import models
from imagesets import load_set
from models import Entry, clip, load
from tabs import prompts, sets
from tabs.api import prompts as prompts_api
from tabs.prompts import presets, scores, tries
from tabs.wiring import lines, listening
from tabs.wiring.lines import sentence

CLIP, OTHER = "tiny-clip", "tiny-hub-clip"
COLOURS = {"dog": (200, 30, 30), "cat": (30, 200, 30), "cup": (30, 30, 200)}
KINDS = ("plain", "striped")
EACH = 5  # pictures of a class and kind


@pytest.fixture(scope="module", autouse=True)
def tiny_catalogue(tiny_folder, tmp_path_factory):
    """Tiny CLIPs under names of their own, and embeddings in a folder that goes away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        for name, kind in ((CLIP, "open_clip_vit"), (OTHER, "hf_clip"), ("tiny-vit", "vit")):
            family = "vit" if kind == "vit" else "clip"
            patch.setitem(
                models.CATALOGUE, name, Entry(name, family, "tiny", Path(tiny_folder(kind)))
            )
        yield


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A zip of three classes in two conditions."""
    path, random = tmp_path_factory.mktemp("sets") / "things.zip", np.random.default_rng(5)
    with zipfile.ZipFile(path, "w") as archive:
        for kind in KINDS:
            for name, colour in COLOURS.items():
                for place in range(EACH):
                    pixels = np.clip(random.normal(colour, 40, (24, 24, 3)), 0, 255)
                    if kind == "striped":
                        pixels[::4] = 255
                    with archive.open(f"{kind}/{name}/{place}.png", "w") as file:
                        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return str(path)


def raw(**changes):
    """What the script sends."""
    asked = {"serial": 1, "set": "toybox", "file": True, "limit": 2000, "model": CLIP}
    return asked | {"classes": "", "templates": "a photo of a {}", "half": "all"} | changes


def truth_and_answers(packed, templates, name=CLIP):
    """The labels of the pictures, and what open_clip's own recipe answers; features taken one by one."""
    model, images = load(name), load_set(packed)
    classes = list(images.classes)
    writers = [lambda c, t=t: t.replace("{}", c) for t in templates]
    weights = open_clip.build_zero_shot_classifier(model.module, model.tokenizer, classes, writers)
    features = torch.cat([model.embed([item.content], pool="joint") for item in images.items])
    truth = np.array([classes.index(item.label) for item in images.items])
    return truth, (features @ weights).argmax(1).numpy(), [item.condition for item in images.items]


TEMPLATES = ("a photo of a {}", "a {} dog", "cup {}")


def test_a_try_counts_as_scikit_learn_does(packed):
    answer = prompts.attempt(raw(templates="\n".join(TEMPLATES)), packed)
    truth, predicted, conditions = truth_and_answers(packed, TEMPLATES)
    assert len(set(predicted)) > 1
    assert "error" not in answer, answer["error"]
    assert answer["overall"]["rate"] == accuracy_score(truth, predicted)
    assert answer["confusion"] == confusion_matrix(truth, predicted).tolist()
    assert answer["macro"]["f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert answer["weighted"]["f1"] == pytest.approx(f1_score(truth, predicted, average="weighted"))
    found = {each["name"]: each["correct"] for each in answer["per_condition"]}
    correct = truth == predicted
    assert found == {kind: int(correct[np.array(conditions) == kind].sum()) for kind in KINDS}
    json.dumps(answer)


def test_the_two_halves_share_out_every_class_and_condition(packed):
    found = sets.clip_set(Path(packed), 2000, CLIP)
    second = scores.halves(found)
    for code in range(3):
        for kind in KINDS:
            group = second[(found.codes == code) & (found.conditions == kind)]
            assert abs(2 * group.sum() - len(group)) <= 1
    whole, choose, confirm = (
        prompts.attempt(raw(half=half), packed)["overall"] for half in tries.HALVES
    )
    assert choose["total"] + confirm["total"] == whole["total"] == 30
    assert choose["correct"] + confirm["correct"] == whole["correct"]


def test_what_flipped_since_the_pinned_prompt(packed):
    pinned = {"model": CLIP, "classes": "", "templates": TEMPLATES[1]}
    answer = prompts.attempt(raw(templates=TEMPLATES[2], pinned=pinned), packed)
    truth, now, _ = truth_and_answers(packed, TEMPLATES[2:])
    _, before, _ = truth_and_answers(packed, TEMPLATES[1:2])
    better = set(np.flatnonzero((now == truth) & (before != truth)).tolist())
    worse = set(np.flatnonzero((now != truth) & (before == truth)).tolist())
    change = answer["change"]
    assert better | worse
    assert set(change["better"]["places"]) == better
    assert set(change["worse"]["places"]) == worse
    assert change["overall"]["correct"] == int((before == truth).sum())
    shown = prompts.pick(raw(templates=TEMPLATES[2], pinned=pinned, places=sorted(better)), packed)
    classes = load_set(packed).classes
    for picture in shown["pictures"]:
        assert picture["before"] == classes[before[picture["place"]]]
        assert picture["answer"] == picture["truth"] == classes[now[picture["place"]]]


def test_a_pin_may_be_of_another_clip(packed):
    answer = prompts.attempt(
        raw(pinned={"model": OTHER, "classes": "", "templates": "a {}"}), packed
    )
    other = prompts.attempt(raw(model=OTHER, templates="a {}"), packed)
    assert answer["change"]["overall"] == other["overall"]


def test_a_cell_shows_its_pictures_with_their_likeliest_classes(packed):
    answer = prompts.attempt(raw(), packed)
    cells = [
        ((row, column), n)
        for row, line in enumerate(answer["confusion"])
        for column, n in enumerate(line)
    ]
    for cell, n in cells:
        found = prompts.pick(raw(cell=list(cell)), packed)
        assert found["count"] == len(found["pictures"]) == n
        for picture in found["pictures"]:
            assert picture["truth"] == answer["classes"][cell[0]]
            assert picture["top"][0]["label"] == answer["classes"][cell[1]]
            assert sum(each["probability"] for each in picture["top"]) == pytest.approx(1)
            assert len(picture["src"]) < 10_000


def test_leaving_one_out_is_asked_for(packed):
    assert prompts.attempt(raw(templates="\n".join(TEMPLATES)), packed)["leave_out"] is None
    found = prompts.attempt(raw(templates="\n".join(TEMPLATES), leave_out=True), packed)
    assert [each["template"] for each in found["leave_out"]] == list(TEMPLATES)
    without = prompts.attempt(raw(templates="\n".join(TEMPLATES[1:])), packed)
    assert found["leave_out"][0]["rate"] == without["overall"]["rate"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"templates": "a {}\nnothing"}, "templates", "Line 2 has no {}"),
        ({"templates": "a {}\n\na {}"}, "templates", "Line 3 repeats line 1"),
        ({"templates": " \n"}, "templates", "no templates yet"),
        ({"classes": "dog\ncat|"}, "classes", "empty name"),
        ({"classes": "dog\ndog"}, "classes", "use it once"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_box(typed, field, words, packed):
    wrong = prompts.attempt(raw(**typed), packed)["wrong"]
    assert wrong["field"] == field
    assert words in wrong["text"]


def test_what_is_worth_knowing_is_said_beside_its_box(packed):
    answer = prompts.attempt(raw(classes="dog\ncat", templates="a {}\n" + "cup {} " * 9), packed)
    said = {(note["field"], note.get("line")): note["text"] for note in answer["notes"]}
    assert "“cup” of this set: 10 pictures are left out" in said["classes", None]
    assert "Line 2 makes prompts of up to" in said["templates", 2]
    assert answer["overall"]["total"] == 20
    by_order = prompts.attempt(raw(classes="cat\ncup\nduck"), packed)
    assert "“duck” for “dog”" in by_order["notes"][0]["text"]
    assert by_order["overall"]["total"] == 30


def test_words_pocket_clip_never_saw_are_named():
    entry = models.CATALOGUE["pocket-clip"]
    if not any(entry.folder.glob("*.safetensors")):
        pytest.skip("pocket-clip is not here")
    read = scores.read_prompts("dog\nzeppelin", "a snapshot of a fluffy {}")
    said = scores.notes(load("pocket-clip"), read, "")
    assert ["“fluffy”" in said[0]["text"], "“zeppelin”" in said[1]["text"]] == [True, True]


def test_progress_is_told_and_the_set_described(tmp_path, packed, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(sets, "_features", sets.Kept(10**6, sets._feature_size))
    *steps, last = prompts.prepare(raw(), packed)
    done = [step["done"] for step in steps if CLIP in step["doing"]]
    assert done
    assert done == sorted(done)
    assert (last["pictures"], last["total"]) == (30, 30)
    assert list(last["classes"]) == ["cat", "cup", "dog"]
    assert set(last["conditions"]) == set(KINDS)


def test_the_endpoint_has_its_time(client, packed, monkeypatch):
    monkeypatch.setattr(prompts_api, "ENDPOINT_SECONDS", -1)
    with pytest.raises(AppError, match="takes more than"):
        client.predict(CLIP, handle_file(packed), "", "late {}", api_name="/score_prompts")


def test_a_stopped_set_lets_the_next_person_in(tmp_path, packed, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(sets, "_features", sets.Kept(10**6, sets._feature_size))
    first = prompts.prepare(raw(), packed)
    next(first)
    first.close()
    assert list(prompts.prepare(raw(), packed))[-1]["pictures"] == 30


@pytest.mark.parametrize("how", ["stop", "time"])
def test_a_stop_ends_the_reading_of_prompts(packed, monkeypatch, how):
    model, read = load(OTHER), []
    encode = model._encode_text
    monkeypatch.setattr(clip, "TEXT_BATCH", 1)

    def slowly(texts):
        read.append(texts)
        if len(read) == 3 and how == "stop":
            lines.stop({"asker": how, "serial": 2})
        if len(read) == 3 and how == "time":
            monkeypatch.setattr(listening, "monotonic", lambda: 10**9)
        if len(read) > 3:
            ended.wait(0.05)
        return encode(texts)

    ended = threading.Event()
    monkeypatch.setattr(model, "_encode_text", slowly)
    templates = "\n".join(f"{how} {number} {{}}" for number in range(200))
    asked = raw(model=OTHER, templates=templates, asker=how, serial=1)
    answer = prompts.attempt(asked, packed)
    done = len(read)
    assert "overall" not in answer and done < 600
    assert how == "stop" or "more than 30 minutes" in answer["error"]
    ended.wait(0.5)
    assert len(read) <= done + 1, "the thread has ended too"


def test_prompts_are_read_while_the_set_is_prepared(packed, monkeypatch):
    told = list(prompts.prepare(raw(model=OTHER, templates="prepared {}"), packed))
    assert any("Reading the prompts" in step.get("doing", "") for step in told)
    monkeypatch.setattr(load(OTHER), "_encode_text", None)
    assert prompts.attempt(raw(model=OTHER, templates="prepared {}"), packed)["overall"]


def test_wrong_words_do_not_keep_a_set_from_being_prepared(packed):
    assert list(prompts.prepare(raw(templates="nothing"), packed))[-1]["pictures"] == 30


def test_twenty_who_come_at_once_embed_a_set_once(tmp_path, packed, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(sets, "_features", sets.Kept(10**6, sets._feature_size))
    calls, encode = [], sets._encode

    def counted(*given):
        calls.append(threading.get_ident())
        return encode(*given)

    monkeypatch.setattr(sets, "_encode", counted)
    with ThreadPoolExecutor(20) as people:
        found = list(people.map(lambda _: sets.clip_set(Path(packed), 2000, CLIP).key, range(20)))
    assert len(set(found)) == len(calls) == 1


def test_twenty_people_editing_at_once_each_see_their_own(packed):
    words = ["dog", "cat", "cup", "car", "duck"]
    mine = [raw(templates=f"a {a} {{}} {b}") for a in words for b in words[:4]]
    with ThreadPoolExecutor(20) as people:
        together = list(people.map(lambda asked: prompts.attempt(asked, packed), mine))
    for asked, answer in zip(mine, together, strict=True):
        alone = prompts.attempt(asked, packed)
        assert {**answer, "seconds": 0} == {**alone, "seconds": 0}
    assert len({str(answer["confusion"]) for answer in together}) > 5


def test_one_picture_under_several_templates(packed):
    answer = prompts.compare(raw(places=[7], compared=["a {}", "nothing", "dog {}"]), packed, None)
    first, second, third = answer["answers"]
    assert "no {}" in second["error"]
    item, model = load_set(packed).items[7], load(CLIP)
    assert answer["truth"] == item.label
    texts = [f"dog {name}" for name in ("cat", "cup", "dog")]
    shares = model.classify([item.content], labels=texts)[0].softmax(-1)
    assert [each["probability"] for each in third["top"]] == pytest.approx(
        sorted(shares.tolist(), reverse=True), abs=1e-5
    )
    assert first["top"] != third["top"]


def test_an_uploaded_picture_is_looked_at_and_sent_on(packed, photo, tmp_path):
    photo.save(tmp_path / "mine.png")
    path = str(tmp_path / "mine.png")
    answer = prompts.compare(raw(photo=True, compared=["a {}"]), packed, path)
    texts = [f"a {name}" for name in ("cat", "cup", "dog")]
    shares = load(CLIP).classify([photo], labels=texts)[0].softmax(-1)
    assert answer["answers"][0]["top"][0]["probability"] == pytest.approx(float(shares.max()))
    assert answer["truth"] is None
    assert prompts.send(raw(photo=True), packed, path)["src"].startswith("data:image/")
    ignored = prompts.compare(raw(photo=False, compared=["a {}"]), packed, path)
    assert ignored["truth"]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"set": name, "file": False} for name in ("", 7, None, "no such set", "/etc", "a" * 999)),
        {"set": "/etc/secret.zip", "file": False},
        {"set": "../things.parquet", "file": False},
        {"model": ""},
        {"model": ["x"]},
        {"model": "tiny-vit"},
        {"model": "/etc"},
        {"classes": 5},
        {"templates": ["a {}"]},
        {"classes": "zebra\nlion"},
    ],
)
def test_a_question_that_does_not_fit_gets_one_sentence(wrong, packed):
    answer = prompts.attempt(raw(**wrong), packed)
    assert set(answer) == {"error", "serial"}
    assert answer["error"] != sentence(KeyError())
    assert "\n" not in answer["error"]
    assert str(Path(packed).parent) not in answer["error"]
    assert list(prompts.prepare(raw(**wrong), packed))[-1].keys() & {"error", "pictures"}


@pytest.mark.parametrize("junk", [None, "text", 3, [], {"serial": "x"}])
def test_junk_in_place_of_a_question_is_answered(junk):
    for answer in (prompts.attempt(junk, None), prompts.pick(junk, None), prompts.preset(junk)):
        assert answer["serial"] == 0
        assert answer.keys() & {"error", "templates"}
    assert prompts.compare(junk, None, None)["error"]
    assert "error" in list(prompts.prepare(junk, None))[-1]


def test_places_that_are_not_there_are_left_out(packed):
    found = prompts.pick(raw(places=[0, -1, 10**9, "x", True, 29]), packed)
    assert [picture["place"] for picture in found["pictures"]] == [0, 29]
    assert (
        "pick another" in prompts.compare(raw(places=[99], compared=["{}"]), packed, None)["error"]
    )


def test_an_upload_must_be_a_set(tmp_path):
    (tmp_path / "notes.txt").write_text("no set")
    assert "zip or a parquet" in prompts.attempt(raw(), str(tmp_path / "notes.txt"))["error"]
    (tmp_path / "fake.zip").write_text("no zip")
    assert "not a zip file" in prompts.attempt(raw(), str(tmp_path / "fake.zip"))["error"]


@pytest.mark.parametrize("preset", presets.PRESETS, ids=lambda preset: preset.key)
def test_every_preset_can_be_scored(preset):
    text = prompts.preset({"key": preset.key, "serial": 3})["templates"]
    assert scores.read_prompts("dog", text).templates


def test_presets_are_the_lists_they_are_said_to_be():
    count = {key: len(presets.templates(key).splitlines()) for key in ("seven", "eighty", "cifar")}
    assert count == {"seven": 7, "eighty": 80, "cifar": 18}
    assert presets.templates("seven").startswith("itap of a {}.")
    assert presets.templates("no such") == ""


# The endpoint.


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        with gr.Blocks() as blocks:
            prompts_api.add()
        blocks.queue(max_size=64)
        _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, show_error=False)
        yield address
        blocks.close()


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


def score(client, imageset, model=CLIP, classes="", templates="a {}"):
    return client.predict(model, imageset, classes, templates, api_name="/score_prompts")


def test_the_endpoint_scores_an_uploaded_set(client, packed):
    found = score(client, handle_file(packed), templates="\n".join(TEMPLATES))
    truth, predicted, _ = truth_and_answers(packed, TEMPLATES)
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert (found["correct"], found["total"]) == (int((truth == predicted).sum()), 30)
    low, high = found["interval"]
    assert 0 <= low < found["accuracy"] < high <= 1
    assert found["confusion"]["counts"] == confusion_matrix(truth, predicted).tolist()
    assert found["confusion"]["labels"] == ["cat", "cup", "dog"]
    assert set(found["per_condition"]) == set(KINDS)
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["per_class"]["dog"]["total"] == 10
    assert found["seconds"] > 0


def test_the_endpoint_scores_the_toybox_by_name(client):
    found = score(client, "toybox", templates="a photo of a {}")
    assert found["total"] == 320
    assert {each["total"] for each in found["per_condition"].values()} == {64}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"imageset": "no such set"}, "not an image set Headlight knows"),
        ({"imageset": "/etc"}, "not an image set Headlight knows"),
        ({"imageset": "/etc/x.zip"}, "paths are not opened"),
        ({"imageset": {"path": "/etc/x.zip"}}, "Upload a zip or a parquet"),
        ({"imageset": {"path": "/etc/x.zip", "meta": {}}}, "Upload a zip or a parquet"),
        ({"imageset": None}, "An image set is a name"),
        ({"imageset": ["toybox"]}, "An image set is a name"),
        ({"imageset": "toybox", "model": "no-such-model"}, "not a model Headlight knows"),
        ({"imageset": "toybox", "model": "tiny-vit"}, "reads no text"),
        ({"imageset": "toybox", "templates": "nothing"}, "no {}"),
        ({"imageset": "toybox", "classes": "a\nb"}, "No line stands for a class"),
    ],
)
def test_the_endpoint_refuses_in_one_sentence(client, asked, words):
    with pytest.raises(AppError) as caught:
        score(client, **asked)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_set_is_one_sentence(client, tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("dog/notes.txt", "no picture")
    with pytest.raises(AppError, match="holds no labelled picture"):
        score(client, handle_file(tmp_path / "empty.zip"))


@pytest.mark.parametrize("place", ["/etc/hosts", None])
def test_files_of_the_server_stay_where_they_are(address, packed, place):
    """By hand: the client would upload the file it is given."""
    sent = {"path": place or packed, "meta": {"_type": "gradio.FileData"}}
    call = f"{address.rstrip('/')}/gradio_api/call/score_prompts"
    started = httpx.post(call, json={"data": [CLIP, sent, "", "a {}"]}, timeout=60)
    said = httpx.get(f"{call}/{started.json()['event_id']}", timeout=60).text
    assert "event: error" in said
    assert "accuracy" not in said


def test_a_folder_of_sets_is_offered_by_name(packed, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["app.py", "--imagesets", str(Path(packed).parent)])
        patch.setattr(app, "launch", lambda *_, **__: None)
        patch.setattr(app.gpu, "load_bundled", lambda: None)
        before = dict(imagesets.CATALOGUE)
        app.main()
        try:
            assert {"name": "things", "title": "things", "here": True} in [
                {key: each[key] for key in ("name", "title", "here")} for each in sets.offered()
            ]
            assert prompts.attempt(raw(set="things", file=False), None)["overall"]["total"] == 30
        finally:
            imagesets.CATALOGUE.clear()
            imagesets.CATALOGUE.update(before)


def test_a_broken_letter_gets_one_sentence(packed):
    for field in ("templates", "classes"):
        answer = prompts.attempt(raw(**{field: "\ud800 {}"}), packed)
        assert answer["error"] == f"The {field} hold a broken letter; type them again."
