"""The bundled models are what their cards say, and the recipe's parts do what they claim."""

import json
import random
import re
from collections import Counter

import open_clip
import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForImageClassification

from models.catalogue import CATEGORIES
from models.pocket import augmentation, captions, cards, evaluate, pictures, vocabulary
from models.pocket.captions import BIT
from models.pocket.export import HERE
from models.pocket.fitting import Schedule, fit, level
from models.pocket.networks import ClipStudent, SwinStudent, VitStudent
from models.pocket.optimiser import orthogonalise

NAMES = ("vit", "swin", "clip")
MARGIN = 0.04  # of the measured accuracy: rounding differs between machines, a wrong preprocessor costs more


def metrics(name):
    return json.loads((HERE / name / "metrics.json").read_text())


@pytest.fixture(scope="module")
def shipped():
    return evaluate.shipped_pictures()


@pytest.fixture(scope="module")
def clip():
    return evaluate.load_clip()


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_float16_safetensors_of_two_to_four_million_parameters(name):
    with safe_open(evaluate.weights_file(name), "pt") as weights:
        kinds = {weights.get_slice(key).get_dtype() for key in weights.keys()}  # noqa: SIM118
    assert kinds == {"F16"}
    assert 2e6 <= evaluate.parameters(name) <= 4e6
    assert not list((HERE / name).glob("*.bin")) + list((HERE / name).glob("*.pt"))


def test_all_weights_together_stay_under_25_megabytes():
    assert sum(evaluate.weights_file(name).stat().st_size for name in NAMES) < 25e6


@pytest.mark.parametrize("name", ["vit", "swin"])
def test_labels_are_the_fifteen_categories(name):
    config = AutoModelForImageClassification.from_pretrained(HERE / name).config
    assert tuple(config.id2label[index] for index in range(15)) == CATEGORIES
    assert {name: config.id2label[index] for name, index in config.label2id.items()} == {
        name: name for name in CATEGORIES
    }


def test_swin_really_shifts_its_windows():
    network = AutoModelForImageClassification.from_pretrained(HERE / "swin")
    shifts = [
        [block.shift_size for block in stage.blocks] for stage in network.swinv2.encoder.layers
    ]
    assert shifts == [[0, 2], [0, 2, 0, 2], [0, 0]]  # the last stage is one window


@pytest.mark.parametrize("name", ["vit", "swin"])
@pytest.mark.parametrize("condition", ["realistic", "blurred"])
def test_classifiers_are_as_good_as_measured(name, condition, shipped):
    chosen = [picture for picture in shipped if picture.condition == condition]
    logits = evaluate.load_classifier(name)([picture.image for picture in chosen])
    found = evaluate.right(logits, [picture.category for picture in chosen])
    assert found["accuracy"] == pytest.approx(
        metrics(name)["toybox"][condition]["accuracy"], abs=MARGIN
    )


def test_clip_is_as_good_as_measured(clip, shipped):
    embed_images, embed_texts = clip
    chosen = [picture for picture in shipped if picture.condition == "realistic"]
    texts = embed_texts([captions.DEFAULT.format(name) for name in CATEGORIES])
    logits = embed_images([picture.image for picture in chosen]) @ texts.T
    found = evaluate.right(logits, [picture.category for picture in chosen])
    measured = metrics("clip")["toybox"]["realistic"]["accuracy"]
    assert found["accuracy"] == pytest.approx(measured, abs=MARGIN)


@pytest.mark.parametrize("name", NAMES)
def test_models_know_far_more_than_chance(name):
    found = metrics(name)
    assert found["photos"]["n"] == pictures.HELD_OUT
    assert found["photos"]["accuracy"] > 0.7
    assert found["toybox"]["realistic"]["accuracy"] > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_card_states_the_measured_figures(name):
    card = (HERE / name / "README.md").read_text()
    found = metrics(name)
    assert card.startswith("---\nlicense: apache-2.0\n")
    for measured in (found["photos"], *found["toybox"].values()):
        assert f"| {cards.percent(measured)} | {measured['n']} |" in card
    assert all(category in card for category in pictures.RENDERED_ONLY)


