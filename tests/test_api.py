"""The endpoints on one photo as other programs meet them: over HTTP, with good input and bad, all at once."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import ExifTags, Image

from explain import METHODS, ablate, faithfulness
from explain import explain as explain_trace
from models import load, photo
from tabs.api import arguments, removal
from tabs.api import photos as api

VIT, SWIN, CLIP = NAMES = ["pocket-vit", "pocket-swin", "pocket-clip"]
# methods with a check
ADDING_UP = ("relevance", "decomposition", "integrated_gradients", "kernel_shap")
ROOT = Path(__file__).parent.parent


class Served:
    """An open app with the endpoints alone, and one program talking to it."""

    def __init__(self, address: str, folder: Path):
        self.address = address.rstrip("/")
        self.folder = folder
        self.client = Client(address, verbose=False, download_files=str(folder / "downloads"))

    def classify(self, image: Path, models: list[str], labels: str = "") -> dict:
        return self.client.predict(handle_file(image), models, labels, api_name="/classify")

    def explain(self, image: Path, model: str, method: str, **asked) -> tuple[str, dict]:
        return self.client.predict(handle_file(image), model, method, api_name="/explain", **asked)

    def request(self, endpoint: str, image: Path, model: str, *values, **asked) -> dict:
        sent = (handle_file(image), model, *values)
        return self.client.predict(*sent, api_name=f"/{endpoint}", **asked)

    def upload(self, path: Path) -> dict:
        with path.open("rb") as file:
            sent = httpx.post(f"{self.address}/gradio_api/upload", files={"files": file})
        return {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}

    def post(self, endpoint: str, values: list) -> tuple[str, object]:
        """(event, content) that ends a call made by hand, as any language could."""
        call = f"{self.address}/gradio_api/call/{endpoint}"
        started = httpx.post(call, json={"data": values}, timeout=60)
        stream = httpx.get(f"{call}/{started.json()['event_id']}", timeout=60).text
        lines = [line for line in stream.splitlines() if line]
        return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))

    def refusal(self, endpoint: str, image: Path | dict | None, **asked) -> str:
        """The sentence that refuses a call: one, plain, and without this computer's folders."""
        sent = self.upload(image) if isinstance(image, Path) else image
        defaults = CLASSIFY if endpoint == "classify" else EXPLAIN
        event, content = self.post(endpoint, [sent, *(defaults | asked).values()])
        assert event == "error"
        return plain(content["error"], self.folder)


CLASSIFY = {"models": [VIT], "labels": ""}
EXPLAIN = {
    "model": VIT,
    "method": "attention",
    "target": None,
    "layer": None,
    "head": None,
    "labels": "",
    "patch": None,
    "versus": None,
}


def plain(sentence: str, folder: Path) -> str:
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 300
    for private in (str(folder), str(ROOT), "Traceback", "Error", "gradio/"):
        assert private not in sentence
    return sentence


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(folder / "cache"))
        with gr.Blocks() as blocks:
            api.add()
            removal.add()
        blocks.queue(max_size=64)
        _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, show_error=False)
        yield Served(address, folder)
        blocks.close()


