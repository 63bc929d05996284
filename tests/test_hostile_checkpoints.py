"""Checkpoints made to cost: each is refused in one sentence, soon, and within a gigabyte."""

import json
import resource
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import models
from bench.hostile import checkpoints
from models import CATALOGUE, add_folder, checkpoint, load, weights
from models.folder import CheckpointError, panics_told, tokenizing_told

SECONDS = 20  # generous: on an idle machine none takes one
BYTES = 1_000_000_000


@contextmanager
def within(size):
    """No more than `size` bytes of new address space, where the system tells how much there is."""
    if not sys.platform.startswith("linux"):
        yield
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(models, "_loaded", type(models._loaded)())
    monkeypatch.setattr(models, "CATALOGUE", dict(CATALOGUE))


@pytest.fixture
def copy(tiny_folder, tmp_path):
    """A function: name → a copy of its folder that a test may spoil."""
    return lambda name: Path(shutil.copytree(tiny_folder(name), tmp_path / name))


def refused(folder, says):
    start = time.monotonic()
    with within(BYTES), pytest.raises(ValueError, match=says) as caught:
        load(str(folder), device="cpu")
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 400 and str(folder) not in text
    assert time.monotonic() - start < SECONDS


def edited(folder, file, *path, **changes):
    """Change the object at `path` in a JSON file."""
    content = json.loads((folder / file).read_text())
    part = content
    for key in path:
        part = part[key]
    part.update(changes)
    (folder / file).write_text(json.dumps(content))


CONFIG = "config.json"
OPEN = "open_clip_config.json"


@pytest.mark.parametrize(
    ("name", "file", "path", "changes", "says"),
    [
        ("vit", CONFIG, (), {"hidden_size": 16_384}, "hidden_size 16384; Headlight builds at most"),
        ("vit", CONFIG, (), {"num_hidden_layers": 3000}, "num_hidden_layers 3000"),
        ("vit", CONFIG, (), {"num_hidden_layers": 100_000}, "num_hidden_layers 100000"),
        ("vit", CONFIG, (), {"num_hidden_layers": 1e30}, "whole number"),
        ("vit", CONFIG, (), {"hidden_size": "24"}, "whole number"),
        ("vit", CONFIG, (), {"image_size": 15_000}, "image_size 15000"),
        ("vit", CONFIG, (), {"image_size": 2048, "patch_size": 1}, "so many patches"),
        ("vit", CONFIG, (), {"num_hidden_layers": 100}, "file holds"),
        ("vit", CONFIG, (), {"intermediate_size": 32_768}, "file holds 18,677"),
        ("swin", CONFIG, (), {"depths": [2, 100_000]}, "depths"),
        ("swin", CONFIG, (), {"embed_dim": 8192}, "8192"),
        ("hf_clip", CONFIG, ("text_config",), {"vocab_size": 10**9}, "vocab_size"),
        ("hf_clip", CONFIG, ("text_config",), {"max_position_embeddings": 10**9}, "at most 1,024"),
        ("hf_clip", CONFIG, ("vision_config",), {"num_hidden_layers": 10**6}, "at most 128"),
        ("hf_clip", CONFIG, (), {"vision_config": [1]}, "damaged"),
        ("open_clip_vit", OPEN, ("model_cfg", "vision_cfg"), {"layers": 100_000}, "layers 100000"),
        ("open_clip_vit", OPEN, ("model_cfg", "vision_cfg"), {"width": 16_384}, "width 16384"),
        ("open_clip_vit", OPEN, ("model_cfg", "text_cfg"), {"context_length": 10**9}, "context"),
        ("open_clip_vit", OPEN, ("model_cfg", "vision_cfg"), {"mlp_ratio": 4000.0}, "c_fc"),
        ("open_clip_vit", OPEN, ("preprocess_cfg",), {"size": 15_000}, "number 15000"),
        ("open_clip_vit", OPEN, (), {"model_cfg": [1]}, "damaged"),
        (
            "vit",
            "preprocessor_config.json",
            (),
            {"size": {"height": 15_000, "width": 15_000}},
            "number 15000",
        ),
        (
            "hf_clip",
            "preprocessor_config.json",
            ("size",),
            {"shortest_edge": 1e9},
            "number 1000000",
        ),
    ],
)
def test_a_configuration_is_bounded_before_anything_is_built(name, file, path, changes, says, copy):
    folder = copy(name)
    edited(folder, file, *path, **changes)
    refused(folder, says)


@pytest.mark.parametrize("kind", [["vit"], {"vit": 1}, 7, None])
def test_a_model_type_that_is_no_text(kind, copy):
    folder = copy("vit")
    edited(folder, CONFIG, model_type=kind)
    refused(folder, "of the kind")


def test_a_long_list_of_tensors_is_not_read(copy):
    folder = copy("vit")
    content = checkpoints.header()
    assert len(content) > 90_000_000
    (folder / "model.safetensors").write_bytes(content)
    began = time.process_time()
    refused(folder, "list of tensors")
    assert time.process_time() - began < 5, "the library itself reads it for half a minute"


