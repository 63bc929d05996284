"""What unlike models answer on one labelled set, among its classes only."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import models
from explain.classes import prompts
from imagesets import load_set
from models import Entry, load
from tabs import sets
from tabs.sets.predictions import answer_space, predict
from tabs.wiring.listening import Stopped

CLASSES = ("dog", "cup", "unheard of")


@pytest.fixture(scope="module", autouse=True)
def tiny_catalogue(tiny_folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        for name in ("vit", "swin", "hf_clip"):
            family = name.removeprefix("hf_")
            folder = Path(tiny_folder(name))
            patch.setitem(
                models.CATALOGUE, f"tiny-{family}", Entry(f"tiny-{family}", family, "", folder)
            )
        yield


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A zip of three classes, two of them labels of the tiny classifiers once they are renamed."""
    path, random = tmp_path_factory.mktemp("sets") / "things.zip", np.random.default_rng(3)
    with zipfile.ZipFile(path, "w") as archive:
        for label in CLASSES:
            for place in range(4):
                file = io.BytesIO()
                Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8)).save(file, "PNG")
                archive.writestr(f"{label}/{place}.png", file.getvalue())
    return path


@pytest.fixture
def named(monkeypatch):
    """A function: model, labels → from now on its outputs are called so."""
    return lambda name, labels: monkeypatch.setattr(load(name), "labels", tuple(labels))


def logits_of(name, packed):
    found = load_set(packed)
    return found, load(name).classify([item.content for item in found.items]).double()


def predicted(path, name, template="a photo of a {}", label_map=None, among=None):
    model = load(name)
    (found,) = sets.embed_set(path, 2000, model, [answer_space(model)])
    return predict(found, template, label_map, among)


def whole(found):
    """(pictures, classes) probabilities: of three classes all are among the likeliest five."""
    table = np.zeros((len(found.top), len(found.set.images.classes)), np.float32)
    np.put_along_axis(table, found.top, found.probabilities, 1)
    return table


def test_a_closed_set_model_answers_among_the_sets_classes(packed, named):
    count = len(load("tiny-vit").labels)
    named("tiny-vit", ["puppy, dog", "cup", *[f"thing {n}" for n in range(count - 2)]])
    images, logits = logits_of("tiny-vit", packed)
    found = predicted(packed, "tiny-vit")
    order = [CLASSES.index(name) for name in images.classes]
    wanted = torch.cat([logits[:, :2].softmax(-1), torch.zeros(len(logits), 1)], 1)[:, order]
    np.testing.assert_allclose(whole(found), wanted, atol=1e-5)
    truth = np.array([images.classes.index(item.label) for item in images.items])
    assert (found.right == (wanted.argmax(1).numpy() == truth)).all()
    best = logits.argmax(1).numpy()
    names = {0: "dog", 1: "cup"}
    free = [
        names.get(int(each)) == item.label for each, item in zip(best, images.items, strict=True)
    ]
    assert found.unrestricted.tolist() == free


def test_a_typed_label_map_is_obeyed(packed, named):
    count = len(load("tiny-swin").labels)
    named("tiny-swin", ["a", "b", "c", *[f"thing {n}" for n in range(count - 3)]])
    with pytest.raises(ValueError, match="label"):
        predicted(packed, "tiny-swin")
    found = predicted(packed, "tiny-swin", label_map="dog: a; c\ncup: b\nunheard of:")
    images, logits = logits_of("tiny-swin", packed)
    three = logits[:, :3].softmax(-1)
    wanted = {"dog": three[:, 0] + three[:, 2], "cup": three[:, 1]}
    for name, column in wanted.items():
        shown = whole(found)[:, images.classes.index(name)]
        np.testing.assert_allclose(shown, column, atol=1e-5)
    assert found.set.model is load("tiny-swin")


def test_a_clip_is_asked_by_its_prompts(packed):
    images, _ = logits_of("tiny-vit", packed)
    clip = load("tiny-clip")
    texts = [f"my {name}" for name in images.classes]
    wanted = clip.classify([item.content for item in images.items], labels=texts).softmax(-1)
    found = predicted(packed, "tiny-clip", template="my {}")
    np.testing.assert_allclose(whole(found), wanted, atol=1e-5)
    assert found.label_map is None and found.unrestricted is None