def test_wording_changes_what_clip_sees(clip):
    _, embed_texts = clip
    plain, blurred, shape, other, unknown = embed_texts(
        [
            "a photo of a dog",
            "a blurred photo of a dog",
            "a silhouette of a dog",
            "a photo of a puppy",
            "a photo of a zyzzyva dog",
        ]
    )
    assert plain @ other > max(plain @ blurred, plain @ shape)
    assert plain @ unknown > max(plain @ blurred, plain @ shape)


def test_tokenizer_round_trip():
    tokenize = open_clip.get_tokenizer(f"local-dir:{HERE / 'clip'}")
    ids = tokenize(["A photo of a Dog, upside down!", "a zyzzyva"])
    words = vocabulary.entries()
    assert ids.shape == (2, vocabulary.CONTEXT)
    assert [words[index] for index in ids[0] if index] == (
        "[SOT] a photo of a dog , upside down ! [EOT]".split()
    )
    assert [words[index] for index in ids[1] if index] == ["[SOT]", "a", "[UNK]", "[EOT]"]


def test_end_of_text_is_where_open_clip_reads_the_text():
    tokenize = open_clip.get_tokenizer(f"local-dir:{HERE / 'clip'}")
    ids = tokenize(["a dog", "dog " * 50])
    assert ids.max() == len(vocabulary.entries()) - 1
    assert ids.argmax(1).tolist() == [3, vocabulary.CONTEXT - 1]


def test_the_shipped_vocabulary_is_the_recipes():
    assert (HERE / "clip" / "words.txt").read_text().split() == captions.every_word()
    config = json.loads((HERE / "clip" / "open_clip_config.json").read_text())
    assert config["model_cfg"]["text_cfg"]["vocab_size"] == len(vocabulary.entries())