def picture(seed: int) -> Image.Image:
    """A blot of one colour on another, unlike any other seed's."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:96, :128]
    blot = (rows - rng.uniform(20, 76)) ** 2 + (cols - rng.uniform(20, 108)) ** 2 < 600
    colours = rng.integers(0, 256, (2, 3))
    return Image.fromarray(colours[blot.astype(int)].astype(np.uint8))


@pytest.fixture(scope="module")
def blot(tmp_path_factory):
    """The path of one good photo."""
    path = tmp_path_factory.mktemp("photos") / "blot.png"
    picture(0).save(path)
    return path


def own_answer(image: Image.Image, name: str) -> list[tuple[str, float]]:
    return load(name).trace(image, gradients=False).top(5)


def same(answers: list[dict], expected: list[tuple[str, float]]) -> None:
    assert [answer["label"] for answer in answers] == [label for label, _ in expected]
    shares = [answer["probability"] for answer in answers]
    np.testing.assert_allclose(shares, [share for _, share in expected], atol=1e-4)


# What the endpoints answer.


def test_classify_gives_each_models_five_likeliest_labels(served, blot):
    answers = served.classify(blot, NAMES)
    assert list(answers) == NAMES
    for name in NAMES:
        assert [set(answer) for answer in answers[name]] == [{"label", "probability"}] * 5
        same(answers[name], own_answer(picture(0), name))


def test_labels_are_clips_texts_verbatim_and_leave_the_others_alone(served, blot):
    texts = ["a red cup", "  <b>a dog</b> & {} ", "a photo of a cat"]
    answers = served.classify(blot, NAMES, "\n".join(texts))
    assert sorted(answer["label"] for answer in answers[CLIP]) == sorted(texts)
    assert sum(answer["probability"] for answer in answers[CLIP]) == pytest.approx(1)
    assert answers[VIT] == served.classify(blot, [VIT])[VIT]


@pytest.mark.parametrize(
    ("name", "method"),
    [
        (name, key)
        for name in NAMES
        for key, method in METHODS.items()
        if name == VIT or not method.needs_model  # slow ones once
    ],
)
def test_explain_answers_what_the_engine_finds(served, blot, name, method):
    model = load(name)
    trace = model.trace(picture(0), gradients=False)
    again = {"model": model, "image": picture(0)} if METHODS[method].needs_model else {}
    expected = explain_trace(trace, method, **again)
    overlay, numbers = served.explain(blot, name, method)
    said = {"map", "rows", "cols", "target", "score", "top", "signed", "note", "check"}
    assert set(numbers) == said
    assert (numbers["check"] is None) == (method not in ADDING_UP)
    assert (numbers["rows"], numbers["cols"]) == expected.shape
    np.testing.assert_allclose(numbers["map"], expected, atol=1e-4 * np.abs(expected).max())
    assert numbers["target"] == trace.labels[trace.target]
    assert numbers["score"] == pytest.approx(trace.score, abs=1e-3)
    assert numbers["signed"] == METHODS[method].signed
    same(numbers["top"], trace.top(5))
    assert Path(overlay).read_bytes().startswith(b"\x89PNG")
    assert Image.open(overlay).width > 500


def test_why_one_class_and_not_another(served, blot):
    model, labels = load(VIT), load(VIT).labels
    asked = {"target": labels[3], "versus": labels[4]}
    _, numbers = served.explain(blot, VIT, "relevance", **asked)
    one, other = (model.trace(picture(0), each, gradients=False) for each in (3, 4))
    again = {"model": model, "image": picture(0)}
    wanted = explain_trace(one, "relevance", **again) - explain_trace(other, "relevance", **again)
    np.testing.assert_allclose(numbers["map"], wanted, atol=1e-4)
    check = numbers["check"]
    assert check["score"] == pytest.approx(one.score - other.score, abs=1e-3)
    assert check["sum"] + check["rest"] + check["error"] == pytest.approx(check["score"], abs=1e-9)
    assert abs(check["error"]) < 1e-4
    with pytest.raises(AppError, match="takes no versus"):
        served.explain(blot, VIT, "rollout", versus=labels[4])
    with pytest.raises(AppError, match="Versus is a label"):
        served.explain(blot, VIT, "relevance", versus=[1])


def test_layer_head_and_patch_choose_the_map(served, blot):
    trace = load(VIT).trace(picture(0), gradients=False)
    asked = {"layer": 1, "head": 2, "patch": [3, 5]}
    _, numbers = served.explain(blot, VIT, "attention", **asked)
    expected = explain_trace(trace, "attention", layer=1, head=2, patch=(3, 5))
    np.testing.assert_allclose(numbers["map"], expected, atol=1e-5)
    _, numbers = served.explain(blot, VIT, "rollout", layer=0)
    np.testing.assert_allclose(numbers["map"], explain_trace(trace, "rollout", layer=0), atol=1e-5)


def test_faithfulness_is_the_engines_own(served, blot):
    model = load(VIT)
    trace = model.trace(picture(0), target=3, gradients=False)
    found = served.request(
        "faithfulness", blot, VIT, "relevance", target=3, steps=4, fill="mean", seed=7
    )
    wanted = faithfulness(trace, "relevance", model, picture(0), steps=4, fill="mean", seed=7)
    assert set(found) == set(vars(wanted)) and len(found["most_first"]) == 5
    assert found["srg"] == pytest.approx(wanted.srg, abs=1e-3)
    assert found["fill"] == "mean" and found["verdict"] == wanted.verdict
    assert found["random"] == pytest.approx(wanted.random, abs=1e-3)
    for wrong, sentence in (
        ({"steps": 29}, "1 to 28"),
        ({"fill": "black"}, "no fill 'black'"),
        ({"method": "magic"}, "no method"),
    ):
        with pytest.raises(AppError, match=sentence):
            served.request("faithfulness", blot, VIT, **({"method": "rollout"} | wrong))


def test_ablate_is_the_engines_own(served, blot):
    model = load(CLIP)
    trace = model.trace(picture(0), gradients=False)
    asked = {"heads": [[0, 1], [0, 1]], "blocks": [2], "patches": [[1, 1]]}
    found = served.request("ablate", blot, CLIP, **asked)
    wanted = ablate(trace, model, picture(0), [(0, 1)], [2], [(1, 1)])
    assert found["score_before"] == pytest.approx(wanted.score_before, abs=1e-3)
    assert found["score_after"] == pytest.approx(wanted.score_after, abs=1e-3)
    assert [answer["label"] for answer in found["after"]] == [label for label, _ in wanted.after]
    for wrong, sentence in (
        ({"heads": [[0]]}, "list of .layer, head."),
        ({"blocks": ["1"]}, "whole numbers"),
        ({"patches": [[99, 0]]}, "on the grid of"),
        ({"blocks": [99]}, "layers 0 to"),
    ):
        with pytest.raises(AppError, match=sentence):
            served.request("ablate", blot, CLIP, **wrong)


def test_a_target_is_a_label_or_its_index(served, blot):
    labels = load(VIT).labels
    _, by_label = served.explain(blot, VIT, "gradcam", target=labels[3])
    _, by_index = served.explain(blot, VIT, "gradcam", target=3)
    assert by_label == by_index
    assert by_label["target"] == labels[3]
    expected = load(VIT).trace(picture(0), target=3, gradients=False)
    np.testing.assert_allclose(by_label["map"], explain_trace(expected, "gradcam"), atol=1e-4)


def test_a_target_may_be_one_of_clips_own_texts(served, blot):
    texts = "a <i>red</i> cup\na dog"
    _, numbers = served.explain(blot, CLIP, "gradcam", labels=texts, target="a <i>red</i> cup")
    assert numbers["target"] == "a <i>red</i> cup"
    assert {answer["label"] for answer in numbers["top"]} == set(texts.split("\n"))


def test_what_clip_cannot_read_is_noted(served, blot):
    _, numbers = served.explain(blot, CLIP, "attention", labels="a dog\na cat")
    assert numbers["note"] == ""
    _, numbers = served.explain(blot, CLIP, "attention", labels="a dog\n" + "a cup " * 45)
    assert "1 of its texts are cut off" in numbers["note"]


def test_any_program_can_ask_by_plain_http(served, blot):
    values = [served.upload(blot), [VIT], ""]
    event, content = served.post("classify", values)
    assert event == "complete"
    same(content[0][VIT], own_answer(picture(0), VIT))


def test_a_client_raises_the_sentence(served, blot):
    with pytest.raises(AppError, match="Models is a list"):
        served.classify(blot, [])


# What the endpoints are.


def test_the_page_has_these_endpoints_and_no_other():
    import app

    described = app.page().get_api_info()
    assert not described["unnamed_endpoints"]
    names = {
        endpoint: [parameter["parameter_name"] for parameter in content["parameters"]]
        for endpoint, content in described["named_endpoints"].items()
    }
    assert names == {
        "/classify": ["image", "models", "labels"],
        "/explain": [
            *("image", "model", "method", "target"),
            *("layer", "head", "labels", "patch", "versus"),
        ],
        "/faithfulness": [
            *("image", "model", "method", "target", "labels"),
            *("layer", "steps", "fill", "seed"),
        ],
        "/ablate": [
            *("image", "model", "heads", "blocks", "patches"),
            *("target", "labels", "fill"),
        ],
        "/score_prompts": ["model", "imageset", "classes", "templates"],
        "/embedding_map": ["model", "imageset", "method", "seed"],
        "/compare": ["models", "imageset", "templates", "label_maps"],
    }


# Photos nobody expects: the right picture.


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def lying_on_its_side() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return encoded(picture(0).transpose(Image.Transpose.ROTATE_90), exif=exif)


def see_through() -> bytes:
    """The blot alone, on nothing."""
    alpha = picture(0).convert("RGBA")
    ground = np.asarray(picture(0)) == np.asarray(picture(0))[0, 0]
    alpha.putalpha(Image.fromarray(np.where(ground.all(-1), 0, 255).astype(np.uint8)))
    return encoded(alpha)


def grey() -> Image.Image:
    return picture(0).convert("L")


def on_white() -> Image.Image:
    pixels = np.array(picture(0))
    pixels[(pixels == pixels[0, 0]).all(-1)] = 255
    return Image.fromarray(pixels)


ODD = {
    "turned by EXIF": (lying_on_its_side(), picture(0)),
    "see-through": (see_through(), on_white()),
    "grey": (encoded(grey()), grey()),
    "16-bit grey": (encoded(Image.fromarray(np.asarray(grey()).astype(np.uint16) * 257)), grey()),
    "palette": (encoded(picture(0).quantize(2, dither=Image.Dither.NONE)), picture(0)),
    "moving": (
        encoded(picture(0), save_all=True, append_images=[picture(1)], duration=50),
        picture(0),
    ),
    "inks": (encoded(picture(0).convert("CMYK"), "TIFF"), picture(0)),
    "one pixel": (encoded(Image.new("RGB", (1, 1), "red")), Image.new("RGB", (8, 8), "red")),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_photo_is_seen_as_the_plain_one(served, tmp_path, kind):
    content, meant = ODD[kind]
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    same(served.classify(path, [VIT])[VIT], own_answer(meant, VIT))
    overlay, _ = served.explain(path, VIT, "attention")
    assert Path(overlay).read_bytes().startswith(b"\x89PNG")


# Photos that are none: one sentence.

BAD = {
    "a text": (b"no image at all, whatever its name", photo.UNREADABLE),
    "nothing": (b"", photo.UNREADABLE),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', photo.UNREADABLE),
    "cut short": (encoded(picture(0).resize((400, 300)), "JPEG")[:2000], photo.DAMAGED),
    "a bomb": (encoded(Image.new("1", (9000, 9000))), photo.TOO_LARGE),
    "a strip": (encoded(Image.new("L", (1, 10_000))), photo.TOO_LONG),
    "float": (encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"), photo.UNSHOWABLE),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_photo_gets_its_sentence(served, tmp_path, kind):
    content, expected = BAD[kind]
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    assert served.refusal("classify", path) == expected
    assert served.refusal("explain", path) == expected


def test_no_photo_gets_a_sentence(served):
    assert served.refusal("classify", None).startswith("There is no photo")
    assert served.refusal("explain", None).startswith("There is no photo")


@pytest.mark.parametrize("place", ["/etc/passwd", str(ROOT / "README.md"), "../README.md"])
@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_files_of_the_server_are_out_of_reach(served, place, meta):
    event, content = served.post("classify", [{"path": place, **meta}, [VIT], ""])
    assert event == "error"
    assert "root:" not in str(content)


def test_addresses_are_not_fetched(served):
    for address in ("http://127.0.0.1:9/photo.png", "https://example.org/photo.png"):
        sent = {"path": address, "meta": {"_type": "gradio.FileData"}}
        assert "not fetched" in served.refusal("classify", sent)
        event, content = served.post("classify", [None, [sent], ""])
        assert event == "error"
        assert "not fetched" in str(content)


# Questions that make no sense: one sentence.


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], "list of 1 to"),
        ([VIT] * (arguments.MODELS_AT_ONCE + 1), "list of 1 to"),
        ("pocket-vit", "list of 1 to"),
        (None, "list of 1 to"),
        ({"a": 1}, "list of 1 to"),
        ([7], "A model is a name"),
        ([""], "A model is a name"),
        (["x" * 5000], "A model is a name"),
        ([VIT, "no-such-model"], "not a model Headlight knows"),
        (["../models/pocket/vit"], "not a model Headlight knows"),
        (["models/pocket/vit"], "not a model Headlight knows"),
        (["/etc/passwd"], "not a model Headlight knows"),
        (["owner/..name"], "not a model Headlight knows"),
        (["<script>alert(1)</script>"], "not a model Headlight knows"),
    ],
)
def test_models_that_are_none(served, blot, models, words):
    assert words in served.refusal("classify", blot, models=models)


@pytest.mark.parametrize("model", [None, 7, "", "x" * 5000, ["pocket-vit"], "../pocket-vit"])
def test_one_model_that_is_none(served, blot, model):
    assert "model" in served.refusal("explain", blot, model=model)


def test_a_folder_named_like_an_id_is_not_opened(served, blot, tmp_path, tiny_folder, monkeypatch):
    """The checkpoint lies at owner/name from where the app was started; strangers get the Hub's."""
    (tmp_path / "owner").mkdir()
    (tmp_path / "owner" / "name").symlink_to(tiny_folder("vit"))
    monkeypatch.chdir(tmp_path)

    def unreachable(name, token=None):
        raise ConnectionError(f"No internet, and {name} is not on this computer.")

    monkeypatch.setattr("models.hub.fetch", unreachable)
    assert "No internet" in served.refusal("explain", blot, model="owner/name")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("a cat\n\na dog", "Line 2 of the labels is empty"),
        ("a cat\n   \na dog", "Line 2 of the labels is empty"),
        ("a cat\na dog\na cat", "Line 3 repeats"),
        ("a cat\n" + "x" * 5000, "Line 2 of the labels is 5,000 characters long"),
        ("\n".join(map(str, range(1001))), "There are 1,001 labels"),
    ],
)
def test_labels_that_do_not_fit(served, blot, labels, words):
    assert words in served.refusal("classify", blot, models=[CLIP], labels=labels)
    assert words in served.refusal("explain", blot, model=CLIP, labels=labels)