@pytest.mark.parametrize("name", ["vit", "hf_clip", "open_clip_vit"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(name, number, copy):
    folder = copy(name)
    file = next(folder.glob("*.safetensors"))
    held = load_file(file)
    held[next(key for key in held if held[key].ndim == 2)][0, 0] = number
    with safe_open(file, "pt") as old:
        save_file(held, file, old.metadata())
    refused(folder, "not finite")


@pytest.mark.parametrize("named", ["../../other/model.safetensors", "model.bin", 7])
def test_an_index_names_files_of_its_own_folder(named, copy):
    folder = copy("vit")
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {"classifier.weight": named}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(folder, "names no safetensors")


def test_weights_in_parts_are_read(copy, tiny_model, photo):
    folder = copy("vit")
    held = load_file(folder / "model.safetensors")
    names = sorted(held)
    parts = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
    for file, chosen in parts.items():
        save_file({name: held[name] for name in chosen}, folder / file, {"format": "pt"})
    (folder / "model.safetensors").unlink()
    where = {name: file for file, chosen in parts.items() for name in chosen}
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = load(str(folder), device="cpu").classify([photo])
    torch.testing.assert_close(found, tiny_model("vit").classify([photo]))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}}},
            "pattern of its own",
        ),
        (
            {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}},
            "makes texts longer",
        ),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}}, "Precompiled"),
        ({"padding": {"strategy": {"Fixed": 10**9}}}, "pads every text"),
        (
            {"added_tokens": [{"id": place, "content": "a"} for place in range(2000)]},
            "more than 1,000",
        ),
        ({"post_processor": {"single": [{"SpecialToken": {}}] * 100}}, "more than 16 tokens"),
    ],
)
@pytest.mark.parametrize("name", ["hf_clip", "open_clip_vit"])
def test_a_tokenizer_only_splits_texts_and_looks_words_up(name, changes, says, copy):
    folder = copy(name)
    edited(folder, "tokenizer.json", **changes)
    refused(folder, says)


def test_a_pattern_that_stops_the_library(copy, monkeypatch):
    """Such a tokenizer is refused; were it not, its panic, which is no Exception, would leave the asker waiting."""
    folder = copy("hf_clip")
    split = {"type": "Split", "pattern": {"Regex": "(x+x+)+y"}, "behavior": "Isolated"}
    edited(folder, "tokenizer.json", pre_tokenizer=split | {"invert": False}, normalizer=None)
    edited(folder, "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    refused(folder, "pattern of its own")
    monkeypatch.setattr(checkpoint, "check_tokenizer", lambda folder: None)
    with pytest.raises(CheckpointError, match="breaks the library"):
        load(str(folder), device="cpu").embed_texts([checkpoints.ENDLESS])


def test_a_panic_is_an_error_like_any_other():
    kind = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    with pytest.raises(CheckpointError, match="breaks the library"), panics_told():
        raise kind("called `Option::unwrap()` on a `None` value")
    with pytest.raises(KeyboardInterrupt), panics_told():
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "error", [Exception("WordLevel error: Missing [UNK] token"), IndexError("out of range")]
)
def test_a_tokenizer_that_fails_while_it_reads_is_one_sentence(error):
    with pytest.raises(CheckpointError, match="breaks the library"), tokenizing_told():
        raise error
    with pytest.raises(KeyError), tokenizing_told():
        raise KeyError("ours")


def test_reading_one_checkpoint_holds_up_no_other(copy, tiny_folder, monkeypatch):
    load(tiny_folder("swin"), device="cpu")  # both families' code is there
    models._loaded.clear()
    slow, real = copy("vit"), weights.read
    reading, let_go = threading.Event(), threading.Event()

    def read(files):
        if slow in files[0].parents:
            reading.set()
            assert let_go.wait(60)
        return real(files)

    monkeypatch.setattr(weights, "read", read)
    found = []
    first = threading.Thread(target=lambda: found.append(load(str(slow), device="cpu")))
    first.start()
    try:
        assert reading.wait(60)
        other = threading.Thread(
            target=lambda: found.append(load(tiny_folder("swin"), device="cpu"))
        )
        other.start()
        other.join(60)
        assert [model.family for model in found] == ["swin"]
    finally:
        let_go.set()
        first.join(60)
    assert {model.family for model in found} == {"swin", "vit"}


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "{broken",
        "[1]",
        "7",
        '{"model_type": ["vit"]}',
        '{"model_type": {"vit": 1}}',
        '{"model_type": ' + "9" * 10_000 + "}",
    ],
)
def test_one_malformed_folder_hides_no_other(content, tiny_folder, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text(content)
    (tmp_path / "broken" / "open_clip_config.json").write_bytes(b"\xff\xfe")
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"")
    shutil.copytree(tiny_folder("vit"), tmp_path / "sound")
    assert [entry.name for entry in add_folder(tmp_path)] == ["sound"]
