"""A picture of a comparison that is opened in Explain: the same classes, the same label map, the same probabilities."""

import base64
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from models import load
from tabs import compare, explain

MODELS = {"vit": "pocket-vit", "swin": "pocket-swin", "clip": "pocket-clip"}
CLASSES = ("animal", "car", "cup")
TYPED = "animal: dog; cat; horse\ncar: car\ncup: cup"  # three outputs to one class


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        yield


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path, noise = tmp_path_factory.mktemp("sets") / "noise.zip", np.random.default_rng(9)
    with zipfile.ZipFile(path, "w") as archive:
        for name in CLASSES:
            for place in range(2):
                file = io.BytesIO()
                pixels = np.kron(noise.integers(0, 256, (4, 4, 3)), np.ones((16, 16, 1)))
                Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
                archive.writestr(f"{name}/{place}.png", file.getvalue())
    return str(path)


def raw(**changes):
    asked = {"serial": 1, "set": "toybox", "file": True, "limit": 2000, "models": MODELS}
    labels = {"vit": TYPED, "swin": TYPED}
    return asked | {"template": "a photo of a {}", "labels": labels} | changes


def opened(packed, place, folder):
    """What Explain is asked after Compare's *Open in Explain*, but the family; and the photo's path."""
    sent = compare.send(raw(place=place), packed)
    path = folder / "picture.png"
    path.write_bytes(base64.b64decode(sent["src"].split(",")[1]))
    names = "\n".join(sent["names"])
    asked = {"names": names, "among": names, "templates": "a photo of a {}"}
    return asked, sent, str(path)


@pytest.mark.parametrize("place", range(6))
def test_explain_answers_as_compare_did(packed, place, tmp_path):
    asked, sent, path = opened(packed, place, tmp_path)
    before = compare.look(raw(place=place), packed)
    assert sent["truth"] == before["truth"]
    for family, name in MODELS.items():
        typed = sent["label_maps"].get(family)
        found = explain.ask({**asked, "model": name, "label_map": typed}, path, family)
        top = {each["label"]: each["probability"] for each in found["top"]}
        wanted = {each["label"]: each["probability"] for each in before["models"][family]["top"]}
        assert top == pytest.approx(wanted, abs=1e-5)
        assert found["target"]["label"] == before["models"][family]["answer"]
        assert found["target"]["probability"] == pytest.approx(max(wanted.values()), abs=1e-5)


def test_what_is_explained_is_the_strongest_output_of_the_class(packed, tmp_path):
    asked, sent, path = opened(packed, 0, tmp_path)
    model = load("pocket-vit")
    logits = model.trace(path, gradients=False).logits
    own = [model.labels.index(name) for name in ("dog", "cat", "horse")]
    typed = {"model": "pocket-vit", "label_map": sent["label_maps"]["vit"], "target": "animal"}
    found = explain.ask({**asked, **typed}, path, "vit")
    assert found["target"]["known"] and found["target"]["index"] == CLASSES.index("animal")
    assert found["score"] == pytest.approx(float(logits[own].max()), abs=1e-5)
    # A class without an output cannot be explained: its own answer is.
    lacking = {**typed, "label_map": "animal:\ncar: car\ncup: cup"}
    found = explain.ask({**asked, **lacking}, path, "vit")
    assert not found["target"]["known"] and found["target"]["label"] != "animal"


def test_without_a_typed_map_the_names_tell_and_without_a_known_name_all_outputs_answer(
    packed, tmp_path
):
    asked, _, path = opened(packed, 0, tmp_path)
    model = load("pocket-vit")
    logits = model.trace(path, gradients=False).logits
    car, cup = (float(logits[model.labels.index(name)]) for name in ("car", "cup"))
    found = explain.ask({**asked, "model": "pocket-vit"}, path, "vit")
    top = {each["label"]: each["probability"] for each in found["top"]}
    share = np.exp(car) / (np.exp(car) + np.exp(cup))
    assert top == pytest.approx({"animal": 0, "car": share, "cup": 1 - share}, abs=1e-5)
    unknown = explain.ask({"model": "pocket-vit", "among": "glioma\nzebra"}, path, "vit")
    assert unknown["labels"] == model.labels and not unknown["closed"]


def test_a_label_map_typed_wrong_is_said(packed, tmp_path):
    asked, _, path = opened(packed, 0, tmp_path)
    wrong = {"model": "pocket-vit", "among": "a car", "label_map": "a car: no such output"}
    assert "no such output" in explain.ask({**asked, **wrong}, path, "vit")["wrong"]["text"]


def test_a_picture_of_a_set_is_sent_by_its_place(packed, tmp_path):
    asked = {"serial": 1, "file": True, "limit": 2000}
    *_, found = explain.show_of_set({**asked, "place": 3}, packed)
    sent = compare.send(raw(place=3), packed)
    assert (found["src"], found["key"], sent["place"]) == (sent["src"], sent["key"], 3)
    (tmp_path / "3.png").write_bytes(base64.b64decode(found["src"].split(",")[1]))
    assert explain.show({}, str(tmp_path / "3.png"))["key"] == found["key"]
    *_, gone = explain.show_of_set({**asked, "place": 6}, packed)
    assert "not in the set any more" in gone["error"]
