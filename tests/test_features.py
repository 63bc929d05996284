"""Embeddings of sets: right, in order, and kept by all that changes them."""

import io
import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import models
from explain import features
from explain.classes.prompts import prompts_of
from explain.features import BATCH, encode, encode_spaces, folder
from models import clip, load
from tabs.sets import templates
from tabs.sets.templates import template_sums


@dataclass(frozen=True)
class Item:
    content: bytes

    @cached_property
    def digest(self):
        return sha256(self.content).hexdigest()


def pictures(count, seed=0):
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(file, "PNG")
        found.append(Item(file.getvalue()))
    return found


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path / "kept"))


def test_features_are_the_models_embeddings_in_order(tiny_model):
    model, items = tiny_model("hf_clip"), pictures(BATCH + 5)
    found = encode(model, items)
    wanted = model.embed([item.content for item in items], pool="joint")
    torch.testing.assert_close(found.features, wanted)
    assert found.kept.tolist() == list(range(len(items))) and found.skipped == {}


@pytest.mark.parametrize(("pool", "layer"), [("readout", None), ("mean", None), ("mean", 0)])
def test_pools_and_layers_are_kept_apart(pool, layer, tiny_model):
    model, items = tiny_model("vit"), pictures(3)
    for _ in range(2):
        found = encode(model, items, pool, layer).features
        wanted = model.embed([item.content for item in items], layer, pool)
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", ["vit", "swin", "hf_clip", "open_clip_resnet"])
def test_all_spaces_of_one_pass_are_those_of_many(name, tiny_model, monkeypatch):
    model, items = tiny_model(name), pictures(BATCH + 3)
    contents = [item.content for item in items]
    last = ("joint", None) if model.reads_texts else ("answer", None)
    layers = [("mean", layer) for layer in range(model.depth)]
    spaces = [("readout", None), *layers, last]
    passes = []
    real = model._answer
    monkeypatch.setattr(model, "_answer", lambda *given: passes.append(1) or real(*given))
    found = encode_spaces(model, items, spaces)
    assert len(passes) == 2
    assert encode_spaces(model, items, spaces)[1].features.equal(found[1].features)
    assert len(passes) == 2
    for each, (pool, layer) in zip(found, spaces, strict=True):
        answer = pool == "answer"
        wanted = model.classify(contents) if answer else model.embed(contents, layer, pool)
        torch.testing.assert_close(each.features, wanted)


def test_spaces_that_a_model_has_not_are_refused(tiny_model):
    clip, vit = tiny_model("hf_clip"), tiny_model("vit")
    for model, space in ((clip, ("answer", None)), (vit, ("joint", None)), (vit, ("mean", 99))):
        with pytest.raises(ValueError, match=r"\.$"):
            encode_spaces(model, pictures(1), [space])


def test_a_second_time_nothing_is_computed(tiny_model, monkeypatch):
    model, items = tiny_model("hf_clip"), pictures(10)
    first = encode(model, items[:6]).features
    batches = []
    real = model.read
    monkeypatch.setattr(
        model, "read", lambda pixels, *a: batches.append(len(pixels)) or real(pixels, *a)
    )
    again = encode(model, items).features
    torch.testing.assert_close(again[:6], first)
    assert batches == [4]
    encode(model, items[::-1])
    assert batches == [4]


def test_the_same_picture_twice_is_encoded_once(tiny_model):
    model, (one, two) = tiny_model("hf_clip"), pictures(2)
    found = encode(model, [one, two, one])
    torch.testing.assert_close(found.features[0], found.features[2])
    assert len(found.kept) == 3


def test_unreadable_pictures_are_left_out_and_counted(tiny_model):
    good, broken = pictures(3), [Item(b"no picture"), Item(b"none either")]
    found = encode(tiny_model("hf_clip"), [good[0], broken[0], good[1], broken[1], good[2]])
    assert found.kept.tolist() == [0, 2, 4] and len(found.features) == 3
    assert list(found.skipped.values()) == [2]
    with pytest.raises(ValueError, match="None of these pictures"):
        encode(tiny_model("hf_clip"), broken)


def test_what_was_done_before_a_stop_is_kept(tiny_model):
    model, items = tiny_model("hf_clip"), pictures(3 * BATCH)

    class Stop(Exception):
        pass

    def progress(fraction):
        if fraction > 0.5:
            raise Stop

    with pytest.raises(Stop):
        encode(model, items, progress=progress)
    seen = []
    encode(model, items, progress=seen.append)
    assert seen[0] == pytest.approx(2 / 3)


def test_other_weights_have_another_place(tiny_model):
    one, other = tiny_model("hf_clip"), tiny_model("open_clip_vit")
    assert one.fingerprint != other.fingerprint and len(one.fingerprint) == 64
    items = pictures(2)
    encode(one, items)
    torch.testing.assert_close(
        encode(other, items).features, other.embed([i.content for i in items], pool="joint")
    )


@pytest.fixture
def changed(tiny_folder, tmp_path):
    """A function: a tiny checkpoint's copy with the JSON object in one file changed in place."""

    def change(name: str, file: str, edit: Callable[[dict], object]) -> str:
        folder = Path(shutil.copytree(tiny_folder(name), tmp_path / "changed"))
        content = json.loads((folder / file).read_text())
        edit(content)
        (folder / file).write_text(json.dumps(content))
        return str(folder)

    return change


