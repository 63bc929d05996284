"""Which outputs stand for which class: told by names, typed, or suggested, never guessed."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import softmax
from timm.data import ImageNetInfo

from explain.classes.imagenet import GROUPS, MEANINGS, is_imagenet
from explain.classes.label_map import (
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
from explain.classes.label_text import plain

IMAGENET = list(map(ImageNetInfo("imagenet-1k").index_to_description, range(1000)))
RUNS = {
    "bird": [("cock", "great grey owl"), ("black grouse", "black swan"), ("white stork", "albatross")],
    "dog": [("Chihuahua", "Mexican hairless")],
    "cat": [("tabby", "Egyptian cat")],
    "frog": [("bullfrog", "tailed frog")],
    "bear": [("brown bear", "sloth bear")],
    "snake": [("thunder snake", "sidewinder")],
    "lizard": [("banded gecko", "Komodo dragon")],
    "turtle": [("loggerhead", "box turtle")],
    "spider": [("black and gold garden spider", "wolf spider")],
    "butterfly": [("admiral", "lycaenid")],
    "monkey": [("guenon", "squirrel monkey")],
    "fish": [("tench", "stingray"), ("barracouta", "puffer")],
    "shark": [("great white shark", "hammerhead")],
    "wolf": [("timber wolf", "red wolf")],
    "fox": [("red fox", "grey fox")],
    "elephant": [("Indian elephant", "African elephant")],
}  # fmt: skip
ALONE = {
    "airplane": "airliner",
    "automobile": "beach wagon, cab, convertible, jeep, limousine, minivan, Model T, racer, sports car",
    "bicycle": "bicycle-built-for-two, mountain bike",
    "boat": "canoe, catamaran, fireboat, gondola, lifeboat, speedboat, trimaran, yawl",
    "bottle": "beer bottle, pill bottle, pop bottle, water bottle, wine bottle",
    "bus": "minibus, school bus, trolleybus",
    "chair": "barber chair, folding chair, rocking chair, throne",
    "clock": "analog clock, digital clock, wall clock",
    "cup": "coffee mug, cup",
    "duck": "drake, red-breasted merganser",
    "hat": "bearskin, bonnet, cowboy hat, sombrero",
    "horse": "sorrel",
    "rabbit": "wood rabbit, Angora",
    "sheep": "ram, bighorn",
    "ship": "aircraft carrier, container ship, liner, pirate, schooner",
    "truck": "fire engine, garbage truck, moving van, pickup, police van, tow truck, trailer truck",
}
LABELS = ["tabby, tabby cat", "Sports car, sport car", "crane", "crane", "cup", "race car", "12"]


names = (  # as the sets' own: one line, single spaces
    some.text(some.sampled_from("ab:;-–_,1 2éßS"), min_size=1, max_size=6)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


def test_names_and_synonyms_tell_and_nothing_else():
    found = derive(["cup", "tabby cat", "car", "deer"], LABELS)
    assert found.outputs == {"cup": (4,), "tabby cat": (0,), "car": (), "deer": ()}
    assert found.origin == {"cup": "name", "tabby cat": "synonym", "car": "", "deer": ""}
    assert found.unmapped == ("car", "deer") and found.notes == ()
    assert derive(["CUP"], LABELS) == LabelMap({"CUP": (4,)}, {"CUP": "name"})
    assert derive(["dog"], ["LABEL_0", "LABEL_1"]).outputs == {"dog": ()}


def test_what_is_unclear_is_left_open_and_said():
    found = derive(["crane", "cup"], LABELS)
    assert found.outputs["crane"] == () and "2, 3" in found.notes[0]
    found = derive(["Cup", "CUP"], LABELS)
    assert found.unmapped == ("Cup", "CUP") and "say whose" in found.notes[0]
    found = derive(["a", "b"], ["x, a, b"])
    assert found.unmapped == ("a", "b") and "output 0" in found.notes[0]
    found = derive(["panda", "crane", "wagon"], IMAGENET)
    assert found.unmapped == ("panda", "crane", "wagon") and len(found.notes) == 3


def test_a_name_that_others_bear_as_well_is_said_unless_they_have_classes():
    found = derive(["tub", "Cardigan"], IMAGENET)
    assert found.outputs == {"tub": (876,), "Cardigan": (264,)}
    assert len(found.notes) == 2 and "435" in found.notes[0] and "474" in found.notes[1]
    assert derive(["tub", "bathtub", "Cardigan", "cardigan"], IMAGENET).notes == ()


def test_imagenets_own_classes_find_their_outputs():
    heads = [label.split(",")[0] for label in IMAGENET]
    for classes in (heads, IMAGENET):
        found = derive(classes, IMAGENET)
        assert found.unmapped == ("crane",)
        for name, outputs in found.outputs.items():
            assert all(name in (IMAGENET[output], heads[output]) for output in outputs)


def test_the_name_that_fits_best_gets_the_output():
    assert derive(["A", "a"], ["a", "A"]).outputs == {"A": (1,), "a": (0,)}
    assert derive(["A", "a"], ["a", "A"]).notes == ()
    found = derive(["Cup", "cup"], LABELS)
    assert found.outputs == {"Cup": (), "cup": (4,)} and "'cup' fits best" in found.notes[0]
    found = derive(["tabby", "tabby cat"], LABELS)
    assert found.unmapped == ("tabby cat",) and len(found.notes) == 1
    assert derive(["polar_bear"], IMAGENET).outputs == {"polar_bear": (296,)}


def test_a_word_that_means_something_else_to_imagenet_is_said():
    found = derive(["plane", "beagle"], IMAGENET)
    assert found.outputs == {"plane": (726,), "beagle": (162,)}
    assert len(found.notes) == 1 and "carpenter" in found.notes[0]
    assert derive(["plane"], ["plane"]).notes == ()
    for name in MEANINGS:
        assert derive([name], IMAGENET).outputs[name], name


@given(some.lists(names, max_size=8), some.lists(names, max_size=6, unique=True))
def test_derived_maps_keep_their_promises(labels, classes):
    found = derive(classes, labels)
    used = [output for outputs in found.outputs.values() for output in outputs]
    assert list(found.outputs) == list(found.origin) == classes
    assert len(used) == len(set(used))
    for name, outputs in found.outputs.items():
        assert bool(outputs) == bool(found.origin[name])
        for output in outputs:
            spoken = [labels[output], *labels[output].split(",")]
            assert plain(name) in map(plain, spoken)


def test_likely_labels_are_suggested_not_used():
    found = derive(["car", "cup"], LABELS)
    assert suggest(LABELS, found) == {"car": (1, 5)}
    taken = with_suggestions(found, {"car": (1, 5)})
    assert taken.outputs["car"] == (1, 5) and taken.origin == {"car": "typed", "cup": "name"}
    assert suggest(LABELS, taken) == {}


def test_names_of_several_words_are_suggested_for():
    labels = ["teddy bear", "ice bear, polar bear", "bearskin", "Bear"]
    assert suggest(labels, derive(["ice_bear", "bear x"], labels)) == {}
    unknown = LabelMap({"polar bear": (), "bear": ()}, {})
    assert suggest(labels, unknown) == {"polar bear": (1,), "bear": (0, 3)}


def test_imagenets_groups_are_suggested_for_imagenet_alone():
    assert is_imagenet(IMAGENET) and not is_imagenet(IMAGENET[:-1])
    asked = ["dog", "deer", "donkey", "ship"]
    found = suggest(IMAGENET, derive(asked, IMAGENET))
    assert found == {"dog": tuple(range(151, 269)), "ship": (403, 510, 628, 724, 780)}
    shuffled = [*IMAGENET[1:], IMAGENET[0]]
    assert 151 not in suggest(shuffled, derive(["dog"], shuffled))["dog"]
    assert suggest(["LABEL_0", "LABEL_1"], derive(["dog"], ["LABEL_0", "LABEL_1"])) == {}


@pytest.mark.parametrize("name", GROUPS)
def test_imagenets_groups_are_what_their_labels_say(name):
    """Read off the names of the labels here, off their numbers there."""
    heads = [label.split(",")[0] for label in IMAGENET]
    name = {"aeroplane": "airplane", "car": "automobile"}.get(name, name)
    if name in ALONE:
        wanted = [heads.index(head) for head in ALONE[name].split(", ")]
    else:
        runs = [range(heads.index(first), heads.index(last) + 1) for first, last in RUNS[name]]
        wanted = [output for run in runs for output in run]
    assert list(GROUPS[name]) == wanted


def test_what_is_suggested_once_is_not_suggested_again():
    found = suggest(IMAGENET, derive(["bird", "duck", "polar bear", "bear"], IMAGENET))
    assert found["duck"] == (97, 98) and not set(found["bird"]) & {97, 98}
    assert found["bear"] == (294, 295, 297)  # the polar bear has a class of its own


def test_a_typed_map_is_read():
    text = "car: race car; 1\n\ntabby cat: Tabby\ncup: 2-4"
    found = read_label_map(text, ["car", "tabby cat", "cup", "deer"], LABELS)
    assert found.outputs == {"car": (5, 1), "tabby cat": (0,), "cup": (2, 3, 4), "deer": ()}
    assert found.origin["deer"] == "" and found.origin["car"] == "typed"


def test_a_line_is_of_the_longest_class_it_begins_with():
    classes = ["a", "a: b", "a: b:"]
    found = read_label_map("a: b: 0\na: b:: 1\na : b;2", classes, ["x", "y", "z", "b"])
    assert found.outputs == {"a": (3, 2), "a: b": (0,), "a: b:": (1,)}


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("car 3", 1, "no “:”"),
        ("cup: 4\ncra: 3", 2, "did you mean 'car'"),
        ("car: rase car", 1, "did you mean 'race car'"),
        ("car: 7", 1, "count from 0 to 6"),
        ("car: 4-2", 1, "is no output"),
        ("car: crane", 1, "give an index"),
        ("car: " + "9" * 5000, 1, "no label '999"),
        (": 1", 1, "no class ''"),
        ("CAR: 1", 1, "no class 'CAR'"),
        ("cup: 4\n\n car:1; 5; 1", 3, "stands for 'car' already"),
        ("car: 1\ncup: 1", 2, "stands for 'car' already"),
        ("car: 1\ncar: 5", 2, "again"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, told):
    with pytest.raises(LabelMapError, match=told) as caught:
        read_label_map(text, ["car", "cup"], LABELS)
    assert caught.value.line == line and str(caught.value)[-1] in ".?"


hostile = names | some.text(some.sampled_from("a1;:\n\t, _"), max_size=4) | some.just("1-2")


@settings(deadline=None, max_examples=300)
@given(some.data())
def test_any_map_survives_being_written_and_read(data):
    labels = data.draw(some.lists(hostile, min_size=1, max_size=8))
    classes = data.draw(some.lists(names, min_size=1, max_size=5, unique=True))
    outputs = dict.fromkeys(classes, ())
    for output in data.draw(some.permutations(range(len(labels)))):
        owner = data.draw(some.sampled_from([None, *classes]))
        if owner:
            outputs[owner] += (output,)
    written = as_text(LabelMap(outputs, {}), labels)
    assert read_label_map(written, classes, labels).outputs == outputs


def test_a_map_is_written_as_people_would():
    asked = ["dog", "tabby cat", "deer", "crane", "cup", "kennel"]
    mapped = with_suggestions(derive(asked, IMAGENET), {"dog": tuple(range(151, 269))})
    mapped = with_suggestions(mapped, {"crane": (517,), "kennel": (2, 162, 163)})
    assert as_text(mapped, IMAGENET).splitlines() == [
        "dog: 151-268",
        "tabby cat: tabby, tabby cat",
        "deer:",
        "crane: 517",
        "cup: cup",
        "kennel: great white shark, white shark, man-eater, man-eating shark, Carcharodon carcharias; beagle; bloodhound, sleuthhound",
    ]


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


def test_one_image_one_class_and_none():
    mapped = LabelMap({"a": (1,)}, {})
    assert closed_set(np.array([[5.0, -900.0]]), mapped, ["a"]).tolist() == [[1.0]]
    assert closed_set(np.zeros((0, 2)), mapped, ["a"]).shape == (0, 1)
    assert unrestricted(np.zeros((0, 2)), mapped, ["a"], np.array([], int)).shape == (0,)
    assert derive([], []) == LabelMap({}, {}) and as_text(derive([], []), []) == ""
    assert read_label_map("\n \n", ["a"], ["b"]).unmapped == ("a",)


def test_ten_thousand_classes_are_read_at_once():
    classes = [f"class {n}" for n in range(10_000)]
    labels = [f"class {n}" for n in range(0, 10_000, 10)]
    begun = time.process_time()
    found = derive(classes, labels)
    assert suggest(labels, found) == {}
    assert read_label_map(as_text(found, labels), classes, labels).outputs == found.outputs
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "text",
    [":" * 2_000_000, "car: " + "0-999;" * 333_000, "x" * 1_999_000 + ": 1"],
)
def test_two_million_characters_meant_to_hurt_do_not(text):
    begun = time.process_time()
    with pytest.raises(LabelMapError):
        read_label_map(text, ["car", *(":" * n for n in range(1, 200))], IMAGENET)
    assert time.process_time() - begun < 2
    with pytest.raises(LabelMapError, match="keep to"):
        read_label_map("x" * 2_000_001, ["car"], IMAGENET)


def test_the_nearest_of_ten_thousand_long_names_is_soon_found():
    """Among all of them, and by all their letters, it took 17 seconds."""
    classes = [f"{'ab' * 95}{number}" for number in range(10_000)]
    began = time.process_time()
    with pytest.raises(LabelMapError, match="the set has no class"):
        read_label_map(f"{'ba' * 99}: x", classes, ("x", "y"))
    assert time.process_time() - began < 4
