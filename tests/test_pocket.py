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
from models.pocket import (
    augmentation,
    captions,
    cards,
    evaluate,
    looks,
    pictures,
    teach,
    teacher,
    vocabulary,
    words,
)
from models.pocket.captions import PLACE
from models.pocket.export import HERE, sharpen
from models.pocket.fitting import Schedule, fit, level
from models.pocket.lessons import in_bfloat16
from models.pocket.networks import CLIP_CONFIG, ClipStudent, SwinStudent, VitStudent
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
def test_labels_are_the_catalogues_categories(name):
    config = AutoModelForImageClassification.from_pretrained(HERE / name).config
    assert tuple(config.id2label[index] for index in range(len(CATEGORIES))) == CATEGORIES
    assert {name: config.id2label[index] for name, index in config.label2id.items()} == {
        name: name for name in CATEGORIES
    }


def test_swin_really_shifts_its_windows():
    network = AutoModelForImageClassification.from_pretrained(HERE / "swin")
    shifts = [
        [block.shift_size for block in stage.blocks] for stage in network.swinv2.encoder.layers
    ]
    assert shifts == [[0, 3], [0, 3, 0, 3], [0, 0]]  # the last stage is one window


@pytest.mark.parametrize("name", ["vit", "swin"])
@pytest.mark.parametrize("condition", ["realistic", "blurred"])
def test_classifiers_are_as_good_as_measured(name, condition, shipped):
    chosen = [picture for picture in shipped if picture.condition == condition]
    logits = evaluate.load_classifier(name)([picture.image for picture in chosen])
    found = evaluate.right(logits, [picture.category for picture in chosen], CATEGORIES)
    assert found["accuracy"] == pytest.approx(
        metrics(name)["toybox"][condition]["accuracy"], abs=MARGIN
    )


def test_clip_is_as_good_as_measured(clip, shipped):
    embed_images, embed_texts, _ = clip
    chosen = [picture for picture in shipped if picture.condition == "realistic"]
    texts = embed_texts([words.DEFAULT.format(name) for name in CATEGORIES])
    logits = embed_images([picture.image for picture in chosen]) @ texts.T
    found = evaluate.right(logits, [picture.category for picture in chosen], CATEGORIES)
    measured = metrics("clip")["toybox"]["realistic"]["accuracy"]
    assert found["accuracy"] == pytest.approx(measured, abs=MARGIN)


@pytest.mark.parametrize("name", NAMES)
def test_models_know_what_their_cards_promise(name):
    """What a bundled model must reach before it ships, as the recipe measured it from the files.

    The aim among CIFAR-10's ten is 80 %, which none reaches yet; 73 % is what they must not fall below.
    """
    found = metrics(name)
    assert found["photos"]["n"] > 3_000
    assert found["photos"]["accuracy"] >= 0.65 and found["photos"]["among_five"] >= 0.88
    assert found["cifar_ten"]["accuracy"] >= 0.73
    assert found["toybox"]["realistic"]["accuracy"] >= 0.90
    assert found["calibration_error"] < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_every_model_names_the_photo_that_the_page_opens_on(name, clip):
    """And the answers to all four of the page's own photos are those on the card; two of them are still wrong."""
    photos = evaluate.shown_photos()
    if name == "clip":
        embed_images, embed_texts, _ = clip
        texts = embed_texts([words.DEFAULT.format(each) for each in CATEGORIES])
        logits = embed_images(list(photos.values())) @ texts.T
    else:
        logits = evaluate.load_classifier(name)(list(photos.values()))
    answers = [CATEGORIES[index] for index in logits.argmax(1)]
    assert answers == [found["answer"] for found in metrics(name)["shown"].values()]
    assert answers[:2] == ["cat", "cup"]


@pytest.mark.parametrize("name", NAMES)
def test_card_states_the_measured_figures(name):
    card = (HERE / name / "README.md").read_text()
    found = metrics(name)
    assert card.startswith("---\nlicense: other\n")
    every = (found["photos"], found["elsewhere"], found["cifar_ten"], *found["toybox"].values())
    for measured in every:
        assert f"| {cards.percent(measured)} | {measured['n']} |" in card


def test_wording_changes_what_clip_sees(clip):
    _, embed_texts, _ = clip
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


def shipped_words():
    return (HERE / "clip" / "words.txt").read_text().split()


def test_tokenizer_round_trip():
    tokenize = open_clip.get_tokenizer(f"local-dir:{HERE / 'clip'}")
    ids = tokenize(["A photo of a Dog, upside down!", "a zyzzyva"])
    every = [*vocabulary.FIRST, *shipped_words(), vocabulary.END]
    assert ids.shape == (2, vocabulary.CONTEXT)
    assert [every[index] for index in ids[0] if index] == (
        "[SOT] a photo of a dog , upside down ! [EOT]".split()
    )
    assert [every[index] for index in ids[1] if index] == ["[SOT]", "a", "[UNK]", "[EOT]"]


