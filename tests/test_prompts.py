"""Zero-shot scoring against open_clip's own classifier, and every text a person may type."""

import numpy as np
import open_clip
import pytest
import tiny
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explain.classes.prompts import (
    PromptError,
    class_lines,
    class_weights,
    leave_one_out,
    pair,
    prompts_of,
    read_prompts,
    score,
    template_weights,
)

CLASSES = "dog\ncat\ncup\ncar\nduck"
TEMPLATES = "a photo of a {}\n{}\na photo of {c} dog"


@pytest.mark.parametrize("name", ["open_clip_vit", "open_clip_resnet"])
def test_weights_are_open_clips_zero_shot_classifier(name, tiny_model):
    model, prompts = tiny_model(name), read_prompts(CLASSES, TEMPLATES.replace("{c}", "{}"))
    templates = [lambda c, t=t: t.replace("{}", c) for t in prompts.templates]
    theirs = open_clip.build_zero_shot_classifier(
        model.module, model.tokenizer, prompts.classes, templates, device="cpu"
    )
    found = class_weights(template_weights(model, prompts))
    torch.testing.assert_close(found, theirs.T, rtol=0, atol=1e-5)


def test_synonyms_are_averaged_with_the_name(tiny_model):
    model = tiny_model("hf_clip")
    found = class_weights(template_weights(model, read_prompts("dog|cat\ncup", "{}\na {}")))
    texts = ["dog", "cat", "a dog", "a cat"]
    mean = model.embed_texts(texts).mean(0)
    torch.testing.assert_close(found[0], mean / mean.norm(), rtol=0, atol=1e-6)


def test_scores_and_margins_by_hand():
    features = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    weights = torch.eye(2)
    found = score(features, weights, np.array([0, 0, 1]))
    assert found.predicted.tolist() == [0, 1, 1]
    assert found.correct.tolist() == [True, False, True]
    assert found.margins.tolist() == pytest.approx([1.0, -0.2, 1.0])


def test_leaving_a_template_out_is_scoring_without_it(tiny_model):
    model = tiny_model("hf_clip")
    prompts = read_prompts(CLASSES, TEMPLATES)
    generator = torch.Generator().manual_seed(0)
    features = torch.nn.functional.normalize(torch.randn(60, 16, generator=generator), dim=-1)
    truth = np.arange(60) % 5
    parts = template_weights(model, prompts)
    found = leave_one_out(features, parts, truth)
    for index in range(3):
        rest = [t for place, t in enumerate(prompts.templates) if place != index]
        again = template_weights(model, read_prompts(CLASSES, "\n".join(rest)))
        wanted = score(features, class_weights(again), truth).correct.mean()
        assert found[index] == pytest.approx(wanted)
    assert leave_one_out(features, parts[:1], truth) == []


@pytest.mark.parametrize(
    ("classes", "templates", "field", "line", "says"),
    [
        ("", "a {}", "classes", 1, "no classes yet"),
        ("dog\n\n  ", "", "templates", 1, "no templates yet"),
        ("dog\ncat | ", "a {}", "classes", 2, "empty name"),
        ("dog\ncat\ndog", "a {}", "classes", 3, "line 1 already"),
        ("dog|puppy\ncat|puppy", "a {}", "classes", 2, "line 1 already"),
        ("dog", "a {}\na photo", "templates", 2, "no {} for"),
        ("dog", "a {}\n\na {}", "templates", 3, "repeats line 1"),
        ("x" * 5000, "a {}", "classes", 1, "5,000 characters"),
        ("dog", "{}" + "x" * 5000, "templates", 1, "characters"),
        ("\n".join(map(str, range(10_001))), "{}", "classes", 10_001, "10,000 or fewer"),
        (
            "\n".join(map(str, range(9000))),
            "\n".join(f"{{}} {i}" for i in range(9)),
            "templates",
            1,
            "81,000 prompts",
        ),
        ("airplane|" + "{c}" * 150, "{}" * 150, "templates", 1, "more than 5,000 letters"),
        ("dog\n" + "x" * 900, "a {}\n{} {} {} {} {} {}", "templates", 2, "more than 5,000 letters"),
        (
            "\n".join(f"{n:0900}" for n in range(1500)),
            "{} {} {} {}",
            "templates",
            1,
            "5,416,500 letters of prompts",
        ),
    ],
)
def test_what_cannot_be_used_says_where(classes, templates, field, line, says):
    with pytest.raises(PromptError, match=says) as caught:
        read_prompts(classes, templates)
    assert (caught.value.field, caught.value.line) == (field, line)
    assert "\n" not in str(caught.value)


