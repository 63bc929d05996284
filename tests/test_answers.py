"""What is no answer, and how it is counted: in shares, means, cells, calibration, and on every tab and endpoint."""

import io
import random
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import f1_score, precision_score, recall_score

from explain.classes.answers import (
    NO_ANSWER,
    TOLERANCE,
    answered,
    note_of,
    sharing_the_highest,
    unanswered_note,
)
from explain.classes.label_map import LabelMap, unrestricted
from explain.scores.comparison import cells
from explain.scores.metrics import Share, class_scores, macro_f1_interval
from explain.scores.scoreboard import scoreboard
from models import load
from tabs import compare, explain, map, prompts
from tabs.api import compare as compare_api
from tabs.api import photos
from tabs.api import prompts as prompts_api

CLIP, VIT = "pocket-clip", "pocket-vit"
UNKNOWN = ("glioma", "meningioma")  # words that pocket-clip never saw: to it one text
TUMOURS = (*UNKNOWN, "pituitary", "schwannoma")
EACH = 3  # pictures of a class


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        yield


def zipped(path, classes):
    """A labelled set of noise, EACH pictures a class."""
    noise = np.random.default_rng(3)
    with zipfile.ZipFile(path, "w") as archive:
        for name in classes:
            for place in range(EACH):
                file = io.BytesIO()
                Image.fromarray(noise.integers(0, 256, (32, 32, 3), np.uint8)).save(file, "PNG")
                archive.writestr(f"{name}/{place}.png", file.getvalue())
    return str(path)


@pytest.fixture(scope="module")
def tumours(tmp_path_factory):
    return zipped(tmp_path_factory.mktemp("sets") / "tumours.zip", TUMOURS)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Two classes that pocket-clip cannot tell apart beside six that it can."""
    names = (*UNKNOWN, "airplane", "car", "cat", "dog", "boat", "truck")
    return zipped(tmp_path_factory.mktemp("sets") / "mixed.zip", names)


# The rule.


@pytest.mark.parametrize("scale", [1.0, 19.24, 100.0])
def test_scores_are_equal_up_to_the_tolerance_and_no_further(scale):
    top = 0.3 * scale
    for share, expected in ((0, NO_ANSWER), (0.9, NO_ANSWER), (1.1, 1), (100, 1)):
        scores = np.array([[top - share * TOLERANCE * scale, top, 0.1 * scale]])
        assert answered(scores, scale).tolist() == [expected]


def test_logits_of_a_layer_are_measured_by_their_own_size():
    for size in (1e-3, 1, 1e3):
        scores = size * np.array([[-1.0, -0.5, -0.5 - 2 * TOLERANCE], [-1.0, -0.5, -0.5]])
        assert answered(scores).tolist() == [1, NO_ANSWER]
    assert answered(np.zeros((1, 3))).tolist() == [NO_ANSWER]
    assert answered(np.zeros((1, 1))).tolist() == [0]
    assert answered(np.array([[-np.inf, 0.0, -1.0]]), 1).tolist() == [1]


def test_losers_may_be_as_equal_as_they_like():
    scores = np.array([[0.2, 0.2, 0.3, 0.2]])
    assert answered(scores, 1).tolist() == [2]
    assert sharing_the_highest(scores, 1).tolist() == [[False, False, True, False]]


def test_one_text_is_one_text_in_whatever_batch_it_is_encoded():
    """The noise of a batch's size and length stays five times below the tolerance, and a real word far above it."""
    model, others = load(CLIP), [f"a {word} on a table" for word in ("dog", "cat", "cup", "boat")]
    shuffled = random.Random(0)

    def encoded(text, beside):
        model._texts.clear()
        texts = [*beside, text]
        shuffled.shuffle(texts)
        return model.embed_texts(texts)[texts.index(text)].numpy()

    alone = encoded("a photo of a glioma", [])
    for count in range(5):
        again = encoded("a photo of a meningioma", others[:count])
        assert np.linalg.norm(again - alone) < TOLERANCE / 5
    assert np.linalg.norm(encoded("a photo of a cat", others) - alone) > 1000 * TOLERANCE


def test_notes_count_and_name():
    assert unanswered_note(np.array([0, 1])) == ""
    assert unanswered_note(np.array([0, NO_ANSWER, 1])).startswith("1 of 3 pictures have no answer")
    assert unanswered_note(np.array([NO_ANSWER] * 2)).startswith("No answer:")
    assert note_of(np.array([1.0, 2.0, 2.0]), "abc").startswith("No answer: “b”, “c” get the same")
    assert note_of(np.array([1.0, 2.0, 2.1]), "abc") == ""


# How it is counted.

TRUTH = np.array([0, 0, 0, 1, 1, 1, 2, 2])
PREDICTED = np.array([0, NO_ANSWER, 1, 1, 1, NO_ANSWER, NO_ANSWER, NO_ANSWER])