def _other_epsilon(config):
    config["vision_config"]["layer_norm_eps"] = 0.5


@pytest.mark.parametrize(
    ("name", "file", "edit"),
    [
        ("vit", "preprocessor_config.json", lambda file: file.update(image_mean=[0.1, 0.1, 0.1])),
        ("vit", "config.json", lambda file: file.update(hidden_act="relu")),
        ("hf_clip", "config.json", _other_epsilon),
        (
            "open_clip_vit",
            "open_clip_config.json",
            lambda file: file["preprocess_cfg"].update(mean=[0.1, 0.1, 0.1]),
        ),
        (
            "open_clip_vit",
            "open_clip_config.json",
            lambda file: file["model_cfg"].update(quick_gelu=True),
        ),
    ],
)
def test_a_checkpoint_with_other_settings_has_embeddings_of_its_own(
    name, file, edit, tiny_model, changed
):
    """The weights are the same, to the byte; the numbers are not."""
    one, other, items = tiny_model(name), load(changed(name, file, edit), "cpu"), pictures(3)
    space = ("joint", None) if one.reads_texts else ("answer", None)
    before = encode(one, items, *space).features
    contents = [item.content for item in items]
    wanted = other.embed(contents, pool="joint") if one.reads_texts else other.classify(contents)
    assert (before - wanted).abs().max() > 1e-3
    torch.testing.assert_close(encode(other, items, *space).features, wanted)


@pytest.mark.parametrize("name", ["hf_clip", "open_clip_vit"])
def test_a_checkpoint_with_another_vocabulary_has_text_features_of_its_own(
    name, tiny_model, changed, monkeypatch
):
    def swapped(file):
        words = file["model"]["vocab"]
        words["cat</w>"], words["dog</w>"] = words["dog</w>"], words["cat</w>"]

    one, other = tiny_model(name), load(changed(name, "tokenizer.json", swapped), "cpu")
    monkeypatch.setattr(templates, "loaded", {each.name: each for each in (one, other)}.get)
    prompts = prompts_of(["cat", "dog", "cup"], "a photo of a {}")
    cat, dog, cup = template_sums(one, prompts)[0]
    torch.testing.assert_close(template_sums(other, prompts)[0], torch.stack([dog, cat, cup]))
    assert (cat - dog).abs().max() > 1e-3


def test_other_libraries_and_devices_round_in_their_own_way(tiny_model, monkeypatch):
    model = tiny_model("vit")

    def name():
        features._libraries.cache_clear()
        return features.space_name(model, "mean", None)

    names = {name(), features.space_name(model, "mean", 0)}
    monkeypatch.setattr(features, "version", lambda library: "0.0")
    names.add(name())
    monkeypatch.setattr(model, "device", torch.device("cuda"))
    names.add(name())
    monkeypatch.setattr(features, "VERSION", features.VERSION + 1)
    names.add(name())
    features._libraries.cache_clear()
    assert len(names) == 5


def test_what_cannot_be_kept_is_computed_and_said(tiny_model, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path / "file"))
    model, items = tiny_model("vit"), pictures(2 * BATCH)
    found = encode(model, items, "mean")
    wanted = model.embed([item.content for item in items], pool="mean")
    torch.testing.assert_close(found.features, wanted)
    assert "could not be kept on disk" in found.note and found.note.endswith(".")


def test_what_can_be_kept_has_no_note(tiny_model):
    model, items = tiny_model("vit"), pictures(2)
    assert [encode(model, items, "mean").note for _ in range(2)] == ["", ""]


def test_folder_follows_the_environment(tmp_path, monkeypatch):
    assert folder() == tmp_path / "kept"
    monkeypatch.delenv("HEADLIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder() == tmp_path / "headlight"


def test_texts_are_encoded_in_parts_that_let_others_pass(tiny_folder, monkeypatch):
    texts = [f"a photo of a {word} {number}" for word in ("cat", "dog") for number in range(11)]
    at_once = load(tiny_folder("hf_clip"), "cpu").embed_texts(texts)
    monkeypatch.setattr(models, "_loaded", type(models._loaded)())
    monkeypatch.setattr(clip, "TEXT_BATCH", 4)
    model = load(tiny_folder("hf_clip"), "cpu")
    passed = []

    def progress(done):
        def other():
            with model.lock:
                passed.append(done)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)

    torch.testing.assert_close(model.embed_texts(texts, progress), at_once)
    assert passed == pytest.approx([start / 22 for start in range(0, 22, 4)])


def test_a_stop_ends_texts_at_the_next_part(tiny_folder, monkeypatch):
    monkeypatch.setattr(models, "_loaded", type(models._loaded)())
    monkeypatch.setattr(clip, "TEXT_BATCH", 4)
    model = load(tiny_folder("hf_clip"), "cpu")
    texts = [f"text {number}" for number in range(20)]

    class Stop(Exception):
        pass

    def progress(done):
        if done >= 0.4:
            raise Stop

    with pytest.raises(Stop):
        model.embed_texts(texts, progress)
    assert list(model._texts) == texts[:8]
