"""The Map tab and /embedding_map without a browser: what they answer, to whom they say it, and what they refuse."""

import base64
import gc
import io
import json
import subprocess
import sys
import threading
import types
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from scipy.spatial import procrustes
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

import app
import models
from explain.maps import tsne
from explain.maps.projection import project
from imagesets import load_set
from models import Entry, load
from tabs import map as tab
from tabs import sets
from tabs.map import projections, sheets
from tabs.map.asks import map_asked
from tabs.wiring.slowly import silent

ROOT = Path(__file__).parent.parent
COLOURS = {"dog": (200, 30, 30), "cat": (30, 200, 30), "cup": (30, 30, 200)}
TINY = {"vit": "tiny-vit", "swin": "tiny-swin", "clip": "tiny-clip"}
EACH = 12


@pytest.fixture(scope="module", autouse=True)
def tiny_catalogue(tiny_folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        for family, name in TINY.items():
            kind = "hf_clip" if family == "clip" else family
            patch.setitem(
                models.CATALOGUE, name, Entry(name, family, "tiny", Path(tiny_folder(kind)))
            )
            if family != "clip":
                model = load(name)
                labels = [*COLOURS, *(f"thing {n}" for n in range(len(model.labels) - 3))]
                patch.setattr(model, "labels", tuple(labels))
        yield


def zipped(path, pictures):
    """A zip of {name inside: (height, width, 3) pixels}."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, pixels in pictures.items():
            file = io.BytesIO()
            Image.fromarray(np.asarray(pixels, np.uint8)).save(file, "PNG")
            archive.writestr(name, file.getvalue())
    return str(path)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    random = np.random.default_rng(5)
    return zipped(
        tmp_path_factory.mktemp("sets") / "things.zip",
        {
            f"{kind}/{name}/{place}.png": np.clip(random.normal(colour, 40, (24, 24, 3)), 0, 255)
            for kind in ("plain", "odd")
            for name, colour in COLOURS.items()
            for place in range(EACH)
        },
    )


def raw(serial=1, **asked):
    return {"serial": serial, "file": True, "models": TINY, "template": "a {}", **asked}


def asked(packed, **changes):
    return map_asked(raw(**changes), packed)


def last(answers):
    return list(answers)[-1]


def points(answer):
    values = np.frombuffer(base64.b64decode(answer["points"]["data"]), "<f4")
    return values.reshape(answer["points"]["shape"])


def test_the_set_is_told_with_every_models_answers(packed):
    *steps, found = tab.prepare(raw(7), packed)
    assert steps and all(step["serial"] == 7 for step in steps)
    images = load_set(packed)
    truth = [images.classes.index(item.label) for item in images.items]
    assert found["labels"] == truth and found["classes"] == images.classes
    assert found["names"] == [item.name for item in images.items]
    assert [found["conditions"][kind] for kind in found["kinds"]] == [
        item.condition for item in images.items
    ]
    assert found["chosen"] == list(range(len(images.items)))
    contents = [item.content for item in images.items]
    for family in ("vit", "swin"):
        logits = load(TINY[family]).classify(contents)[:, :3]
        names = [list(COLOURS)[best] for best in logits.argmax(1)]
        answers = found["models"][family]["answers"]
        assert [images.classes[answer] for answer in answers] == names
        right = np.mean(
            [name == item.label for name, item in zip(names, images.items, strict=True)]
        )
        assert found["models"][family]["accuracy"] == pytest.approx(right)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("method", ["tsne", "umap", "pca"])
def test_a_map_is_of_the_models_own_embedding_and_says_how_good_it_is(method, packed):
    answer = last(tab.arrange(raw(method=method), packed, "clip"))
    found = points(answer)
    contents = [item.content for item in load_set(packed).items]
    features = load(TINY["clip"]).embed(contents, pool="joint").numpy()
    assert found.shape == (len(contents), 2)
    quality = answer["quality"]
    assert quality["trustworthiness"] == pytest.approx(
        trustworthiness(features, found, n_neighbors=10), abs=0.02
    )
    labels = np.array([item.label for item in load_set(packed).items])
    near = NearestNeighbors(n_neighbors=10).fit(found).kneighbors(return_distance=False)
    assert quality["purity"] == pytest.approx((labels[near] == labels[:, None]).mean(), abs=1e-6)
    assert answer["space"] == "joint space" and answer["joint"]
    json.dumps(answer, allow_nan=False)


def test_the_maps_of_all_models_lie_over_the_first(packed):
    first = projections.arranged(asked(packed), "vit", silent)
    second = projections.arranged(asked(packed), "swin", silent)
    alone = projections.arranged(asked(packed, models={"swin": TINY["swin"]}), "swin", silent)
    _, _, wanted = procrustes(first.points, alone.points)
    _, _, same = procrustes(first.points, second.points)
    assert same == pytest.approx(wanted, abs=1e-5)  # turned and scaled as a whole, nothing more
    middles = [found.points.mean(0) for found in (first, second)]
    np.testing.assert_allclose(*middles, atol=1e-3)
    spreads = [np.linalg.norm(found.points - found.points.mean(0)) for found in (first, second)]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-4)


def test_layers_are_read_in_one_pass_and_named(packed, monkeypatch, tmp_path):
    passes, encode = [], sets._encode

    def counted(name, items, spaces):
        passes.append((name, list(spaces)))
        yield from encode(name, items, spaces)

    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(sets, "_features", type(sets._features)(10**9, sets._feature_size))
    monkeypatch.setattr(sets, "_encode", counted)
    words = [
        last(tab.arrange(raw(depth=depth, pool="mean"), packed, "vit"))["space"]
        for depth in (0, 0.5, 1)
    ]
    assert words == [f"layer {n} of 3, mean of patches" for n in (1, 2, 3)]
    mean = [spaces for name, spaces in passes if name == TINY["vit"] and spaces[0][0] == "mean"]
    assert mean == [[("mean", 0), ("mean", 1)], [("mean", None)]]
    model = load(TINY["vit"])
    found = projections.arranged(asked(packed, depth=0.5, pool="mean"), "vit", silent)
    contents = [item.content for item in load_set(packed).items]
    np.testing.assert_allclose(found.features, model.embed(contents, 1, "mean"), atol=1e-5)


def test_a_placed_picture_of_the_set_lands_on_itself(packed, tmp_path):
    item = load_set(packed).items[5]
    path = tmp_path / "photo.png"
    path.write_bytes(item.content if isinstance(item.content, bytes) else item.content.read_bytes())
    for method in ("tsne", "umap", "pca"):
        answer = tab.place(raw(method=method), packed, str(path))
        for family in TINY:
            found = projections.arranged(asked(packed, method=method), family, silent)
            mark = answer["marks"][family]
            spread = np.ptp(found.points, axis=0).max()
            np.testing.assert_allclose([mark["x"], mark["y"]], found.points[5], atol=spread * 1e-3)
            assert mark["places"][0] == 5 and mark["similarities"][0] == pytest.approx(1, abs=1e-4)


def test_prompts_move_with_the_template_and_bring_the_answers(packed):
    first, second = (tab.prompts(raw(template=template), packed) for template in ("a {}", "{} zz"))
    assert [mark["label"] for mark in first["marks"]] == list(load_set(packed).classes)
    assert first["marks"] != second["marks"]
    clip = load(TINY["clip"])
    images = load_set(packed)
    texts = [f"{name} zz" for name in images.classes]
    wanted = clip.classify([item.content for item in images.items], labels=texts).argmax(1)
    assert second["answers"] == wanted.tolist()
    pictures = clip.embed([item.content for item in images.items], pool="joint").numpy()
    pictures /= np.linalg.norm(pictures, axis=1, keepdims=True)
    cosines = clip.embed_texts(texts).numpy() @ pictures.T
    for mark, text, row in zip(second["marks"], texts, cosines, strict=True):
        assert mark["says"] == text
        np.testing.assert_allclose(row[mark["places"]], np.sort(row)[::-1][:8], atol=1e-5)
        np.testing.assert_allclose(mark["similarities"], row[mark["places"]], atol=1e-5)
    elsewhere = tab.prompts(raw(pool="mean"), packed)
    assert elsewhere["marks"] == [] and "joint space" in elsewhere["note"]
    wrong = tab.prompts(raw(template="no slot"), packed)["wrong"]
    assert wrong["field"] == "templates" and wrong["line"] == 1


def test_the_nearest_are_the_nearest(packed):
    answer = tab.near(raw(places=[3]), packed)["near"]
    for family in TINY:
        features = projections.arranged(asked(packed), family, silent).features.numpy()
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        order = np.argsort(-(unit @ unit[3]), kind="stable")
        assert answer[family]["places"] == [place for place in order if place != 3][:8]


def test_sheets_hold_the_pictures_in_order(packed):
    answer = tab.thumbs(raw(places=[4, 0, 30, 10_000]), packed)
    assert answer["places"] == [4, 0, 30]
    whole = Image.open(io.BytesIO(base64.b64decode(answer["src"].split(",")[1])))
    items = load_set(packed).items
    for place, index in enumerate(answer["places"]):
        row, column = divmod(place, answer["columns"])
        tile = whole.crop(
            (
                column * sheets.TILE,
                row * sheets.TILE,
                (column + 1) * sheets.TILE,
                (row + 1) * sheets.TILE,
            )
        )
        wanted = Image.open(io.BytesIO(items[index].content)).resize((sheets.TILE, sheets.TILE))
        assert abs(np.asarray(tile, float) - np.asarray(wanted, float)).mean() < 12


@pytest.mark.parametrize("method", ["tsne", "umap", "pca"])
def test_odd_sets_get_a_map_or_one_sentence(method, tmp_path):
    grey = np.full((8, 8, 3), 90)
    odd = {
        "one": {"cup/0.png": grey},
        "two": {"cup/0.png": grey, "dog/1.png": grey + 50},
        "same": {f"cup/{n}.png": grey for n in range(9)} | {"dog/9.png": grey},
        "class": {f"cup/{n}.png": grey + n for n in range(12)},
    }
    for name, pictures in odd.items():
        packed = zipped(tmp_path / f"{name}.zip", pictures)
        assert "error" not in last(tab.prepare(raw(), packed))
        answer = last(tab.arrange(raw(method=method), packed, "vit"))
        found = points(answer)
        assert found.shape == (len(pictures), 2) and np.isfinite(found).all()
        json.dumps(answer, allow_nan=False)
        if name != "class" and (name, method) != ("two", "pca"):
            assert answer["notes"], name
        if name == "same":
            assert np.ptp(found, axis=0).max() == pytest.approx(0, abs=1e-4)


def test_a_model_that_is_not_there_does_not_take_the_others_away(packed, point_at):
    point_at("http://127.0.0.1:9")
    chosen = {**TINY, "swin": "nobody/nothing"}
    found = last(tab.prepare(raw(models=chosen), packed))
    assert found["models"]["swin"]["error"].startswith("No internet")
    assert found["models"]["vit"]["answers"] and found["models"]["clip"]["answers"]
    wrong = last(tab.prepare(raw(models={"vit": TINY["swin"]}), packed))
    assert "choose it in that column" in wrong["error"]


def test_a_classifier_of_other_things_still_has_a_map(packed, monkeypatch):
    model = load(TINY["vit"])
    monkeypatch.setattr(model, "labels", tuple(f"LABEL_{n}" for n in range(len(model.labels))))
    found = last(tab.prepare(raw(models={"vit": TINY["vit"]}), packed))
    assert (
        found["models"]["vit"]["silent"].endswith(".") and "answers" not in found["models"]["vit"]
    )
    assert points(last(tab.arrange(raw(models={"vit": TINY["vit"]}), packed, "vit"))).shape[0]


@pytest.mark.parametrize(
    "sent",
    [None, 3, {}, {"file": True}, {"set": "/etc"}, {"set": "toybox", "models": {"vit": 3}}],
)
def test_nonsense_gets_one_sentence(sent):
    answer = last(tab.prepare(sent, None))
    assert set(answer) == {"error", "serial"} and answer["error"].endswith(".")


def test_strange_numbers_are_brought_into_range(packed):
    found = asked(
        packed,
        perplexity=1e9,
        neighbors="x",
        min_dist=float("nan"),
        seed=-3,
        depth=True,
        method=["tsne"],
        pool="../",
        limit=7,
        places=[1, -1, "2", True, 3],
    )
    assert found.options == {"perplexity": 200, "neighbors": 15, "min_dist": 0.1}
    assert (found.seed, found.depth, found.method, found.pool) == (0, 1.0, "tsne", "answer")
    assert found.limit == 2000 and found.places == (1, 3)


@pytest.mark.parametrize("name", ["depth", "seed", "perplexity", "neighbors", "min_dist"])
@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf")])
def test_no_number_is_too_large(name, value, packed):
    found = asked(packed, **{name: value})
    told = found.options[name] if name in found.options else getattr(found, name)
    assert np.isfinite(told)


def test_without_its_model_a_map_is_one_sentence(packed):
    for models_asked in ({}, {"vit": TINY["vit"]}):
        answer = last(tab.arrange(raw(models=models_asked), packed, "clip"))
        assert answer["error"] == "Choose a model."
    assert "pick another" in tab.look(raw(places=[]), packed)["error"]
    assert tab.look(raw(places=[99999, 2]), packed)["place"] == 2


def test_what_is_kept_of_a_map_is_counted_and_holds_no_set(packed, monkeypatch):
    monkeypatch.setattr(
        projections, "_projected_maps", type(projections._projected_maps)(10**9, projections._size)
    )
    found = projections.arranged(asked(packed, method="tsne"), "vit", silent)
    code = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    held, todo = {}, [found]
    while todo:
        each = todo.pop()
        if id(each) not in held and type(each) not in code and not isinstance(each, type):
            held[id(each)] = each
            todo += gc.get_referents(each)
    kinds = {type(each).__name__ for each in held.values()}
    assert "TSNEEmbedding" in kinds
    assert not kinds & {"ImageSet", "Item", "EmbeddedSet", "Vit"}
    arrays = [each for each in held.values() if isinstance(each, np.ndarray) and each.base is None]
    assert projections._projected_maps.total >= 0.8 * sum(each.nbytes for each in arrays)


def test_closing_a_map_stops_the_work(packed, monkeypatch):
    ended = []

    def watched(*given, **named):
        try:
            return project(*given, **named)
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    monkeypatch.setattr(projections, "project", watched)
    going = tab.arrange(raw(method="tsne", seed=99, perplexity=3), packed, "vit")
    assert "done" in next(going)
    going.close()
    for thread in threading.enumerate():
        if thread.name.endswith("(run)"):
            thread.join(20)
            assert not thread.is_alive()
    assert ended == ["Stopped"]


def test_a_map_leaves_this_process_free(packed, monkeypatch):
    def unused(*given, **named):
        raise AssertionError("made where questions about photos are answered")

    monkeypatch.setattr(tsne, "tsne", unused)
    found = projections.arranged(asked(packed, method="tsne", seed=77), "vit", silent)
    assert np.ptp(found.points) > 0


def test_twenty_people_at_once_get_one_map(packed, monkeypatch):
    made = []
    monkeypatch.setattr(
        projections, "project", lambda *given, **named: made.append(1) or project(*given, **named)
    )

    def person(_):
        return points(last(tab.arrange(raw(seed=55), packed, "vit"))).tobytes()

    with ThreadPoolExecutor(20) as people:
        assert len(set(people.map(person, range(20)))) == 1
    assert len(made) == 1


def test_the_same_seed_gives_the_same_map_in_another_process():
    script = f"""
import json, sys; sys.path.insert(0, {str(ROOT)!r})
from tabs.api.map import embedding_map
print(json.dumps([(p["x"], p["y"]) for p in embedding_map("pocket-vit", "toybox", "tsne", 3)["points"]]))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True
        ).stdout
        for _ in range(2)
    ]
    first, second = (np.array(json.loads(run.splitlines()[-1])) for run in runs)
    np.testing.assert_allclose(first, second, atol=1e-4)


