"""What a picture shows, as a set of facts, and captions that claim some of them.

A set of facts is a row of bools, one for each of FACTS. A caption is true of a picture when every fact it claims is one
of the picture's. So one caption can be true of many pictures of a batch, and the loss knows. The words are in words.py.
"""

from __future__ import annotations

import random

import torch

from imagesets.toybox.paint import COLOURS
from models.catalogue import CATEGORIES
from models.pocket.words import (
    ALONE,
    COUNTS,
    DEFAULT,
    GROUNDS,
    KINDS,
    LOOKING,
    LOOKS,
    LOOKS_OF_THEIR_OWN,
    PLURALS,
    SHAPES,
    SOURCES,
    SYNONYMS,
    TEMPLATES,
    UNKNOWN,
    article,
    plural,
)

COLOURED = {f"is {colour}": colour for colour in COLOURS}  # an orange need not be orange
FACTS = (*CATEGORIES, *KINDS, *LOOKS, *SHAPES, *SOURCES, *COLOURED, *COUNTS, *GROUNDS)
PLACE = {fact: place for place, fact in enumerate(FACTS)}
_GROUPS = {
    "category": CATEGORIES,
    "kind": KINDS,
    "look": LOOKS,
    "shape": SHAPES,
    "source": SOURCES,
    "colour": COLOURED,
    "count": COUNTS,
    "ground": GROUNDS,
}


def facts_of(
    category: str, condition: str = "realistic", colour: str = "", ground: str = ""
) -> torch.Tensor:
    """(FACTS,) bool: what is true of a render; "photo" is the condition of photographs, whose colours are unknown."""
    true = {category, "photographed" if condition == "photo" else "rendered"}
    true |= {condition, f"is {colour}", ground}
    true |= {kind for kind, names in KINDS.items() if category in names}
    return torch.tensor([fact in true for fact in FACTS])


def true_of(claims: torch.Tensor, facts: torch.Tensor) -> torch.Tensor:
    """(captions, FACTS), (pictures, FACTS) bool → (pictures, captions) bool: whether the caption is true of the picture."""
    return (~facts).float() @ claims.float().T == 0


def claiming(*facts: str) -> torch.Tensor:
    """(FACTS,) bool: a claim of just these."""
    return torch.tensor([fact in facts for fact in FACTS])


def caption(facts: torch.Tensor, choose: random.Random) -> tuple[str, torch.Tensor]:
    """A caption that is true of a picture with these facts, and what it claims, (FACTS,) bool."""
    true = {FACTS[place] for place in facts.nonzero().squeeze(1).tolist()}
    known = {key: [name for name in names if name in true] for key, names in _GROUPS.items()}
    if known["shape"] and choose.random() < 0.08:
        return ALONE[known["shape"][0]], claiming(known["shape"][0])
    if known["look"] and choose.random() < 0.08:
        look = known["look"][0]
        return f"{article(choose.choice(LOOKS[look]))} photo", claiming(look)
    thing, claims = _thing(known, choose)
    text, more = _sentence(thing, known, choose)
    return text, claiming(*claims, *more)


def _thing(known: dict, choose: random.Random) -> tuple[str, list[str]]:
    """A name for the thing with its article or number, perhaps with its colour and ground, and the facts it claims."""
    category = known["category"][0]
    name, claims = category, [category, *known["kind"]]
    if known["kind"] and choose.random() < 0.08:
        name = choose.choice(known["kind"])
        claims = [name]
    elif choose.random() < 0.35:
        name = choose.choice(SYNONYMS[category])
    if known["count"] and choose.random() < 0.7:
        count = known["count"][0]
        return f"{choose.choice(COUNTS[count])} {plural(name)}", [*claims, count]
    if known["colour"] and choose.random() < 0.6:
        colour = known["colour"][0]
        name, claims = f"{COLOURED[colour]} {name}", [*claims, colour]
    if choose.random() < 0.05:
        name = f"{UNKNOWN} {name}"
    named = f"the {name}" if choose.random() < 0.2 else article(name)
    if known["ground"] and choose.random() < 0.4:
        ground = known["ground"][0]
        return f"{named} {choose.choice(GROUNDS[ground])}", [*claims, ground]
    return named, claims


def _sentence(thing: str, known: dict, choose: random.Random) -> tuple[str, list[str]]:
    """The thing in a template, which may say how the picture looks; and what that claims."""
    if known["shape"] and choose.random() < 0.6:
        shape = known["shape"][0]
        return choose.choice(SHAPES[shape]).format(thing), [shape]
    if known["look"] and choose.random() < 0.6:
        look = known["look"][0]
        if look in LOOKS_OF_THEIR_OWN and choose.random() < 0.5:
            return choose.choice(LOOKS_OF_THEIR_OWN[look]).format(thing), [look]
        words = choose.choice(LOOKS[look])
        return choose.choice(LOOKING).format(thing, look=article(words), bare=words), [look]
    if choose.random() < 0.12:
        source = known["source"][0]
        return choose.choice(SOURCES[source]).format(thing), [source]
    if choose.random() < 0.06:
        return f"{' '.join([UNKNOWN] * choose.randint(1, 3))} {thing}", []
    return choose.choice(TEMPLATES).format(thing), []


def prompts(choose: random.Random) -> list[str]:
    """One caption per category, all in the same words, for the classifier's part of the loss; half the time the default."""
    if choose.random() < 0.5:
        return [DEFAULT.format(name) for name in CATEGORIES]
    template = choose.choice(TEMPLATES)
    definite = choose.random() < 0.2
    return [template.format(f"the {name}" if definite else article(name)) for name in CATEGORIES]


def prompts_for(look: str, choose: random.Random) -> list[str]:
    """As `prompts`, in words that say how the pictures look: for pictures of which that is true."""
    words = choose.choice(LOOKS[look])
    template = choose.choice(LOOKS_OF_THEIR_OWN.get(look, ()) + LOOKING)
    return [template.format(article(name), look=article(words), bare=words) for name in CATEGORIES]


def every_word() -> list[str]:
    """The words pocket-clip is trained on, sorted; what is not among these it cannot read."""
    names = [*CATEGORIES, *KINDS, *(name for names in SYNONYMS.values() for name in names)]
    texts = [*names, *(plural(name) for name in names), *PLURALS.values(), *COLOURS, DEFAULT]
    texts += [*TEMPLATES, *LOOKING, *ALONE.values(), "a", "an", "the"]
    for group in (LOOKS, LOOKS_OF_THEIR_OWN, SHAPES, SOURCES, COUNTS, GROUNDS):
        texts += [text for found in group.values() for text in found]
    joined = " ".join(texts).replace("{look}", "").replace("{}", "").replace("{bare}", "")
    return sorted(set(joined.replace(",", " ").replace("-", " ").lower().split()))
