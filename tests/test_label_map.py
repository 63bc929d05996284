"""Which outputs stand for which class: told by names, typed, or suggested, never guessed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import softmax

from explain.imagenet import GROUPS, LANDMARKS
from explain.label_map import (
    LabelMap,
    LabelMapError,
    as_text,
    closed_set,
    derive,
    read_label_map,
    suggest,
    unrestricted,
    with_suggestions,
)

LABELS = ["tabby, tabby cat", "Sports car, sport car", "crane", "crane", "cup", "race car", "12"]


def test_names_and_synonyms_tell_and_nothing_else():
    found = derive(["cup", "tabby cat", "car", "deer"], LABELS)
    assert found.outputs == {"cup": (4,), "tabby cat": (0,), "car": (), "deer": ()}
    assert found.origin == {"cup": "name", "tabby cat": "synonym", "car": "", "deer": ""}
    assert found.unmapped == ("car", "deer") and found.notes == ()
    assert derive(["CUP"], LABELS).outputs == {"CUP": (4,)}
    assert derive(["dog"], ["LABEL_0", "LABEL_1"]).outputs == {"dog": ()}


def test_what_is_unclear_is_left_open_and_said():
    found = derive(["crane", "cup"], LABELS)
    assert found.outputs["crane"] == () and "2, 3" in found.notes[0]
    found = derive(["Cup", "cup"], LABELS)
    assert found.unmapped == ("Cup", "cup") and len(found.notes) == 2
    found = derive(["a", "b"], ["a, b"])
    assert found.outputs == {"a": (0,), "b": ()} and len(found.notes) == 1


def test_likely_labels_are_suggested_not_used():
    found = derive(["car", "cup"], LABELS)
    assert suggest(LABELS, found) == {"car": (1, 5)}
    taken = with_suggestions(found, {"car": (1, 5)})
    assert taken.outputs["car"] == (1, 5) and taken.origin == {"car": "typed", "cup": "name"}
    assert suggest(LABELS, taken) == {}


def test_imagenets_groups_are_suggested_for_imagenet_alone():
    labels = [f"thing {n}" for n in range(1000)]
    for place, name in LANDMARKS.items():
        labels[place] = name
    found = suggest(labels, derive(["dog", "deer"], labels))
    assert found == {"dog": tuple(range(151, 269))}
    labels[151] = "poodle"
    assert suggest(labels, derive(["dog"], labels)) == {}


def test_what_is_suggested_once_is_not_suggested_again():
    labels = [f"thing {n}" for n in range(1000)]
    for place, name in LANDMARKS.items():
        labels[place] = name
    found = suggest(labels, derive(list(GROUPS)[:1] + ["bird", "duck"], labels))
    assert set(found["duck"]) == {97, 98} and not set(found["bird"]) & {97, 98}


def test_a_typed_map_is_read():
    text = "car: race car; 1\n\ntabby cat: Tabby\ncup: 2-4"
    found = read_label_map(text, ["car", "tabby cat", "cup", "deer"], LABELS)
    assert found.outputs == {"car": (5, 1), "tabby cat": (0,), "cup": (2, 3, 4), "deer": ()}
    assert found.origin["deer"] == "" and found.origin["car"] == "typed"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("car 3", 1, "no “:”"),
        ("cup: 4\ncra: 3", 2, "did you mean 'car'"),
        ("car: rase car", 1, "did you mean 'race car'"),
        ("car: 7", 1, "count from 0 to 6"),
        ("car: 4-2", 1, "is no output"),
        ("car: crane", 1, "give an index"),
        ("car: 1\ncup: 1", 2, "stands for 'car' already"),
        ("car: 1\ncar: 5", 2, "again"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, told):
    with pytest.raises(LabelMapError, match=told) as caught:
        read_label_map(text, ["car", "cup"], LABELS)
    assert caught.value.line == line and str(caught.value)[-1] in ".?"


names = (
    some.text(some.sampled_from("ab:;-,1 2é"), min_size=1, max_size=6)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


@settings(deadline=None, max_examples=300)
@given(some.data())
def test_any_map_survives_being_written_and_read(data):
    labels = data.draw(some.lists(names, min_size=1, max_size=8))
    classes = data.draw(some.lists(names, min_size=1, max_size=5, unique=True))
    owners = data.draw(
        some.lists(some.sampled_from([None, *classes]), min_size=len(labels), max_size=len(labels))
    )
    outputs = {
        name: tuple(n for n, owner in enumerate(owners) if owner == name) for name in classes
    }
    written = as_text(LabelMap(outputs, {}), labels)
    assert read_label_map(written, classes, labels).outputs == outputs


def test_probabilities_are_the_full_softmax_restricted():
    random = np.random.default_rng(0)
    logits = random.normal(0, 5, (20, 6)) + 1000
    mapped = LabelMap({"a": (0, 3), "b": (), "c": (5,)}, {})
    found = closed_set(logits, mapped, ["a", "b", "c"])
    full = softmax(logits, axis=1)
    wanted = np.stack([full[:, 0] + full[:, 3], np.zeros(20), full[:, 5]], 1)
    np.testing.assert_allclose(found, wanted / wanted.sum(1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(closed_set(logits - 7, mapped, ["a", "b", "c"]), found, atol=1e-6)
    with pytest.raises(ValueError, match="label map"):
        closed_set(logits, LabelMap({"a": ()}, {}), ["a"])


def test_the_best_of_all_outputs_may_stand_for_nothing():
    logits = np.array([[3, 0, 0], [0, 3, 0], [0, 0, 3]])
    mapped = LabelMap({"a": (0,), "b": (1,)}, {})
    found = unrestricted(logits, mapped, ["a", "b"], np.array([0, 0, 1]))
    assert found.tolist() == [True, False, False]


def test_ten_thousand_classes_are_read_at_once():
    classes = [f"class {n}" for n in range(10_000)]
    labels = [f"class {n}" for n in range(0, 10_000, 10)]
    found = derive(classes, labels)
    assert read_label_map(as_text(found, labels), classes, labels).outputs == found.outputs
