"""What `load` accepts, refuses, and says; every refusal is one sentence that tells what to do."""

import json
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
import torch
from fake_hub import NOWHERE, FakeHub
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import models
from models import CATALOGUE, add_folder, hub, load
from models.folder import LOADERS, family_of


def sentence(caught):
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 400
    return text


@pytest.fixture
def copy(tiny_folder, tmp_path):
    """A function: name → a copy of its folder that a test may spoil."""
    return lambda name: shutil.copytree(tiny_folder(name), tmp_path / name)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test its own cache and catalogue."""
    monkeypatch.setattr(models, "_loaded", type(models._loaded)())
    monkeypatch.setattr(models, "CATALOGUE", dict(CATALOGUE))


@pytest.mark.parametrize("name", tiny.TINY)
def test_half_precision_files_run_in_single(name, tmp_path, photo):
    folder = tiny.TINY[name]().save(tmp_path / name, dtype=torch.float16)
    model = load(folder, device="cpu")
    assert {p.dtype for p in model.module.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in model.module.parameters())
    assert not model.module.training
    assert torch.isfinite(model.classify([photo])).all()
    assert model.family == family_of(tmp_path / name)


@pytest.mark.parametrize("name", ["vit", "hf_clip", "open_clip_vit"])
def test_pickles_are_not_opened(name, copy):
    folder = copy(name)
    for file in folder.glob("*.safetensors"):
        torch.save({}, folder / "pytorch_model.bin")
        torch.save({}, folder / "open_clip_pytorch_model.bin")
        file.unlink()
    with pytest.raises(ValueError, match="no safetensors") as caught:
        load(str(folder))
    assert "Convert it" in sentence(caught)


@pytest.mark.parametrize("name", tiny.TINY)
def test_missing_weights_are_never_random(name, copy):
    folder = copy(name)
    file = next(folder.glob("*.safetensors"))
    weights = load_file(file)
    lost = next(
        key
        for key in weights
        if key.endswith(("classifier.weight", "layer_norm1.weight", "visual.proj", "c_proj.weight"))
    )
    del weights[lost]
    with safe_open(file, "pt") as old:
        save_file(weights, file, old.metadata())
    with pytest.raises(ValueError, match="weights") as caught:
        load(str(folder))
    sentence(caught)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"model_type": "siglip"}, "kind 'siglip'"),
        ({"model_type": "bert"}, "kind 'bert'"),
        ({"architecture": "vit_base_patch16_224"}, "kind 'timm'"),
        (None, "no config.json"),
        ("{broken", "not valid JSON"),
        ("[1]", "not a JSON object"),
    ],
)
def test_unknown_kinds_say_what_is_read(config, says, tmp_path):
    if config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=says) as caught:
        load(str(tmp_path))
    sentence(caught)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"vision_cfg": {"timm_model_name": "vit_base_patch16_siglip_224"}}, "timm image tower"),
        ({"text_cfg": {"hf_model_name": "roberta-base"}}, "text tower of transformers"),
        ({"multimodal_cfg": {"width": 8}}, "CoCa"),
        ({"init_logit_bias": -10}, "SigLIP"),
        ({"vision_cfg": {"attentional_pool": True}}, "attention pooler"),
        ({"vision_cfg": {"scale_heads": True}}, "blocks Headlight cannot trace"),
    ],
)
def test_open_clip_models_that_cannot_be_traced_say_so(change, says, copy):
    folder = copy("open_clip_vit")
    file = folder / "open_clip_config.json"
    config = json.loads(file.read_text())
    for key, value in change.items():
        old = config["model_cfg"].get(key)
        config["model_cfg"][key] = {**old, **value} if isinstance(old, dict) else value
    file.write_text(json.dumps(config))
    if "scale_heads" in str(change):  # such a tower has other weights too
        import open_clip

        built = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
        save_file(built.state_dict(), folder / "open_clip_model.safetensors")
    with pytest.raises(ValueError, match=says) as caught:
        load(str(folder))
    sentence(caught)


@pytest.mark.parametrize(
    ("name", "file", "says"),
    [
        ("vit", "preprocessor_config.json", "preprocessor"),
        ("hf_clip", "tokenizer.json", "tokenizer"),
    ],
)
def test_missing_companions_say_so(name, file, says, copy):
    folder = copy(name)
    (folder / file).unlink()
    with pytest.raises(ValueError, match=says) as caught:
        load(str(folder))
    sentence(caught)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nonsense",
        "../etc/passwd",
        "a/b/c",
        "owner/..",
        "/etc",
        "owner/name\n",
        "owner/na me",
        "x" * 500,
        "-/-",
    ],
)
def test_names_that_are_no_ids_never_reach_the_hub(name, monkeypatch):
    def reached(*_, **__):
        raise AssertionError("the Hub was asked")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", reached)
    with pytest.raises(ValueError, match="not a model Headlight knows") as caught:
        load(name, device="cpu", folders=False)
    sentence(caught)


def test_strangers_cannot_name_folders(tiny_folder):
    with pytest.raises(ValueError, match="not a model"):
        load(tiny_folder("vit"), device="cpu", folders=False)


def test_offline_is_one_sentence(point_at):
    """The real client against an address nobody answers."""
    point_at(NOWHERE)
    with pytest.raises(OSError, match="No internet, and google/vit-base-patch16-224 is") as caught:
        load("google/vit-base-patch16-224", device="cpu")
    sentence(caught)


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_hub_that_refuses_is_not_called_no_internet(status, point_at):
    server = FakeHub({})
    server.refuses = status
    point_at(server.url)
    with pytest.raises(OSError, match=f"error {status} for o/n"):
        load("o/n", folders=False)


@pytest.mark.parametrize("folders", [True, False])
def test_a_hub_checkpoint_and_then_without_internet(folders, point_at, tiny_folder, photo):
    """The real client against a Hub on this machine: what is wanted is fetched, once, and found again offline."""
    files = {path.name: path.read_bytes() for path in Path(tiny_folder("swin")).iterdir()}
    server = FakeHub(files | {"pytorch_model.bin": b"never", "modeling.py": b"never"})
    point_at(server.url)
    try:
        model = load("o/n", device="cpu", folders=folders)
        assert model.classify([photo]).shape == (1, 5)
        assert not any(
            "never" in path or path.endswith((".bin", ".py")) for path, _ in server.asked
        )
        tokens = {token for path, token in server.asked if "o/n" in path}
        assert tokens == ({"Bearer hf_secret"} if folders else {None})
    finally:
        server.shutdown()
    models._loaded.clear()
    point_at(NOWHERE)
    again = load("o/n", device="cpu", folders=folders)
    assert again.fingerprint == model.fingerprint


def test_an_unknown_id_says_so(point_at):
    server = FakeHub({})
    point_at(server.url)
    try:
        with pytest.raises(ValueError, match="The Hub has no public model named o/other") as caught:
            load("o/other", device="cpu")
    finally:
        server.shutdown()
    sentence(caught)


def answering(monkeypatch, files):
    siblings = [SimpleNamespace(rfilename=name, size=size) for name, size in files.items()]
    info = SimpleNamespace(siblings=siblings, sha="0" * 40)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: info)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"config.json": 1, "pytorch_model.bin": 10}, "no safetensors"),
        ({"config.json": 1, "model.safetensors": 9_000_000_000}, "too large"),
    ],
)
def test_the_hub_is_asked_before_anything_is_fetched(files, says, monkeypatch):
    answering(monkeypatch, files)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: 1 / 0)
    with pytest.raises(ValueError, match=says) as caught:
        hub.fetch("someone/model")
    sentence(caught)


def test_a_broken_download_says_try_again(monkeypatch):
    answering(monkeypatch, {"config.json": 1, "model.safetensors": 10})
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: 1 / 0)
    with pytest.raises(OSError, match="broke off") as caught:
        hub.fetch("someone/model")
    sentence(caught)


def test_loaded_once_and_kept_up_to_a_size(tiny_folder, monkeypatch):
    first = load(tiny_folder("vit"), device="cpu")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load(tiny_folder("swin"), device="cpu")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in found}) == 1
    assert load(tiny_folder("vit"), device="cpu") is first
    monkeypatch.setattr(models, "MODELS_HELD", models._bytes(first) + 1)
    load(tiny_folder("deit"), device="cpu")
    assert models.is_loaded(tiny_folder("deit"), "cpu")
    assert not models.is_loaded(tiny_folder("swin"), "cpu")
    assert not models._locks


def test_bad_names_leave_nothing_behind():
    for index in range(20):
        with pytest.raises(ValueError, match="not a model"):
            load(f"nonsense {index}", device="cpu")
    assert not models._locks


def test_a_checkpoints_settings_run_no_code(copy, photo):
    """A config that names code for its tokenizer: the code is not run."""
    folder = copy("open_clip_vit")
    file = folder / "open_clip_config.json"
    config = json.loads(file.read_text())
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
    file.write_text(json.dumps(config))
    (folder / "evil.py").write_text(
        "from pathlib import Path\n"
        f"Path({str(folder / 'ran')!r}).touch()\n"
        "from transformers import PreTrainedTokenizerFast as Evil\n"
    )
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings |= {"auto_map": {"AutoTokenizer": [None, "evil.Evil"]}, "tokenizer_class": "Evil"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    try:
        load(str(folder), device="cpu").classify([photo])
    except ValueError as error:
        assert str(error).endswith(".")
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("vit", "model.safetensors", b"garbage"),
        ("open_clip_vit", "open_clip_model.safetensors", b"garbage"),
        ("hf_clip", "tokenizer.json", b"{}"),
    ],
)
def test_damaged_files_are_the_checkpoints_fault(name, file, content, copy):
    folder = copy(name)
    (folder / file).write_bytes(content)
    with pytest.raises(ValueError, match="damaged") as caught:
        load(str(folder), device="cpu")
    assert str(folder) not in sentence(caught)


def test_pictures_of_another_size_than_the_models_are_refused(copy):
    folder = copy("vit")
    file = folder / "preprocessor_config.json"
    settings = json.loads(file.read_text()) | {"size": {"height": 48, "width": 48}}
    file.write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="48 × 48 pixels, but its model wants 32 × 32") as caught:
        load(str(folder), device="cpu")
    sentence(caught)


@pytest.mark.parametrize(
    ("sizes", "files"),
    [
        ({"config.json": 1, "model.safetensors": 9, "open_clip_model.safetensors": 9}, "model"),
        ({"open_clip_config.json": 1, "open_clip_model.safetensors": 9}, "open_clip_model"),
        (
            {"config.json": 1, "open_clip_model.safetensors": 9, "x/model.safetensors": 9},
            "open_clip_model",
        ),
    ],
)
def test_one_formats_weights_are_fetched_and_nothing_from_folders(sizes, files):
    extra = {"sub/huge.json": 9e12, "model/huge.safetensors": 9e12, "a.py": 1, "b.bin": 9e12}
    found = hub.wanted("o/n", sizes | extra)
    assert [f for f in found if f.endswith(".safetensors")] == [f"{files}.safetensors"]
    assert set(found) <= set(sizes) and "x/model.safetensors" not in found


def test_add_folder(tiny_folder, tmp_path):
    (tmp_path / "mine").mkdir()
    shutil.copytree(tiny_folder("vit"), tmp_path / "mine" / "my-vit")
    shutil.copytree(tiny_folder("open_clip_vit"), tmp_path / "mine" / "my-clip")
    (tmp_path / "mine" / "notes").mkdir()
    added = add_folder(tmp_path / "mine")
    assert [(entry.name, entry.family) for entry in added] == [
        ("my-clip", "clip"),
        ("my-vit", "vit"),
    ]
    assert load("my-vit", device="cpu", folders=False).name == "my-vit"
    for wrong, says in ((tmp_path / "mine", "already"), (tmp_path / "none", "not a folder")):
        with pytest.raises(ValueError, match=says):
            add_folder(wrong)
    with pytest.raises(ValueError, match="holds no checkpoint"):
        add_folder(tmp_path / "mine" / "notes")


def test_device_by_environment(monkeypatch):
    monkeypatch.setenv("HEADLIGHT_DEVICE", "cpu")
    assert models.choose_device() == "cpu"
    if not torch.cuda.is_available():
        monkeypatch.setenv("HEADLIGHT_DEVICE", "cuda")
        with pytest.raises(ValueError, match="no CUDA device") as caught:
            models.choose_device()
        sentence(caught)


def test_a_device_that_is_not_there_is_not_the_files_fault(tiny_folder):
    with pytest.raises(ValueError, match="'banana' is no device") as caught:
        load(tiny_folder("vit"), device="banana")
    sentence(caught)
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="no CUDA device"):
            load(tiny_folder("vit"), device="cuda")


def test_every_loader_stands_in_a_file_of_its_own():
    for family, module in LOADERS.values():
        assert family in models.FAMILIES and module.startswith("models.")


def test_loading_needs_no_lock_of_a_progress_bar(tiny_folder, tmp_path, monkeypatch):
    """A forked process that is killed while it draws a bar keeps the bars' lock; loading must not wait for it."""
    import tqdm.std

    def never(*_):
        raise AssertionError("waited for the lock of a progress bar")

    folder = shutil.copytree(tiny_folder("vit"), tmp_path / "new")
    monkeypatch.setattr(tqdm.tqdm, "get_lock", never)
    load(str(folder))
