"""The Compare tab and /compare without a browser: what they count, what they leave out, and what they refuse."""

import base64
import io
import json
import re
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import html5lib
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from scipy.special import softmax
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar
from statsmodels.stats.multitest import multipletests

import models
from draw import laid_over
from explain import explain
from imagesets import load_set
from models import Entry, load
from tabs import compare
from tabs.api import compare as compare_api
from tabs.compare import figures

FAMILIES = {"vit": "level-vit", "swin": "level-swin", "clip": "level-clip"}
KINDS = {"vit": "vit", "swin": "swin_padded", "clip": "hf_clip"}
CLASSES = ("cat", "cup", "dog")
CONDITIONS = ("plain", "striped")
EACH = 8  # pictures of a class and condition
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def tiny_catalogue(tiny_folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        for family, name in FAMILIES.items():
            folder = Path(tiny_folder(KINDS[family]))
            patch.setitem(models.CATALOGUE, name, Entry(name, family, "", folder))
        level()
        yield


def level():
    """Random classifiers answer one class to everything; their biases are moved so that every class gets its share."""
    random = np.random.default_rng(1)
    pictures = [picture(random, place % 2) for place in range(40)]
    for family in ("vit", "swin"):
        model = load(FAMILIES[family])
        model.module.classifier.bias -= model.classify(pictures).mean(0)


def picture(random, striped=False):
    pixels = np.kron(random.integers(0, 256, (4, 4, 3)), np.ones((6, 6, 1))).astype(np.uint8)
    if striped:
        pixels[::4] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A zip of three classes in two conditions; every class is a label of the tiny models."""
    random = np.random.default_rng(5)
    files = {
        f"{kind}/{name}/{place}.png": picture(random, kind == "striped")
        for kind in CONDITIONS
        for name in CLASSES
        for place in range(EACH)
    }
    return zipped(tmp_path_factory.mktemp("sets") / "things.zip", files)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A zip with a class that no tiny model knows, whose name is an attack."""
    random = np.random.default_rng(6)
    rows, files = ["file,label"], {}
    for label in ("dog", "cat", HOSTILE):
        for place in range(4):
            name = f"=cmd() {label[1:4]}{place}.png"
            files[name] = picture(random)
            rows.append(f'{name},"{label}"')
    files["labels.csv"] = "\n".join(rows)
    return zipped(tmp_path_factory.mktemp("sets") / "odd.zip", files)


def answered_by(family, contents, chosen=CLASSES):
    """What a closed-set model answers among the chosen classes, straight from the model."""
    model = load(FAMILIES[family])
    columns = [model.labels.index(name) for name in chosen]
    return np.array(chosen)[model.classify(contents)[:, columns].argmax(1).numpy()]


def labelled_set(path, rows):
    """A zip of (content, label, condition), listed in its labels.csv."""
    files = {f"{place}.png": content for place, (content, _, _) in enumerate(rows)}
    lines = [f"{place}.png,{label},{kind}" for place, (_, label, kind) in enumerate(rows)]
    return zipped(path, files | {"labels.csv": "\n".join(["file,label,condition", *lines])})


def another(name):
    """A class that is not this one."""
    return CLASSES[(CLASSES.index(name) + 1) % len(CLASSES)]


def raw(**changes):
    """What the script sends."""
    asked = {"serial": 1, "set": "toybox", "file": True, "limit": 2000, "models": FAMILIES}
    return asked | {"template": "a photo of a {}", "labels": {}} | changes


def shares_of(family, path, chosen=CLASSES, template="a photo of a {}"):
    """Truth, (pictures, chosen classes) probabilities and the best of all outputs, straight from the model."""
    images, model = load_set(path), load(FAMILIES[family])
    contents = [item.content for item in images.items]
    if family == "clip":
        texts = [template.replace("{}", name) for name in images.classes]
        logits, names = model.classify(contents, labels=texts).double().numpy(), images.classes
    else:
        logits, names = model.classify(contents).double().numpy(), model.labels
    shares = softmax(logits[:, [names.index(name) for name in chosen]], axis=1)
    free = np.array([names[best] for best in logits.argmax(1)])
    return np.array([item.label for item in images.items]), shares, free


def answers_of(path, **settings):
    """(models, pictures) names, and the truth."""
    found = [shares_of(family, path, **settings) for family in FAMILIES]
    return np.array([np.array(CLASSES)[shares.argmax(1)] for _, shares, _ in found]), found[0][0]


# The figures.


@pytest.mark.parametrize("family", FAMILIES)
def test_a_models_figures_are_scikit_learns(family, packed):
    told = compare.attempt(raw(), packed)["models"][family]
    truth, shares, free = shares_of(family, packed)
    answer = np.array(CLASSES)[shares.argmax(1)]
    assert len(set(answer)) > 1
    assert told["overall"]["rate"] == accuracy_score(truth, answer)
    for kind in ("macro", "weighted"):
        wanted = precision_recall_fscore_support(truth, answer, average=kind, zero_division=0)
        found = [told[kind][name] for name in ("precision", "recall", "f1")]
        np.testing.assert_allclose(found, wanted[:3])
    low, high = told["macro"]["interval"]
    assert low <= told["macro"]["f1"] <= high
    if family == "clip":
        assert told["free"] is None
    else:
        assert told["free"]["rate"] == (free == truth).mean()
        assert told["outputs"] == 5
    right, sure = answer == truth, shares.max(1)
    bins = np.minimum((np.ceil(sure * 10) - 1).astype(int), 9)
    gaps = [abs(right[bins == b].sum() - sure[bins == b].sum()) for b in range(10)]
    assert told["ece"] == pytest.approx(sum(gaps) / len(truth), abs=1e-6)
    assert sum(each["total"] for each in told["calibration"]) == len(truth)
    assert told["parameters"] == sum(p.numel() for p in load(FAMILIES[family]).module.parameters())


def test_groups_are_counted_for_every_model(packed):
    answer = compare.attempt(raw(), packed)
    answers, truth = answers_of(packed)
    conditions = np.array([item.condition for item in load_set(packed).items])
    for groups, values in (("per_class", truth), ("per_condition", conditions)):
        assert [group["name"] for group in answer[groups]] == list(dict.fromkeys(values))
        for group in answer[groups]:
            chosen = values == group["name"]
            for row, family in enumerate(FAMILIES):
                share = group["shares"][family]
                assert share["total"] == chosen.sum()
                assert share["correct"] == (answers[row] == truth)[chosen].sum()
    json.dumps(answer)


def test_differences_are_statsmodels(packed):
    answer = compare.attempt(raw(), packed)
    answers, truth = answers_of(packed)
    right = dict(zip(FAMILIES, answers == truth, strict=True))
    assert [(pair["a"], pair["b"]) for pair in answer["pairs"]] == [
        *(("vit", "swin"), ("vit", "clip"), ("swin", "clip"))
    ]
    exact = []
    for pair in answer["pairs"]:
        a, b = right[pair["a"]], right[pair["b"]]
        table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
        assert (pair["only_a"], pair["only_b"]) == (table[0][1], table[1][0])
        exact.append(mcnemar(table, exact=True).pvalue)
        assert pair["p"] == pytest.approx(exact[-1])
        assert pair["gap"] == pytest.approx(a.mean() - b.mean())
        assert pair["low"] <= pair["gap"] <= pair["high"]
    corrected = multipletests(exact, method="holm")[1]
    np.testing.assert_allclose([pair["p_holm"] for pair in answer["pairs"]], corrected)
    together = cochrans_q(np.array(list(right.values())).T.astype(int))
    assert answer["cochran"]["q"] == pytest.approx(together.statistic)
    assert answer["cochran"]["p"] == pytest.approx(together.pvalue)


def test_every_picture_is_in_one_pattern(packed):
    answer = compare.attempt(raw(), packed)
    answers, truth = answers_of(packed)
    right = answers == truth
    wanted = Counter(map(tuple, right.T.tolist()))
    whole = [cell for cell in answer["cells"] if not cell["within"]]
    assert {tuple(cell["right"].values()): cell["count"] for cell in whole if cell["count"]} == (
        wanted
    )
    assert sum(cell["count"] for cell in whole) == len(truth) == answer["pictures"]
    (alike,) = [cell for cell in answer["cells"] if cell["within"]]
    same = (answers == answers[0]).all(0) & ~right.any(0)
    assert alike["count"] == same.sum()
    names = {cell["key"]: cell["title"] for cell in answer["cells"]}
    assert names["4"] == "Only CLIP is right"
    assert names["5"] == "Only Swin is wrong"
    lonely = max(count for key, count in wanted.items() if sum(key) == 1)
    first = next(cell for cell in answer["cells"] if cell["key"] == answer["first"])
    assert sum(first["right"].values()) == 1 and first["count"] == lonely


def test_a_pattern_opens_to_its_pictures_the_most_telling_first(packed):
    answers, truth = answers_of(packed)
    shares = [shares_of(family, packed)[1] for family in FAMILIES]
    places = np.array([CLASSES.index(name) for name in truth])
    own = [each[np.arange(len(truth)), places] for each in shares]
    others = [np.delete(each.copy(), 0, 1) for each in shares]
    for row, each in enumerate(shares):
        masked = each.copy()
        masked[np.arange(len(truth)), places] = -1
        others[row] = masked.max(1)
    margins = np.array(own) - np.array(others)
    for cell in compare.attempt(raw(), packed)["cells"]:
        found = compare.pick(raw(cell=cell["key"]), packed)
        assert found["count"] == len(found["pictures"]) == cell["count"]
        shown = [each["place"] for each in found["pictures"]]
        for each in found["pictures"]:
            said = {family: told["answer"] for family, told in each["answers"].items()}
            assert said == dict(zip(FAMILIES, answers[:, each["place"]], strict=True))
            assert {family: told["right"] for family, told in each["answers"].items()} == cell[
                "right"
            ]
        those = np.array(list(cell["right"].values()))
        gap = margins.mean(0)
        if those.any() and not those.all():
            gap = margins[~those].mean(0) - margins[those].mean(0)
        assert (np.diff(gap[shown]) >= -1e-6).all()


def test_pictures_come_in_pages(tmp_path):
    random = np.random.default_rng(11)
    path = zipped(tmp_path / "one.zip", {f"cat/{n}.png": picture(random) for n in range(110)})
    alone = raw(models={"vit": "level-vit"})  # of one class every answer is right
    (key,) = [cell["key"] for cell in compare.attempt(alone, path)["cells"] if cell["count"]]
    starts = (0, 48, 96, 10**6)
    pages = [compare.pick({**alone, "cell": key, "start": start}, path) for start in starts]
    assert [len(page["pictures"]) for page in pages] == [48, 48, 14, 0]
    assert {page["count"] for page in pages} == {110}
    places = [each["place"] for page in pages for each in page["pictures"]]
    assert sorted(places) == list(range(110))


def in_common(path, rows):
    """What is said of the pictures that one model alone has wrong."""
    labelled_set(path, rows)
    return compare.pick(raw(models={"vit": "level-vit"}, cell="0"), str(path))["over"]


def test_what_sets_a_pattern_apart_is_said(tmp_path):
    random = np.random.default_rng(12)
    contents = [picture(random, place % 2) for place in range(48)]
    kinds = [CONDITIONS[place % 2] for place in range(48)]
    answers = answered_by("vit", contents)
    assert set(answers) == set(CLASSES)
    rows = [
        (content, another(answer) if kind == "striped" else answer, kind)
        for content, answer, kind in zip(contents, answers, kinds, strict=True)
    ]
    said = in_common(tmp_path / "striped.zip", rows)
    assert "24 of these 24 are of the condition “striped”; 50 % of all pictures are." in said

    rows = [*zip(contents, answers, kinds, strict=True)]
    for kind in CONDITIONS:
        for wanted in CLASSES:
            place = next(n for n, row in enumerate(rows) if row[2] == kind and answers[n] != wanted)
            rows[place] = (contents[place], wanted, "done")
    rows = [(content, label, kinds[place]) for place, (content, label, _) in enumerate(rows)]
    assert "Nothing sets them apart" in in_common(tmp_path / "mixed.zip", rows)[0]

    rows = [*zip(contents, answers, kinds, strict=True)]
    rows[0] = (contents[0], another(answers[0]), kinds[0])
    assert in_common(tmp_path / "single.zip", rows) == []


def test_an_edited_template_is_another_answer_at_once(packed):
    wanted = {template: shares_of("clip", packed, template=template) for template in ("a {}", "{}")}
    for template, (truth, shares, _) in wanted.items():
        told = compare.attempt(raw(template=template), packed)["models"]
        right = (np.array(CLASSES)[shares.argmax(1)] == truth).mean()
        assert told["clip"]["overall"]["rate"] == right
        assert told["vit"] == compare.attempt(raw(), packed)["models"]["vit"]


def test_nothing_is_asked_of_a_model_twice(packed, monkeypatch):
    first = compare.attempt(raw(), packed)
    for name in FAMILIES.values():
        for asked in ("read", "embed_texts", "pixels"):
            monkeypatch.setattr(load(name), asked, None)
    assert compare.attempt(raw(), packed) == first


# What is left out.


def test_a_class_one_model_cannot_answer_is_left_out_for_all(odd):
    answer = compare.attempt(raw(), odd)
    assert (answer["pictures"], answer["choices"]) == (8, 2)
    lacking, left = answer["left_out"]
    assert "ViT and Swin have no output" in lacking and HOSTILE in lacking
    assert "4 pictures are left out for all" in left
    for family in FAMILIES:
        truth, shares, _ = shares_of(family, odd, chosen=("cat", "dog"))
        kept = truth != HOSTILE
        answers = np.array(["cat", "dog"])[shares.argmax(1)]
        told = answer["models"][family]
        assert told["overall"]["correct"] == (answers == truth)[kept].sum()
        assert told["confidence"] == pytest.approx(shares[kept].max(1).mean(), abs=1e-6)


def test_a_typed_label_map_brings_the_class_back(odd):
    typed = f"dog: dog\ncat: 1\n{HOSTILE}: cup; 3"
    answer = compare.attempt(raw(labels={"vit": typed, "swin": typed}), odd)
    assert (answer["pictures"], answer["choices"], answer["left_out"]) == (12, 3, [])
    truth, shares, free = shares_of("vit", odd, chosen=("dog", "cat", "cup", "car"))
    summed = np.stack([shares[:, 0], shares[:, 1], shares[:, 2] + shares[:, 3]], 1)
    answers = np.array(["dog", "cat", HOSTILE])[summed.argmax(1)]
    told = answer["models"]["vit"]
    assert told["overall"]["correct"] == (answers == truth).sum()
    stands = np.where(np.isin(free, ("cup", "car")), HOSTILE, free)
    assert told["free"]["correct"] == (stands == truth).sum()


@pytest.mark.parametrize(
    ("typed", "words"),
    [("dog: dog\ncat: no such", "Line 2"), ("lion: dog", "no class 'lion'"), ("dog dog", "Line 1")],
)
def test_what_is_wrong_with_a_label_map_names_its_box_and_line(typed, words, packed):
    wrong = compare.attempt(raw(labels={"swin": typed}), packed)["wrong"]
    assert wrong["field"] == "label_map swin"
    assert words in wrong["text"]
    assert wrong == compare.labels(raw(labels={"swin": typed}, family="swin"), packed)["wrong"]


def test_the_label_map_is_told_with_where_it_comes_from(odd):
    told = compare.labels(raw(family="vit"), odd)
    assert sorted(told["text"].split("\n")) == [f"{HOSTILE}:", "cat: cat", "dog: dog"]
    assert {each["origin"] for each in told["lines"]} == {"name"}
    assert told["unmapped"] == [HOSTILE] and told["unmapped_count"] == 1
    assert told["spare"] == ["cup", "car", "duck"]
    assert "needs no label map" in compare.labels(raw(family="clip"), odd)["error"]


def test_suggestions_are_offered_and_never_used(odd, monkeypatch):
    model = load("level-vit")
    monkeypatch.setattr(model, "labels", ("hot dog", "house cat", "cup", "car", "duck"))
    answer = compare.attempt(raw(), odd)
    assert "None of level-vit's 5 outputs is a class" in answer["models"]["vit"]["error"]
    told = compare.labels(raw(family="vit"), odd)
    offered = {each["name"]: each["line"] for each in told["suggested"]}
    assert offered == {"dog": "dog: hot dog", "cat": "cat: house cat"}
    used = compare.attempt(raw(labels={"vit": told["with_all"]}), odd)
    assert used["models"]["vit"]["overall"]["total"] == 8


def test_a_model_that_knows_no_class_leaves_the_others_to_it(tmp_path):
    random = np.random.default_rng(0)
    files = {f"{name}/{n}.png": picture(random) for name in ("zebra", "lion") for n in range(3)}
    path = zipped(tmp_path / "strange.zip", files)
    answer = compare.attempt(raw(), path)
    assert set(answer["cells"][0]["right"]) == {"clip"}
    assert [cell["title"] for cell in answer["cells"]] == ["CLIP is wrong", "CLIP is right"]
    assert "its label map" in answer["models"]["vit"]["error"]
    assert "ViT and Swin do not take part" in answer["left_out"][0]
    alone = compare.attempt(raw(models={"vit": "level-vit"}), path)
    assert "label map" in alone["error"]
    neither = {"vit": "zebra: dog\nlion:", "swin": "zebra:\nlion: dog"}
    assert "no class of this set" in compare.attempt(raw(labels=neither), path)["error"]


def test_a_model_that_is_not_there_is_told_in_its_place(packed, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    asked = raw(models={**FAMILIES, "swin": "no-such-owner-here/no-such-model"})
    *steps, last = compare.prepare(asked, packed)
    assert any("(2 of 3 models)" in step["doing"] for step in steps)
    assert "no-such-owner-here/no-such-model" in last["models"]["swin"]["error"]
    assert [last["models"][family].get("error") for family in ("vit", "clip")] == [None, None]
    assert (last["pictures"], last["classes"]) == (6 * EACH, CLASSES)
    swapped = raw(models={"vit": "level-swin"})
    assert "is a Swin" in list(compare.prepare(swapped, packed))[-1]["models"]["vit"]["error"]


def test_pictures_that_cannot_be_read_are_left_out(tmp_path):
    random = np.random.default_rng(0)
    files = {f"{name}/{n}.png": picture(random) for name in CLASSES for n in range(3)}
    path = zipped(tmp_path / "part.zip", {**files, "dog/broken.png": b"no picture at all"})
    told = list(compare.prepare(raw(), path))[-1]
    assert sum(told["skipped"].values()) == 1
    assert compare.attempt(raw(), path)["pictures"] == 9


# One picture.


def test_a_picture_shows_the_likeliest_classes_of_each(packed):
    found = compare.look(raw(place=7), packed)
    item = load_set(packed).items[7]
    assert (found["truth"], found["name"], found["place"]) == (item.label, item.name, 7)
    for family in FAMILIES:
        _, shares, _ = shares_of(family, packed)
        told = found["models"][family]
        order = np.argsort(-shares[7])
        assert [each["label"] for each in told["top"]] == [CLASSES[code] for code in order]
        wanted = shares[7][order]
        np.testing.assert_allclose([each["probability"] for each in told["top"]], wanted, atol=1e-5)
        assert told["right"] == (told["answer"] == item.label)


def unpacked(packed):
    values = np.frombuffer(base64.b64decode(packed["data"]), "<f4")
    return values.reshape(packed["shape"])


@pytest.mark.parametrize("family", FAMILIES)
def test_its_maps_are_for_the_answer_and_the_truth(family, packed):
    truth, shares, _ = shares_of(family, packed)
    answers = np.array(CLASSES)[shares.argmax(1)]
    model, images = load(FAMILIES[family]), load_set(packed)
    for place in (int(np.argmax(answers != truth)), int(np.argmax(answers == truth))):
        found = compare.look_inside(raw(place=place, family=family), packed)
        targets = {"gradcam": answers[place]}
        targets |= {"truth": truth[place]} if answers[place] != truth[place] else {}
        assert (found["truth"] is None) == ("truth" not in targets)
        for key, name in targets.items():
            words = {"labels": [f"a photo of a {name}"]} if family == "clip" else {}
            target = f"a photo of a {name}" if family == "clip" else name
            trace = model.trace(images.items[place].content, target=target, **words)
            wanted = explain(trace, "gradcam")
            np.testing.assert_allclose(
                unpacked(found["truth"] if key == "truth" else found["maps"][key]),
                wanted,
                rtol=1e-4,
                atol=1e-6,
            )
        assert found["targets"]["own"] == {"name": answers[place], "output": answers[place]}
        rolled = explain(trace, "rollout")
        np.testing.assert_allclose(unpacked(found["maps"]["rollout"])[-1], rolled, rtol=1e-5)
        heads = explain(trace, "attention")
        np.testing.assert_allclose(unpacked(found["attention"][-1])[0], heads, rtol=1e-5)
        again = compare.look_inside(raw(place=place, family=family, held=found["base"]), packed)
        assert "attention" not in again and again["maps"] == {"gradcam": found["maps"]["gradcam"]}


def test_its_maps_are_of_the_template_in_the_box(packed):
    """And of another they are others, so that this could fail."""
    model, images = load(FAMILIES["clip"]), load_set(packed)
    template = "one {} here"
    for place in range(4):
        found = compare.look_inside(raw(place=place, family="clip", template=template), packed)
        name = found["targets"]["own"]["name"]
        drawn, usual = (
            explain(model.trace(images.items[place].content, labels=[text]), "gradcam")
            for text in (template.replace("{}", name), f"a photo of a {name}")
        )
        shown = unpacked(found["maps"]["gradcam"])
        np.testing.assert_allclose(shown, drawn, rtol=1e-4, atol=1e-6)
        assert np.abs(shown - usual).max() > 0.01 * np.abs(usual).max()


def test_of_several_outputs_the_strongest_is_explained(odd):
    typed = f"dog: dog\ncat: cat\n{HOSTILE}: cup; car; duck"
    model, images = load("level-vit"), load_set(odd)
    for place, item in enumerate(images.items):
        if item.label != HOSTILE:
            continue
        found = compare.look_inside(
            raw(labels={"vit": typed}, place=place, family="vit", models={"vit": "level-vit"}), odd
        )
        logits = model.classify([item.content])[0]
        target = found["targets"].get("truth", found["targets"]["own"])
        assert target["output"] == model.labels[2 + int(logits[2:].argmax())]


def test_a_picture_travels_on_as_it_is(packed):
    sent = compare.send(raw(place=3), packed)
    assert sent["names"] == list(CLASSES)
    content = base64.b64decode(sent["src"].split(",")[1])
    assert content == load_set(packed).items[3].content


def test_a_picture_that_does_not_count_is_not_opened(odd):
    left_out = next(n for n, item in enumerate(load_set(odd).items) if item.label == HOSTILE)
    for place in (left_out, 99, -1, "x"):
        answer = compare.look(raw(place=place), odd)
        assert ("pick another" in answer.get("error", "")) == (place in (left_out, 99))


# What people take away.


class Reader(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        self.texts.append(text)


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_report_needs_nothing_else(odd):
    html = compare.write(raw(template="a {}\n<b>{}</b>"), odd)["html"]
    page = read(html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "form", "base", "a"}
    assert "http" not in html.replace("http-equiv", "")
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "data", "action"):
            assert attributes.get(name, "data:image/jpeg").startswith("data:image/jpeg")
        if tag == "img":
            assert attributes["alt"]
    (policy,) = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    assert policy.startswith("default-src 'none'")
    assert any(HOSTILE in text for text in page.texts)
    assert any("<b>{}</b>" in text for text in page.texts)


def test_the_report_holds_every_figure(packed):
    answer, html = compare.attempt(raw(), packed), compare.write(raw(), packed)["html"]
    text = " ".join(read(html).texts).replace("\N{NO-BREAK SPACE}", " ")
    for family, told in answer["models"].items():
        assert f"{100 * told['overall']['rate']:.1f} %" in text, family
        assert f"ECE {100 * told['ece']:.1f} points" in text
    for cell in answer["cells"]:
        assert cell["title"] in text
    assert html.count("<figure") == sum(
        min(cell["count"], 12) for cell in answer["cells"] if not cell["all_right"]
    )
    assert html.count("<svg") == 3 + 3 * (len(CLASSES) + len(CONDITIONS))
    for name in FAMILIES.values():
        assert name in text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A zip whose classes, conditions and file names are attacks; two classes are labels of the tiny models."""
    random = np.random.default_rng(15)
    names = [f"{place}<script>alert(1)<!--\"'.png" for place in range(12)]
    labels = ["dog", "cat", HOSTILE] * 4
    rows = [
        f'"{name.replace(chr(34), chr(34) * 2)}","{label}","</style>{{{{7*7}}}}"'
        for name, label in zip(names, labels, strict=True)
    ]
    files = {name: picture(random) for name in names}
    files["labels.csv"] = "\n".join(["file,label,condition", *rows])
    return zipped(tmp_path_factory.mktemp("sets") / "hostile.zip", files)


@pytest.mark.parametrize("place", [None, 0])
def test_the_report_is_html_as_the_standard_has_it_whatever_names_say(hostile, place):
    typed = f"dog: dog\ncat: cat\n{HOSTILE}: cup"
    asked = raw(labels={"vit": typed, "swin": typed}, template="a {} <b>&amp;", place=place)
    html = compare.write(asked, hostile)["html"]
    html5lib.HTMLParser(strict=True).parse(html)  # raises where a browser would have to guess
    page = read(html)
    assert not {tag for tag, _ in page.tags} & {"script"}
    assert [a for tag, a in page.tags if tag == "img" and "onerror" in a] == []
    assert html.count("<style>") == html.count("</style>") == 1
    texts = " ".join(page.texts)
    for words in (HOSTILE, "<script>alert(1)<!--\"'.png", "</style>{{7*7}}", "a {} <b>&amp;"):
        assert words in texts


def test_the_report_shows_where_each_model_looked(packed):
    answer = compare.attempt(raw(), packed)
    truth, _, _ = shares_of("vit", packed)
    place = 7
    html = compare.write(raw(place=place), packed)["html"]
    shown = {attributes["src"] for tag, attributes in read(html).tags if tag == "img"}
    content = load_set(packed).items[place].content
    photo = Image.open(io.BytesIO(content)).convert("RGB")
    for family, name in FAMILIES.items():
        _, shares, _ = shares_of(family, packed)
        own = CLASSES[shares[place].argmax()]
        traces = []
        for target in dict.fromkeys((own, truth[place])):
            words = {"labels": [f"a photo of a {target}"]} if family == "clip" else {}
            target = f"a photo of a {target}" if family == "clip" else target
            traces.append(load(name).trace(content, target=target, **words))
        cams = [explain(trace, "gradcam") for trace in traces]
        high = max(np.abs(cam).max() for cam in cams)
        wanted = [(explain(traces[0], method), False, None) for method in ("attention", "rollout")]
        wanted += [(cam, True, (-high, high)) for cam in cams]
        for heat, signed, limits in wanted:
            drawn = laid_over(photo, heat, traces[0].view, signed, 0.65, limits, 224)
            assert near(drawn, shown), (family, signed)
    filled = [cell for cell in answer["cells"] if cell["count"] and not cell["all_right"]]
    maps = [
        a["alt"] for tag, a in read(html).tags if tag == "img" and "over the picture" in a["alt"]
    ]
    assert len([alt for alt in maps if alt.startswith("Rollout")]) == 3 * (len(filled) + 1)
    assert "The open picture" in html
    assert "The open picture" not in compare.write(raw(), packed)["html"]


def near(drawn, addresses):
    """Whether one of some JPEG pictures in data addresses looks like this one."""
    for address in addresses:
        other = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))
        if other.size == drawn.size:
            gap = np.abs(np.asarray(other, float) - np.asarray(drawn, float))
            if gap.mean() < 4:
                return True
    return False


def cells_beside(html, heading):
    """The texts of a table's row, by its heading."""
    rows = re.findall(r"<tr>\s*<th[^>]*>(.*?)</th>(.*?)</tr>", html, re.S)
    row = next(cells for name, cells in rows if plain(name) == heading)
    return [plain(each) for each in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]


def plain(html):
    """Its text, on one line."""
    text = unescape(re.sub(r"<[^>]+>", "", html))
    return " ".join(text.replace("\N{WORD JOINER}", "").split())


def test_the_reports_tables_tell_what_the_page_tells(packed):
    answer, html = compare.attempt(raw(), packed), compare.write(raw(), packed)["html"]
    told = list(answer["models"].values())
    for kind in ("macro", "weighted"):
        for name, key in (("precision",) * 2, ("recall",) * 2, ("F1", "f1")):
            shown = [text.split(" (")[0] for text in cells_beside(html, f"{kind} {name}")]
            assert shown == [f"{100 * each[kind][key]:.1f} %" for each in told]
    free = cells_beside(html, "when all outputs may answer")
    assert free[0].startswith(f"{100 * told[0]['free']['rate']:.1f} %")
    assert free[2] == "reads the class names alone"
    table = html.split("Which differences are real</h2>")[1].split("</table>")[0]
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", table, re.S)
    assert len(rows) == len(answer["pairs"]) == 3

    def odds(p):
        return "p < 0.0005" if p < 0.0005 else f"p = {p:.3f}"

    for row, pair in zip(rows, answer["pairs"], strict=True):
        shown = [plain(each) for each in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        assert shown[1].startswith(f"{100 * pair['gap']:+.1f}".replace("-", "−"))
        assert shown[2:4] == [str(pair["only_a"]), str(pair["only_b"])]
        assert shown[4:6] == [odds(pair["p"]), odds(pair["p_holm"])]
        assert shown[6].startswith("unlikely" if pair["p_holm"] < 0.05 else "may well be chance")
    assert f"Q = {answer['cochran']['q']:.2f}, {odds(answer['cochran']['p'])}" in plain(html)


def verdict(path, contents, only_first, only_second):
    """What the report says of ViT against Swin, where so many of the pictures are right for one of them alone."""
    vit, swin = (answered_by(family, contents) for family in ("vit", "swin"))
    part = np.flatnonzero(vit != swin)[: only_first + only_second]
    assert len(part) == only_first + only_second
    labels = vit.copy()
    labels[part[only_first:]] = swin[part[only_first:]]
    shown = [*part, *np.flatnonzero(vit == swin)[: 120 - len(part)]]
    labelled_set(path, [(contents[place], labels[place], "") for place in shown])
    asked = raw(models={family: FAMILIES[family] for family in ("vit", "swin")})
    (pair,) = compare.attempt(asked, str(path))["pairs"]
    html = compare.write(asked, str(path))["html"]
    return pair, cells_beside(html.split("Which differences are real")[1], "ViT")[-1]


def test_a_pair_called_chance_with_an_interval_beyond_zero_says_why(tmp_path):
    random = np.random.default_rng(13)
    contents = [picture(random, place % 2) for place in range(200)]
    pair, said = verdict(tmp_path / "beyond.zip", contents, 31, 17)
    assert pair["p_holm"] > 0.05 and pair["low"] > 0
    assert said.startswith("may well be chance; the interval, for this pair alone")
    pair, said = verdict(tmp_path / "around.zip", contents, 25, 23)
    assert pair["low"] < 0 < pair["high"]
    assert said == "may well be chance"


def test_the_table_has_a_row_for_each_picture(packed):
    head, *rows = compare.tabulate(raw(), packed)["rows"]
    answers, truth = answers_of(packed)
    assert len(rows) == len(truth)
    for place, row in enumerate(rows):
        told = dict(zip(head, row, strict=True))
        assert told["label"] == truth[place]
        assert [told[f"{family}_answer"] for family in FAMILIES] == answers[:, place].tolist()
        right = [family for family in FAMILIES if told[f"{family}_right"]]
        assert told["cell"] == {
            0: "all wrong",
            3: "all right",
            1: f"{right[:1] and right[0]} only",
        }.get(len(right), " + ".join(right))
    counted = Counter(row[head.index("cell")] for row in rows)
    cell_counts = {
        c["name"]: c["count"] for c in compare.attempt(raw(), packed)["cells"] if not c["within"]
    }
    assert counted == {name: count for name, count in cell_counts.items() if count}


# Bad questions, many people.


@pytest.mark.parametrize(
    "wrong",
    [
        *({"set": name, "file": False} for name in ("", 7, None, "no such set", "/etc", "a" * 999)),
        {"set": "/etc/secret.zip", "file": False},
        {"models": {}},
        {"models": {"vit": "/etc"}},
        {"models": {"vit": ["x"]}},
        {"models": "level-vit"},
        {"models": {"vit": "x" * 999}},
        {"template": 5},
        {"labels": {"vit": 5}},
    ],
)
def test_a_question_that_does_not_fit_gets_one_sentence(wrong, packed):
    for answer in (compare.attempt(raw(**wrong), packed), compare.write(raw(**wrong), packed)):
        assert set(answer) == {"error", "serial"}
        assert answer["error"] != compare.reply(lambda: {}["x"], {})["error"]
        assert "\n" not in answer["error"]
        assert str(Path(packed).parent) not in answer["error"]


@pytest.mark.parametrize("junk", [None, "text", 3, [], {"serial": "x"}])
def test_junk_in_place_of_a_question_is_answered(junk):
    lines = (compare.attempt, compare.pick, compare.look, compare.look_inside, compare.labels)
    for line in (*lines, compare.send, compare.write, compare.tabulate):
        answer = line(junk, None)
        assert answer["serial"] == 0 and answer["error"]
    assert "error" in list(compare.prepare(junk, None))[-1]


def test_what_is_wrong_with_a_template_is_said_beside_it(packed):
    wrong = compare.attempt(raw(template="nothing"), packed)["wrong"]
    assert (wrong["field"], wrong["line"]) == ("templates", 1)
    alone = compare.attempt(raw(template="nothing", models={"vit": "level-vit"}), packed)
    assert "wrong" not in alone


@pytest.mark.parametrize("shape", ["one picture", "one class", "one picture many times"])
def test_sets_with_little_in_them_are_compared(shape, tmp_path):
    random = np.random.default_rng(0)
    same = picture(random)
    files = {
        "one picture": {"dog/a.png": same},
        "one class": {f"dog/{n}.png": picture(random) for n in range(4)},
        "one picture many times": {f"{c}/{n}.png": same for c in CLASSES for n in range(2)},
    }[shape]
    path = zipped(tmp_path / "little.zip", files)
    answer = compare.attempt(raw(), path)
    assert sum(c["count"] for c in answer["cells"] if not c["within"]) == len(files)
    json.dumps(answer, allow_nan=False)
    assert len(compare.pick(raw(cell=answer["first"]), path)["pictures"]) > 0
    assert compare.write(raw(), path)["html"].startswith("<!doctype html>")
    said = " ".join(answer["left_out"])
    assert ("There is one class only" in said) == (shape != "one picture many times")


def test_of_very_many_classes_those_that_differ_most_are_listed(packed, monkeypatch):
    whole = compare.attempt(raw(), packed)["per_class"]
    monkeypatch.setattr(figures, "CLASSES", 2)
    answer = compare.attempt(raw(), packed)
    assert (len(answer["per_class"]), answer["class_count"]) == (2, 3)
    assert answer["models"]["vit"]["macro"]["interval"] is None

    def spread(group):
        rates = [share["rate"] for share in group["shares"].values()]
        return max(rates) - min(rates)

    wanted = sorted(map(spread, whole))[1:]
    assert sorted(map(spread, answer["per_class"])) == pytest.approx(wanted)
    assert "The 2 of 3 that the models differ most on" in compare.write(raw(), packed)["html"]


def test_models_that_read_different_pictures_are_compared_on_those_that_all_read(
    tmp_path, monkeypatch
):
    """The last two pictures cannot be read by ViT, the first by CLIP."""
    random = np.random.default_rng(14)
    files = {f"{name}/{n}.png": picture(random, n % 2) for name in CLASSES for n in range(8)}
    path = zipped(tmp_path / "unequal.zip", files)
    answers, truth = answers_of(path)
    contents = [item.content for item in load_set(path).items]
    for name, lost in {"level-vit": contents[-2:], "level-clip": contents[:1]}.items():
        model = load(name)

        def pixels(images, whole=model.pixels, lost=tuple(lost)):
            if images[0] in lost:
                raise ValueError("This file is no picture.")
            return whole(images)

        monkeypatch.setattr(model, "pixels", pixels)
    answer = compare.attempt(raw(), path)
    assert answer["pictures"] == len(truth) - 3
    assert "3 pictures that one of the models cannot read" in " ".join(answer["left_out"])
    for row, told in enumerate(answer["models"].values()):
        assert told["overall"]["correct"] == (answers == truth)[row, 1:-2].sum()
    head, *rows = compare.tabulate(raw(), path)["rows"]
    assert [row[head.index("file")] for row in rows] == [
        item.name for item in load_set(path).items[1:-2]
    ]
    assert [row[head.index("label")] for row in rows] == truth[1:-2].tolist()
    for row, family in enumerate(FAMILIES):
        told = [each[head.index(f"{family}_answer")] for each in rows]
        assert told == answers[row, 1:-2].tolist()


def test_a_name_read_in_a_sense_that_may_not_be_meant_is_said_everywhere(packed, monkeypatch):
    monkeypatch.setattr(load("level-vit"), "labels", ("dog", "cat", "cup", "dog, hound", "duck"))
    note = "ViT's label map: 'dog' is read as output 0; that is a name of 3, too."
    assert note in compare.attempt(raw(), packed)["left_out"]
    assert note in plain(compare.write(raw(), packed)["html"])
    told = compare_api.compare(["level-vit"], {"path": packed})["notes"]
    assert note.replace("ViT", "level-vit") in told


def test_two_people_at_once_each_see_their_own(packed, odd):
    mine = [
        (raw(), packed),
        (raw(), odd),
        (raw(template="{}"), packed),
        (raw(template="a {}"), odd),
    ] * 3
    with ThreadPoolExecutor(8) as people:
        together = list(people.map(lambda asked: compare.attempt(*asked), mine))
    assert together == [compare.attempt(*asked) for asked in mine]


# The endpoint.


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        with gr.Blocks() as blocks:
            compare_api.add()
        blocks.queue(max_size=64)
        _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, show_error=False)
        yield Client(address, verbose=False)
        blocks.close()


def test_the_endpoint_compares_an_uploaded_set(client, packed):
    names = list(FAMILIES.values())
    found = client.predict(names, handle_file(packed), api_name="/compare")
    answers, truth = answers_of(packed)
    right = answers == truth
    for row, name in enumerate(names):
        told = found[name]
        assert told["accuracy"] == pytest.approx(accuracy_score(truth, answers[row]))
        assert (told["correct"], told["total"]) == (right[row].sum(), len(truth))
        assert 0 <= told["interval"][0] <= told["accuracy"] <= told["interval"][1] <= 1
        for kind in ("macro", "weighted"):
            wanted = precision_recall_fscore_support(
                truth, answers[row], average=kind, zero_division=0
            )
            given = [told[f"{kind}_{name}"] for name in ("precision", "recall", "f1")]
            assert given == pytest.approx(wanted[:3])
        assert told["per_class"]["cat"]["correct"] == right[row][truth == "cat"].sum()
        assert set(told["per_condition"]) == set(CONDITIONS)
        assert (told["unrestricted"] is None) == (name == "level-clip")
    cells_of = dict(found["cells"])
    alike = cells_of.pop("all wrong alike")
    assert alike <= cells_of["all wrong"]
    assert sum(cells_of.values()) == len(truth)
    assert cells_of["clip only"] == (~right[0] & ~right[1] & right[2]).sum()
    assert cells_of["vit + swin"] == (right[0] & right[1] & ~right[2]).sum()
    assert set(found["mcnemar"][0]) == {"a", "b", "only_a", "only_b", "p", "p_holm"}
    assert [pair["a"] for pair in found["mcnemar"]] == ["level-vit", "level-vit", "level-swin"]
    assert found["left_out"] == []


def test_models_of_one_family_go_by_their_names(client, packed, monkeypatch):
    monkeypatch.setitem(models.CATALOGUE, "other-vit", models.CATALOGUE["level-vit"])
    found = client.predict(["level-vit", "other-vit"], handle_file(packed), api_name="/compare")
    assert set(found["cells"]) == {
        *("all wrong", "level-vit only", "other-vit only", "all right", "all wrong alike")
    }
    alike = found["cells"].pop("all wrong alike")
    assert 0 <= alike <= found["cells"]["all wrong"]
    assert sum(found["cells"].values()) == 6 * EACH
    alone = client.predict(["level-vit"], handle_file(packed), api_name="/compare")
    assert set(alone["cells"]) == {"right", "wrong"}
    assert alone["mcnemar"] == []


def test_the_endpoint_says_what_it_left_out(client, odd):
    found = client.predict(["level-vit", "level-clip"], handle_file(odd), api_name="/compare")
    assert found["left_out"] == [HOSTILE]
    assert found["level-clip"]["total"] == 8
    assert "has no output for" in found["notes"][0]


def test_the_endpoint_takes_templates_and_label_maps(client, odd):
    model = load("level-vit")
    names = load_set(odd).classes
    (spare,) = set(CLASSES) - set(names)
    lines = "\n".join(f"{name}: {spare if name == HOSTILE else name}" for name in names)
    asked = {"models": ["level-vit", "level-clip"], "imageset": handle_file(odd)}
    found = client.predict(
        **asked, templates="my {}", label_maps={model.name: lines}, api_name="/compare"
    )
    assert found["left_out"] == []
    two = {family: FAMILIES[family] for family in ("vit", "clip")}
    wanted = compare.attempt(raw(models=two, template="my {}", labels={"vit": lines}), odd)
    assert found["level-clip"]["correct"] == wanted["models"]["clip"]["overall"]["correct"]
    assert found["level-vit"]["unrestricted"] == wanted["models"]["vit"]["free"]["rate"]
    truth, shares, _ = shares_of("clip", odd, chosen=names, template="my {}")
    answers = np.array(names)[shares.argmax(1)]
    assert found["level-clip"]["correct"] == (answers == truth).sum()
    for wrong in ({"other": "x"}, "text", {"level-vit": 5}):
        with pytest.raises(AppError, match=r"Label maps|label map"):
            client.predict(**asked, label_maps=wrong, api_name="/compare")


def test_the_endpoint_has_its_time(client, packed, monkeypatch):
    monkeypatch.setattr(compare_api, "ENDPOINT_SECONDS", -1)
    with pytest.raises(AppError, match="takes more than"):
        client.predict(
            ["level-clip"], handle_file(packed), templates="late {}", api_name="/compare"
        )


@pytest.mark.parametrize(
    ("given", "imageset", "words"),
    [
        ([], "toybox", "Models is a list"),
        (["level-vit"] * 7, "toybox", "Models is a list"),
        ("level-vit", "toybox", "Models is a list"),
        (["/etc"], "toybox", "not a model Headlight knows"),
        (["level-vit"], "no such set", "not an image set Headlight knows"),
        (["level-vit"], "/etc/x.zip", "paths are not opened"),
        (["level-vit"], {"path": "/etc/x.zip"}, "Upload a zip or a parquet"),
        (["level-vit"], {"path": 5}, "Upload a zip or a parquet"),
        (["level-vit"], None, "An image set is a name"),
    ],
)
def test_the_endpoint_refuses_in_one_sentence(client, given, imageset, words):
    with pytest.raises(AppError) as caught:
        client.predict(given, imageset, api_name="/compare")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