def test_one_label_is_a_question_too(served, blot):
    assert served.classify(blot, [CLIP], "a cat\n")[CLIP] == [{"label": "a cat", "probability": 1}]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"layer": 99}, "has layers 0 to"),
        ({"layer": -1}, "has layers 0 to"),
        ({"layer": 10**30}, "has layers 0 to"),
        ({"layer": 1.5}, "The layer is a whole number"),
        ({"layer": "1"}, "The layer is a whole number"),
        ({"layer": True}, "The layer is a whole number"),
        ({"layer": [1] * 5000}, "The layer is a whole number"),
        ({"head": 99}, "has heads 0 to"),
        ({"head": -1}, "has heads 0 to"),
        ({"head": {}}, "The head is a whole number"),
        ({"patch": [99, 0]}, "on this layer's grid"),
        ({"patch": [0, -1]}, "on this layer's grid"),
        ({"patch": [0]}, "The patch is [row, col]"),
        ({"patch": [0.5, 1]}, "The patch is [row, col]"),
        ({"patch": "0,1"}, "The patch is [row, col]"),
        ({"target": "no such label"}, "not among"),
        ({"target": "<img src=x onerror=alert(1)>"}, "not among"),
        ({"target": 15_000}, "one of the labels"),
        ({"target": -1}, "one of the labels"),
        ({"target": "x" * 5000}, "The target is a label"),
        ({"target": ["cat"]}, "The target is a label"),
        ({"target": True}, "The target is a label"),
    ],
)
def test_questions_that_do_not_fit(served, blot, asked, words):
    assert words in served.refusal("explain", blot, **asked)