@pytest.mark.parametrize("held_out", [10, 50])
def test_split_is_deterministic_disjoint_and_stratified(held_out):
    labels = torch.arange(200) % 10
    train, held = pictures.split(labels, held_out)
    again, held_again = pictures.split(labels, held_out)
    assert torch.equal(train, again) and torch.equal(held, held_again)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(200))
    assert set(Counter(labels[held].tolist()).values()) == {held_out // 10}


CASES = [
    ("dog", "photo", ""),
    ("cup", "realistic", "red"),
    ("duck", "silhouettes", ""),
    ("car", "blurred", "blue"),
    ("hat", "features", "pink"),
    ("donkey", "geons", ""),
]


def says(text, words):
    return re.search(rf"\b{words}\b", text) is not None


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("look", [None, *captions.LOOKS])
def test_captions_are_true_and_say_what_they_claim(case, look):
    """Independent of the generator: the words of each claim are in the text, and no others'."""
    facts = captions.facts_of(*case) | (BIT[look] if look else 0)
    choose = random.Random(0)
    for _ in range(200):
        text, claims = captions.caption(facts, choose)
        assert claims & facts == claims
        for name, words in captions.LOOKS.items():
            said = any(says(text, word) for word in words)
            assert said == bool(claims & BIT[name])
        for colour in captions.COLOURS:
            plain = text.replace("black and white", "").replace("black silhouette", "")
            assert says(plain, colour) == bool(claims & BIT[colour]) or "grey model" in text
        assert ("silhouette" in text) == bool(claims & BIT["silhouettes"])
        assert set(text.replace(",", "").split()) <= {*captions.every_word(), captions.UNKNOWN}


def test_a_caption_can_be_true_of_several_pictures():
    dog, grey_dog = captions.facts_of("dog", "photo"), captions.facts_of("dog", "photo")
    grey_dog |= BIT["monochrome"]
    facts = torch.tensor([dog, grey_dog, captions.facts_of("cup", "realistic", "red")])
    claims = torch.tensor([BIT["dog"], BIT["dog"] | BIT["monochrome"], BIT["animal"], BIT["red"]])
    assert captions.true_of(claims, facts).int().tolist() == [
        [1, 0, 1, 0],
        [1, 1, 1, 0],
        [0, 0, 0, 1],
    ]


def test_alterations_do_what_they_say_and_record_it():
    pixels = torch.rand(60, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    facts = torch.full((60,), captions.facts_of("cup", "realistic", "red"))
    facts[:20] = captions.facts_of("cup", "geons")
    altered, found = augmentation.alter(pixels, facts, 1.0, list(captions.LOOKS), random.Random(0))
    assert torch.equal(altered[:20], pixels[:20]) and torch.equal(found[:20], facts[:20])

    def of(look):
        index = ((found & BIT[look]) != 0).nonzero().squeeze(1)
        assert len(index) >= 6
        return altered[index], pixels[index], found[index]

    after, before, _ = of("inverted")
    assert torch.equal(after.flip(2), before)
    after, _, known = of("monochrome")
    assert torch.equal(after[:, 0], after[:, 2])
    assert not (known & BIT["red"]).any()
    after, before, _ = of("dark")
    assert after.mean() < 0.5 * before.mean()
    after, before, _ = of("bright")
    assert after.min() > 0.4
    after, before, _ = of("faded")
    assert after.std() < 0.5 * before.std()
    after, before, _ = of("blurred")
    assert after.diff().abs().mean() < 0.2 * before.diff().abs().mean()
    torch.testing.assert_close(after.mean(), before.mean(), atol=0.01, rtol=0)


def test_crops_only_shift_and_mirror():
    images = torch.arange(2 * 3 * 8 * 8).reshape(2, 3, 8, 8).remainder(251).to(torch.uint8)
    same = augmentation.crop_and_flip(images, 0, torch.Generator().manual_seed(0))
    for before, after in zip(images, same, strict=True):
        assert torch.equal(after, before) or torch.equal(after, before.flip(2))
    moved = augmentation.crop_and_flip(images, 2, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape and not torch.equal(moved, same)


@pytest.mark.parametrize("kind", [VitStudent, SwinStudent])
def test_training_forward_equals_the_librarys_own(kind):
    torch.manual_seed(0)
    student = kind().eval()
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(student(pixels)[0], student.network(pixels).logits)


def test_clip_tower_starts_as_the_vit():
    torch.manual_seed(0)
    vit = VitStudent().eval().network
    vit.vit.embeddings.patch_embeddings.projection.bias.data.normal_()
    student = ClipStudent(vit).eval()
    student.network.visual.proj.data = torch.eye(192)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        readout = vit.vit(pixels).last_hidden_state[:, 0]
        torch.testing.assert_close(student.network.encode_image(pixels), readout)
        alike = torch.nn.functional.normalize(readout, dim=-1)
        torch.testing.assert_close(student(pixels)[0], alike)


def test_orthogonalised_matrices_have_singular_values_near_one():
    matrix = torch.randn(32, 80, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrix))
    assert values.min() > 0.5 and values.max() < 1.3


def test_learning_rate_rises_then_falls_to_zero():
    rates = [level(progress / 100, 0.05) for progress in range(101)]
    assert rates[0] == 0 and rates[5] == max(rates) == 1 and rates[100] == 0
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_training_resumes_where_it_stopped(tmp_path):
    schedule = Schedule(epochs=2, batch=4, matrix_rate=0.01, rate=0.01)
    inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))

    def train(folder, epochs):
        torch.manual_seed(0)
        network, steps = torch.nn.Linear(3, 2), []

        def loss_of(batch, progress):
            steps.append(progress)
            return network(inputs).square().mean()

        longer = Schedule(**{**vars(schedule), "epochs": epochs})
        fit("toy", network, 5, iter(range(99)), loss_of, longer, folder)
        return network, steps

    _, first = train(tmp_path, 2)
    network, more = train(tmp_path, 4)
    assert len(first) == 10 and len(more) == 10
    _, none = train(tmp_path, 4)
    assert none == []
    assert network(inputs).square().mean() < 0.5