# /embedding_map.


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        blocks = app.page()
        _, address, _ = app.launch(blocks, prevent_thread_lock=True, quiet=True)
        yield Client(address, verbose=False)
        blocks.close()


def test_the_endpoint_answers_as_told(packed, page):
    answer = page.predict(TINY["vit"], handle_file(packed), "pca", 0, api_name="/embedding_map")
    items = load_set(packed).items
    assert [(p["label"], p["condition"], p["file"]) for p in answer["points"]] == [
        (item.label, item.condition, item.name) for item in items
    ]
    found = projections.arranged(
        asked(packed, models={"vit": TINY["vit"]}, method="pca"), "vit", silent
    )
    np.testing.assert_allclose(
        [[p["x"], p["y"]] for p in answer["points"]], found.points, atol=1e-5
    )
    assert 0 <= answer["purity"] <= 1 and 0 <= answer["trustworthiness"] <= 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("tiny-vit", "toybox", "magic", 0), "There is no method 'magic'"),
        (("tiny-vit", "toybox", "tsne", -1), "The seed is a whole number"),
        (("tiny-vit", "toybox", "tsne", "x"), "seed"),
        (("/etc", "toybox", "tsne", 0), "not a model"),
        (("tiny-vit", "/etc/passwd", "tsne", 0), "not an image set"),
    ],
)
def test_the_endpoint_refuses_in_one_sentence(given, told, page):
    with pytest.raises(AppError, match=told):
        page.predict(*given, api_name="/embedding_map")