@pytest.mark.parametrize(
    ("method", "asked", "words"),
    [
        ("no-such-method", {}, "There is no method"),
        ("", {}, "There is no method"),
        ("x" * 5000, {}, "There is no method"),
        ("gradcam", {"layer": 1}, "takes no layer"),
        ("rollout", {"head": 1}, "takes no head"),
        ("rollout", {"patch": [1, 1]}, "takes no patch"),
    ],
)
def test_methods_that_do_not_fit(served, blot, method, asked, words):
    assert words in served.refusal("explain", blot, method=method, **asked)


def test_labels_for_a_model_that_reads_none(served, blot):
    assert "labels" in served.refusal("explain", blot, labels="a cat\na dog")


# Everyone at once.


def test_ten_programs_each_get_their_own_answer(served, tmp_path):
    paths = [tmp_path / f"{seed}.png" for seed in range(10)]
    for seed, path in enumerate(paths):
        picture(100 + seed).save(path)
    expected = [
        (own_answer(picture(100 + seed), VIT), load(SWIN).trace(picture(100 + seed)))
        for seed in range(10)
    ]
    assert len({str(answer) for answer, _ in expected}) == 10

    def program(path: Path) -> tuple[dict, tuple[str, dict]]:
        mine = Served(served.address, served.folder)
        return mine.classify(path, [VIT]), mine.explain(path, SWIN, "rollout")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(program, paths))
    for (classified, (_, numbers)), (top, trace) in zip(answers, expected, strict=True):
        same(classified[VIT], top)
        assert numbers["score"] == pytest.approx(trace.score, abs=1e-3)
        np.testing.assert_allclose(numbers["map"], explain_trace(trace, "rollout"), atol=1e-5)


def test_a_bug_is_not_shown_and_the_app_goes_on(served, blot, monkeypatch):
    def broken(*_values, **_named):
        raise RuntimeError(f"secret of {ROOT}")

    monkeypatch.setattr(api, "classified", broken)
    with pytest.raises(AppError) as caught:
        served.classify(blot, [VIT])
    assert "secret" not in str(caught.value)
    monkeypatch.setattr(
        api, "classified", lambda *_: (_ for _ in ()).throw(OSError(2, "x", "/etc"))
    )
    with pytest.raises(AppError) as caught:
        served.classify(blot, [VIT])
    assert "/etc" not in str(caught.value)
    monkeypatch.undo()
    same(served.classify(blot, [VIT])[VIT], own_answer(picture(0), VIT))