def test_no_answer_is_not_right_and_a_group_without_any_has_no_rate():
    board = scoreboard(TRUTH, PREDICTED, "abc", np.array([""] * 8, dtype=object))
    assert board.overall == Share(3, 8, 4)
    assert board.overall.accuracy == 3 / 8
    assert [board.per_class[name].accuracy for name in "ab"] == [1 / 3, 2 / 3]
    told = board.as_json()
    assert told["per_class"]["c"] == {"accuracy": None, "correct": 0, "total": 2}
    assert told["confusion"]["counts"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert told["confusion"]["no_answer"] == [1, 1, 2]
    assert told["note"].startswith("4 of 8 pictures")


def test_means_are_scikit_learns_with_no_answer_as_a_class_that_is_never_true():
    """There no answer is one more predicted class, whose own scores are left out of the means."""
    found = class_scores(TRUTH, PREDICTED, 3)
    settings = {"labels": [0, 1, 2], "average": "macro", "zero_division": 0}
    assert found.macro_precision == pytest.approx(precision_score(TRUTH, PREDICTED, **settings))
    assert found.macro_recall == pytest.approx(recall_score(TRUTH, PREDICTED, **settings))
    assert found.macro_f1 == pytest.approx(f1_score(TRUTH, PREDICTED, **settings))
    assert np.isnan(class_scores(TRUTH, np.full(8, NO_ANSWER), 3).macro_f1)


def test_macro_f1s_interval_draws_pictures_without_an_answer_too():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 50)
    predicted = np.where(
        rng.random(100) < 0.3, NO_ANSWER, np.where(rng.random(100) < 0.7, truth, 1 - truth)
    )
    drawn = []
    for _ in range(400):
        places = np.concatenate([rng.integers(0, 50, 50), rng.integers(50, 100, 50)])
        drawn.append(f1_score(truth[places], predicted[places], labels=[0, 1], average="macro"))
    expected = np.quantile(drawn, [0.025, 0.975])
    np.testing.assert_allclose(macro_f1_interval(truth, predicted, 2), expected, atol=0.03)
    assert macro_f1_interval(truth, np.full(100, NO_ANSWER), 2) == (0.0, 1.0)


def test_two_models_without_an_answer_do_not_give_the_same_answer():
    predicted = np.array([[NO_ANSWER, 1, 1], [NO_ANSWER, 1, NO_ANSWER]])
    found = cells(np.zeros((2, 3), dtype=bool), predicted)
    assert found.alike.tolist() == [False, True, False]


def test_of_all_outputs_those_that_share_the_top_must_all_stand_for_the_class():
    label_map = LabelMap({"a": (0, 1), "b": (2,)}, {})
    logits = np.array([[3.0, 3.0, 1.0, 0.0], [3.0, 0.0, 3.0, 0.0], [3.0, 0.0, 0.0, 3.0]])
    assert unrestricted(logits, label_map, ["a", "b"], np.zeros(3, int)).tolist() == [
        True,
        False,
        False,
    ]


# On every tab and endpoint.


def test_prompts_says_that_nothing_can_be_told_apart(tumours):
    asked = {"set": "x", "file": True, "model": CLIP, "templates": "a photo of a {}\na {}"}
    pinned = {"model": CLIP, "classes": "dog\ncat\nship\ncar", "templates": "a photo of a {}"}
    found = prompts.attempt(asked | {"leave_out": True, "pinned": pinned}, tumours)
    assert found["overall"]["rate"] is None
    assert found["overall"]["no_answer"] == found["overall"]["total"] == 4 * EACH
    assert found["note"].startswith("No answer")
    assert found["note"] in [note["text"] for note in found["notes"]]
    assert [each["rate"] for each in (*found["per_class"], *found["leave_out"])] == [None] * 6
    assert found["macro"]["f1"] is None
    assert found["no_answer"] == [EACH] * 4
    assert (found["change"]["p"], found["change"]["total"]) == (None, 0)
    cell = prompts.pick(asked | {"cell": [0, 4]}, tumours)
    assert [each["answer"] for each in cell["pictures"]] == [None] * EACH
    one = prompts.compare(asked | {"compared": ["a {}"], "places": [0]}, tumours, None)
    assert one["answers"][0]["no_answer"].startswith("No answer: “glioma”, “meningioma”")