@pytest.mark.parametrize("name", ["tiny-vit", "tiny-clip"])
def test_many_pictures_are_answered_in_parts(packed, named, monkeypatch, name):
    named(
        "tiny-vit", ["dog", "cup", *[f"thing {n}" for n in range(2, len(load("tiny-vit").labels))]]
    )
    at_once = predicted(packed, name)
    monkeypatch.setattr(prompts, "CELLS_AT_ONCE", 1)  # a picture a part
    for part in ("predicted", "top", "unrestricted"):
        np.testing.assert_array_equal(
            getattr(predicted(packed, name), part), getattr(at_once, part)
        )
    for part in ("probabilities", "margins"):
        found = getattr(predicted(packed, name), part)
        np.testing.assert_allclose(found, getattr(at_once, part), atol=1e-6)


def test_margins_are_of_the_true_class(packed):
    found = predicted(packed, "tiny-clip", among=np.array([0, 2]))
    table, codes = whole(found), found.set.codes
    for code, other in ((0, 2), (2, 0)):
        rows = codes == code
        wanted = table[rows, code] - table[rows, other]
        np.testing.assert_allclose(found.margins[rows], wanted, atol=1e-6)
    assert np.isnan(found.margins[codes == 1]).all(), "it might not be answered"


def test_a_stop_ends_the_counting_of_answers(packed, monkeypatch):
    (found,) = sets.embed_set(packed, 2000, load("tiny-clip"), [("joint", None)])
    monkeypatch.setattr(prompts, "CELLS_AT_ONCE", 1)
    told = []

    def progress(step):
        told.append(step)
        if step.doing == "Counting the answers" and step.done > 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        predict(found, progress=progress)
    assert told[-1].done == pytest.approx(7 / 12)


def test_the_pictures_are_shown_to_a_model_once(packed, monkeypatch):
    first = predicted(packed, "tiny-clip")
    monkeypatch.setattr(sets, "_encode", None)
    again = predicted(packed, "tiny-clip")
    assert (first.predicted == again.predicted).all()


def test_only_those_asked_about_may_be_answered(packed, named):
    """However far ahead another output is: 120 logits are beyond what single precision can leave to the rest."""
    count = len(load("tiny-vit").labels)
    named("tiny-vit", ["dog", "cup", "unheard of", *[f"thing {n}" for n in range(count - 3)]])
    (found,) = sets.embed_set(packed, 2000, load("tiny-vit"), [("answer", None)])
    features = found.encoded.features.clone()
    features[:, :3] = torch.tensor([0.0, 5.0, 120.0])
    found = replace(found, encoded=replace(found.encoded, features=features))
    classes = found.images.classes
    among = np.array(sorted([classes.index("dog"), classes.index("cup")]))
    answered = predict(found, among=among)
    assert {classes[code] for code in answered.predicted} == {"cup"}
    wanted = torch.tensor([0.0, 5.0]).softmax(-1).max()
    np.testing.assert_allclose(answered.probabilities.max(1), wanted, rtol=1e-6)
    assert not answered.unrestricted[found.codes != classes.index("unheard of")].any()


def test_answers_that_are_no_numbers_are_refused(packed):
    (found,) = sets.embed_set(packed, 2000, load("tiny-clip"), [("joint", None)])
    features = found.encoded.features.clone()
    features[2, 3] = torch.nan
    with pytest.raises(ValueError, match=r"tiny-clip answers numbers that are not finite"):
        predict(replace(found, encoded=replace(found.encoded, features=features)))


def test_a_bar_in_a_class_name_is_part_of_it(tmp_path):
    """Typed, it would set synonyms apart; here dog would stand in two lines."""
    path, random = tmp_path / "bars.zip", np.random.default_rng(0)
    names = ("cat|dog", "dog", "cup|")
    with zipfile.ZipFile(path, "w") as archive:
        rows = ["file,label"]
        for place, name in enumerate(names * 2):
            file = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (9, 9, 3), np.uint8)).save(file, "PNG")
            archive.writestr(f"{place}.png", file.getvalue())
            rows.append(f"{place}.png,{name}")
        archive.writestr("labels.csv", "\n".join(rows))
    images = load_set(path)
    assert set(images.classes) == set(names)
    texts = [f"a {name}" for name in images.classes]
    contents = [item.content for item in images.items]
    wanted = load("tiny-clip").classify(contents, labels=texts).softmax(-1)
    found = predicted(path, "tiny-clip", template="a {}")
    np.testing.assert_allclose(whole(found), wanted, atol=1e-5)