def test_a_name_with_a_slot_in_it_is_filled_in_once():
    assert prompts_of(["{c}{}"], "a {} and {c}").texts("a {} and {c}") == [["a {c}{} and {c}{}"]]


PARTS = st.sampled_from(
    ["{}", "{c}", "{", "}", "c", "|", " ", "\n", "dog", "\u2028", "\ud800", "{" * 90]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(*[st.lists(PARTS, max_size=60).map("".join)] * 2)
def test_no_prompt_is_longer_than_was_reckoned(classes, templates):
    try:
        prompts = read_prompts(classes, templates)
    except PromptError:
        return
    for template in prompts.templates:
        slots = template.count("{}") + template.count("{c}")
        for names, texts in zip(prompts.names, prompts.texts(template), strict=True):
            for name, text in zip(names, texts, strict=True):
                assert len(text) <= min(5000, len(template) + slots * len(name))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gives_prompts_or_one_sentence(classes, templates):
    try:
        prompts = read_prompts(classes, templates)
    except PromptError as error:
        assert str(error) and error.field in ("classes", "templates") and error.line >= 1
        return
    assert prompts.classes and prompts.templates
    for template in prompts.templates:
        for names, texts in zip(prompts.names, prompts.texts(template), strict=True):
            assert all(name in text for name, text in zip(names, texts, strict=True))


@pytest.mark.parametrize(
    ("typed", "lines", "by_order", "unasked"),
    [
        ("dog\ncat", {"dog": 0, "cat": 1}, (), ()),
        ("Cat\npuppy | DOG", {"dog": 1, "cat": 0}, (), ()),
        ("puppy\ncat", {"dog": 0, "cat": 1}, (("dog", "puppy"),), ()),
        ("cat", {"cat": 0}, (), ("dog",)),
        ("cat\ndog\nhorse", {"dog": 1, "cat": 0}, (), ()),
        ("cat\npuppy\nhorse", {"cat": 0}, (), ("dog",)),
    ],
)
def test_lines_are_paired_by_name_then_by_order(typed, lines, by_order, unasked):
    found = pair(["dog", "cat"], read_prompts(typed, "{}"))
    assert (found.lines, found.by_order, found.unasked) == (lines, by_order, unasked)


def test_only_new_strings_are_encoded(tiny_model, monkeypatch):
    model = tiny_model("open_clip_vit")
    template_weights(model, read_prompts(CLASSES, "seen {}"))
    encoded = []
    real = model._encode_text
    monkeypatch.setattr(model, "_encode_text", lambda texts: encoded.extend(texts) or real(texts))
    template_weights(model, read_prompts(CLASSES, "seen {}\nnew {}"))
    assert sorted(encoded) == sorted(f"new {name}" for name in CLASSES.split())
    assert model.context == tiny.CONTEXT


def test_a_bar_is_a_letter_after_a_backslash_and_a_divider_else():
    read = read_prompts("cat\\|dog|puppy\na\\\\|b\nc\\d", "{}").names
    assert read == (("cat|dog", "puppy"), ("a\\", "b"), ("c\\d",))


@given(
    st.lists(
        st.text("ab|\\ ", min_size=1, max_size=8).map(str.strip).filter(bool),
        min_size=1,
        unique=True,
    )
)
def test_any_names_can_be_written_as_lines(names):
    read = read_prompts(class_lines(names), "{}")
    assert read.names == tuple((name,) for name in names)


def test_names_of_a_set_are_taken_as_they_stand():
    found = prompts_of(["cat|dog", "dog", "c|"], "a {}\nthe {c}")
    assert found.classes == ("cat|dog", "dog", "c|")
    assert found.texts("the {c}") == [["the cat|dog"], ["the dog"], ["the c|"]]
    assert prompts_of(["a", "b"], "x {}") == read_prompts("a\nb", "x {}")
    with pytest.raises(PromptError, match="put one in"):
        prompts_of(["a"], "nothing")
    with pytest.raises(ValueError, match="10,001 classes"):
        prompts_of([str(n) for n in range(10_001)], "a {}")