def test_the_prompts_endpoint_answers_null_and_why(tumours, mixed):
    found = prompts_api.score_prompts(CLIP, {"path": tumours})
    assert (found["accuracy"], found["interval"], found["macro_f1"]) == (None, None, None)
    assert found["note"].startswith("No answer")
    found = prompts_api.score_prompts(CLIP, {"path": mixed})
    silent = sum(found["confusion"]["no_answer"])
    assert 0 < silent < found["total"]  # else this set shows nothing
    counts = np.array(found["confusion"]["counts"])
    assert counts.sum() + silent == found["total"]
    assert np.trace(counts) == found["correct"]
    unknown = [found["confusion"]["labels"].index(name) for name in UNKNOWN]
    assert not counts[:, unknown].any()
    assert found["note"].startswith(f"{silent} of {found['total']} pictures")


def test_the_map_marks_nothing_right_or_wrong(tumours):
    asked = {"set": "x", "file": True, "models": {"clip": CLIP}, "template": "a photo of a {}"}
    told = list(map.prepare(asked, tumours))[-1]["models"]["clip"]
    assert told["accuracy"] is None
    assert told["silent"].startswith("No answer")
    assert set(told["answers"]) == {-1}
    marks = map.prompts(asked | {"method": "pca"}, tumours)["marks"]
    assert [mark["classes"] for mark in marks] == [sorted(TUMOURS)]
    assert marks[0]["label"] == ", ".join(sorted(TUMOURS))


def compared(names, **changes):
    asked = {"set": "x", "file": True, "models": names, "template": "a photo of a {}"}
    return asked | changes


MAPPED = "glioma: chair\nmeningioma: cup\npituitary: hat\nschwannoma: boat"


def test_a_model_without_an_answer_takes_no_part_in_compare(tumours):
    asked = compared({"vit": VIT, "clip": CLIP}, labels={"vit": MAPPED})
    found = compare.attempt(asked, tumours)
    assert found["models"]["clip"]["error"].startswith("No answer")
    assert found["models"]["vit"]["overall"]["total"] == 4 * EACH
    assert found["pairs"] == []
    assert {cell["name"] for cell in found["cells"]} == {"right", "wrong"}
    assert any("CLIP does not take part. No answer" in said for said in found["left_out"])
    alone = compare.attempt(compared({"clip": CLIP}), tumours)
    assert alone["error"].startswith("No answer")


def test_compare_counts_pictures_without_an_answer_everywhere(mixed):
    lines = "glioma: chair\nmeningioma: cup\n" + "\n".join(
        f"{name}: {name}" for name in ("airplane", "car", "cat", "dog", "boat", "truck")
    )
    asked = compared({"vit": VIT, "clip": CLIP}, labels={"vit": lines})
    found = compare.attempt(asked, mixed)
    overall = found["models"]["clip"]["overall"]
    silent = overall["no_answer"]
    assert 0 < silent < overall["total"]
    assert sum(each["total"] for each in found["models"]["clip"]["calibration"]) == (
        overall["total"] - silent
    )
    assert any(f"CLIP: {silent} of" in said for said in found["left_out"])
    heading, *rows = compare.tabulate(asked, mixed)["rows"]
    answer, right = heading.index("clip_answer"), heading.index("clip_right")
    none = [row for row in rows if row[answer] == "(no answer)"]
    assert len(none) == silent
    assert {row[right] for row in none} == {0}
    assert {row[right - 1] for row in none} == {""}  # the probability of none
    assert "– no answer" in compare.write(asked, mixed)["html"]
    told = compare_api.compare([VIT, CLIP], {"path": mixed}, label_maps={VIT: lines})
    assert told[CLIP]["correct"] == overall["correct"]
    assert told[CLIP]["note"].startswith(f"{silent} of")


def test_the_compare_endpoint_answers_null_and_why(tumours):
    for names, maps in (([CLIP], None), ([VIT, CLIP], {VIT: MAPPED})):
        found = compare_api.compare(names, {"path": tumours}, label_maps=maps)
        assert found[CLIP]["accuracy"] is found[CLIP]["macro_f1"] is None
        assert found[CLIP]["note"].startswith("No answer")
        assert found["mcnemar"] == []
        assert "clip only" not in found["cells"]


def test_one_photos_top_five_is_no_answer(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (32, 32), "red").save(path)
    texts = {"names": "\n".join(TUMOURS), "template": "a photo of a {}"}
    found = explain.ask({"model": CLIP, **texts}, str(path), "clip")
    assert found["no_answer"].startswith("No answer: “glioma”, “meningioma”")
    assert found["no_answer"] in found["notes"]
    assert explain.ask({"model": VIT}, str(path), "vit")["no_answer"] == ""
    sure = photos.classify(str(path), [CLIP])[CLIP]
    assert not any("note" in each for each in sure)
    unsure = photos.classify(str(path), [CLIP], "a glioma\na meningioma")[CLIP]
    assert all(each["note"].startswith("No answer: “a glioma”") for each in unsure)
    _, numbers = photos.explain(str(path), CLIP, "rollout", labels="a glioma\na meningioma")
    assert numbers["note"].startswith("No answer")