def test_end_of_text_is_where_open_clip_reads_the_text():
    tokenize = open_clip.get_tokenizer(f"local-dir:{HERE / 'clip'}")
    ids = tokenize(["a dog", "dog " * 50])
    config = json.loads((HERE / "clip" / "open_clip_config.json").read_text())
    entries = config["model_cfg"]["text_cfg"]["vocab_size"]
    assert entries == len(vocabulary.FIRST) + len(shipped_words()) + 1
    assert ids.max() == entries - 1
    assert ids.argmax(1).tolist() == [3, vocabulary.CONTEXT - 1]


def test_the_recipe_reads_what_it_writes(tmp_path):
    """The recipe's own tokenizer, saved and loaded by the library, gives the ids that training reads."""
    vocabulary.save(tmp_path)
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CLIP_CONFIG}))
    tokenize = open_clip.get_tokenizer(f"local-dir:{tmp_path}")
    texts = ["A photo of two dogs on grass, upside-down!", "a zyzzyva"]
    assert torch.equal(tokenize(texts), teach.reader()(texts))
    assert CLIP_CONFIG["text_cfg"]["vocab_size"] == len(vocabulary.entries())
    assert len(captions.every_word()) >= 400


def test_a_tenth_of_every_group_is_held_out_the_same_one_every_time():
    groups = [f"source {index % 7}" for index in range(203)]
    train, held = pictures.tenth(groups)
    again, held_again = pictures.tenth(groups)
    assert torch.equal(train, again) and torch.equal(held, held_again)
    assert sorted([*train.tolist(), *held.tolist()]) == list(range(203))
    assert Counter(groups[index] for index in held.tolist()) == {
        group: -(-count // 10) for group, count in Counter(groups).items()
    }


CASES = [
    ("dog", "photo", ""),
    ("cup", "realistic", "red"),
    ("duck", "silhouettes", ""),
    ("car", "blurred", "blue"),
    ("hat", "features", "pink"),
    ("donkey", "geons", ""),
]


def test_every_fact_is_one():
    """An orange, and what is orange, are two facts; one name for both gave captions that were false of their own picture."""
    assert len(set(captions.FACTS)) == len(captions.FACTS)
    orange = captions.facts_of("orange", "photo")
    for seed in range(300):
        text, claims = captions.caption(orange, random.Random(seed))
        assert "orange orange" not in text and not (claims & ~orange).any()


def says(text, words):
    return re.search(rf"\b{words}\b", text) is not None


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("more", [None, *captions.LOOKS, *captions.COUNTS])
def test_captions_are_true_and_say_what_they_claim(case, more):
    """Independent of the generator: the words of each claim are in the text, and no others'."""
    facts = captions.facts_of(*case)
    if more:
        facts[PLACE[more]] = True
    choose = random.Random(0)
    for _ in range(100):
        text, claims = captions.caption(facts, choose)
        assert not (claims & ~facts).any()
        claimed = {captions.FACTS[place] for place in claims.nonzero().squeeze(1).tolist()}
        for look, ways in captions.LOOKS.items():
            named = [*ways, *(t.format("") for t in words.LOOKS_OF_THEIR_OWN.get(look, ()))]
            assert any(says(text, way.strip()) for way in named) == (look in claimed)
        for colour in captions.COLOURS:
            plain = text.replace("black and white", "").replace("black silhouette", "")
            plain = plain.replace("black bear", "").replace("brown bear", "")
            assert says(plain, colour) == (f"is {colour}" in claimed) or "grey model" in text
        assert ("silhouette" in text) == ("silhouettes" in claimed)
        for count, ways in captions.COUNTS.items():
            assert any(says(text, way) for way in ways) == (count in claimed)
        read = text.replace(",", "").replace("-", " ").split()
        assert set(read) <= {*captions.every_word(), words.UNKNOWN}


def test_a_caption_can_be_true_of_several_pictures():
    dog, grey_dog = captions.facts_of("dog", "photo"), captions.facts_of("dog", "photo")
    grey_dog[PLACE["monochrome"]] = True
    facts = torch.stack([dog, grey_dog, captions.facts_of("cup", "realistic", "red")])
    claims = torch.stack(
        [captions.claiming(*c) for c in (["dog"], ["dog", "monochrome"], ["animal"], ["is red"])]
    )
    assert captions.true_of(claims, facts).int().tolist() == [
        [1, 0, 1, 0],
        [1, 1, 1, 0],
        [0, 0, 0, 1],
    ]


def test_changes_of_look_do_what_they_say_and_record_it():
    torch.manual_seed(0)
    pixels = torch.rand(120, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    facts = captions.facts_of("cup", "realistic", "red").repeat(120, 1)
    facts[:20] = captions.facts_of("cup", "geons")
    altered, found = looks.alter(pixels, facts, 1.0, random.Random(0))
    assert torch.equal(altered[:20], pixels[:20]) and torch.equal(found[:20], facts[:20])
    assert (found[20:][:, looks.NOT_PLAIN].sum(1) == 1).all()

    def of(look):
        index = found[:, PLACE[look]].nonzero().squeeze(1)
        assert len(index) >= 7
        return altered[index], pixels[index], found[index]

    after, before, _ = of("inverted")
    assert torch.equal(after.flip(2), before)
    after, _, known = of("monochrome")
    assert torch.equal(after[:, 0], after[:, 2])
    assert not known[:, PLACE["is red"]].any()
    after, before, _ = of("dark")
    assert after.mean() < 0.5 * before.mean()
    after, before, _ = of("bright")
    assert after.min() > 0.4
    after, before, _ = of("faded")
    assert after.std() < 0.5 * before.std()
    after, before, _ = of("blurred")
    assert after.diff().abs().mean() < 0.2 * before.diff().abs().mean()
    torch.testing.assert_close(after.mean(), before.mean(), atol=0.01, rtol=0)
    after, _, _ = of("covered")
    assert 0.25 < (after == 0.5).all(1).float().mean() < 0.6
    after, _, _ = of("four")
    torch.testing.assert_close(after[..., :32, :32], after[..., 32:, 32:].flip(3))
    torch.testing.assert_close(after[..., :32, :32], after[..., :32, 32:].flip(3))


def test_random_crops_stay_inside_and_mirror():
    """A ramp from left to right stays a ramp within its own range, up or down."""
    ramp = torch.linspace(0, 255, 128).round().to(torch.uint8).expand(40, 3, 128, 128)
    draws = torch.rand(5, 40, generator=torch.Generator().manual_seed(0))
    crops = augmentation.crops(ramp, 32, draws)
    steps = crops[:, 0, 16].diff(dim=-1)
    up, down = (steps > 0).all(1), (steps < 0).all(1)
    assert (up | down).all() and 10 < up.sum() < 30
    assert crops.min() >= 0 and crops.max() <= 1
    span = (crops[:, 0, 16, -1] - crops[:, 0, 16, 0]).abs()
    assert span.min() > 0.4 and span.std() > 0.05


def test_crops_read_the_right_place(monkeypatch):
    """A crop of the whole picture that is not stretched is the picture, perhaps mirrored."""
    monkeypatch.setattr(augmentation, "WIDEST", 1.0)
    picture = torch.zeros(1, 3, 128, 128, dtype=torch.uint8)
    picture[..., 40:60, 70:90] = 255
    draws = torch.rand(5, 1, generator=torch.Generator().manual_seed(3))
    crop = augmentation.crops(picture, 64, draws, smallest=1.0)
    white = augmentation.squash(picture, 64)
    closest = min((crop - white).abs().mean(), (crop - white.flip(3)).abs().mean())
    assert closest < 0.01


def some_pictures(count=10):
    pixels = torch.randint(0, 256, (count, 16, 16, 3), generator=torch.Generator().manual_seed(0))
    images = torch.nn.functional.interpolate(pixels.permute(0, 3, 1, 2).float(), (128, 128))
    images = images.permute(0, 2, 3, 1).to(torch.uint8)
    labels = torch.arange(count) % len(CATEGORIES)
    facts = torch.zeros(count, len(captions.FACTS), dtype=torch.bool)
    return pictures.Pictures(images, torch.arange(count), labels, facts)


def load_some():
    """Module-level, so that the teacher's processes can call it."""
    return {"renders": some_pictures(), "photos": some_pictures()}, {"photos": some_pictures()}


def test_what_the_teacher_said_belongs_to_the_picture_and_the_view(tmp_path, monkeypatch):
    """Opinion and maps read back for a drawn crop are those of the library's own network on that very crop."""
    monkeypatch.setattr(teacher, "CHANNELS", {8: 112, 4: 40})  # all components of the finer map
    monkeypatch.setattr(teacher, "SAMPLE", 10)
    opinions = teacher.ask(load_some, tmp_path, "cpu")["renders"]
    index = torch.tensor([7, 2])
    logits, maps = opinions.of(1, index, "cpu")
    network = teacher.Backbone("cpu").network.float()
    crop = augmentation.crops(some_pictures().take(index), 128, opinions.draws[1][:, index])
    with torch.no_grad():
        pooled = network.extract_features((crop - 0.498) / 0.502).mean((2, 3))
    torch.testing.assert_close(logits, opinions.head(pooled), atol=0.05, rtol=0.05)
    assert maps[8].shape == (2, 112, 8, 8) and maps[4].shape == (2, 40, 4, 4)
    other, _ = opinions.of(0, index, "cpu")
    assert (other - logits).abs().max() > 0.1


def test_components_in_int8_give_the_maps_back():
    generator = torch.Generator().manual_seed(0)
    values = (
        torch.randn(50, 6, 4, 4, generator=generator)
        * torch.tensor([5, 4, 3, 2, 1, 0.5])[:, None, None]
    )
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    basis = teacher.Basis(
        {4: torch.zeros(6)}, {4: turn}, {4: (values.movedim(1, -1) @ turn).flatten(0, 2).std(0)}
    )
    restored = basis.restore(4, torch.from_numpy(basis.reduce({4: values})[4]))
    true = (values.movedim(1, -1) @ turn).movedim(-1, 1)
    true = true / true.square().mean().sqrt()
    assert (restored - true).square().mean().sqrt() < 0.03
    assert restored.square().mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("kind", [VitStudent, SwinStudent])
def test_training_forward_equals_the_librarys_own(kind):
    torch.manual_seed(0)
    student = kind().eval()
    pixels = torch.randn(2, 3, pictures.SIDE, pictures.SIDE)
    with torch.no_grad():
        torch.testing.assert_close(student(pixels)[0], student.network(pixels).logits)


@pytest.mark.parametrize("kind", [VitStudent, SwinStudent])
def test_early_training_reaches_the_same_weights(kind):
    """At EARLY pixels every weight of the network that ships gets a gradient, also through bfloat16 copies."""
    torch.manual_seed(0)
    student = kind()
    pixels = torch.randn(2, 3, pictures.EARLY, pictures.EARLY)
    logits, hidden, grids, _ = in_bfloat16(student, pixels)
    assert [tokens.shape[1] for tokens in hidden] == [grid**2 for grid in grids]
    logits.float().square().sum().backward()
    without = [n for n, p in student.network.named_parameters() if p.grad is None]
    assert without == []


def test_texts_equal_the_librarys_own():
    torch.manual_seed(0)
    student = ClipStudent().eval()
    ids = torch.tensor([[2, 5, 7, len(vocabulary.entries()) - 1] + [0] * (vocabulary.CONTEXT - 4)])
    with torch.no_grad():
        torch.testing.assert_close(
            student.texts(ids), student.network.encode_text(ids, normalize=True)
        )


def test_clip_tower_starts_as_the_vit():
    torch.manual_seed(0)
    vit = VitStudent().eval().network
    vit.vit.embeddings.patch_embeddings.projection.bias.data.normal_()
    student = ClipStudent(vit).eval()
    student.network.visual.proj.data = torch.eye(192)
    pixels = torch.randn(2, 3, pictures.SIDE, pictures.SIDE)
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

        def loss_of(progress):
            steps.append(progress)
            return network(inputs).square().mean()

        longer = Schedule(**{**vars(schedule), "epochs": epochs})
        fit("toy", network, 5, loss_of, longer, folder)
        return network, steps

    _, first = train(tmp_path, 2)
    network, more = train(tmp_path, 4)
    assert len(first) == 10 and len(more) == 10
    _, none = train(tmp_path, 4)
    assert none == []
    assert network(inputs).square().mean() < 0.5


def test_sharpening_divides_the_logits():
    torch.manual_seed(0)
    for student in (VitStudent().eval(), ClipStudent().eval()):
        pixels = torch.randn(1, 3, pictures.SIDE, pictures.SIDE)
        before = student(pixels)[0]
        scale = student.network.logit_scale.exp() if hasattr(student.network, "logit_scale") else 1
        sharpen(student.network, 2.0)
        after = student(pixels)[0]
        again = student.network.logit_scale.exp() if hasattr(student.network, "logit_scale") else 1
        torch.testing.assert_close(after * again, before * scale / 2)


def test_calibration_error_by_hand():
    """Three answers: 0.9 sure and right, 0.9 sure and wrong (same bin: |0.9 − 0.5|), 0.6 sure and right."""
    logits = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]]).log()
    found = evaluate.calibration_error(logits, torch.tensor([0, 1, 0]))
    assert found == pytest.approx((2 * 0.4 + 0.4) / 3)


def test_best_temperature_undoes_a_known_one():
    torch.manual_seed(0)
    logits = 3 * torch.randn(4_000, 5)
    labels = torch.multinomial(logits.softmax(1), 1).squeeze(1)
    assert evaluate.best_temperature(2 * logits, labels) == pytest.approx(2, rel=0.1)
