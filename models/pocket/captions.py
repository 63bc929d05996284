"""What a picture shows, as a set of facts, and captions that claim some of them.

A set of facts is one integer, a bit a fact. A caption is true of a picture when every fact it claims is one of the
picture's: `claims & facts == claims`. So one caption can be true of many pictures of a batch, and the loss knows.
"""

import random

import torch

from imagesets.toybox.paint import COLOURS
from models.catalogue import CATEGORIES

KINDS = {
    "animal": "bird cat deer dog donkey duck frog horse".split(),
    "vehicle": "airplane car ship truck".split(),
    "pet": "cat dog".split(),
}
LOOKS = {
    "blurred": ("blurred", "blurry", "fuzzy"),
    "monochrome": ("black and white", "monochrome", "greyscale"),
    "dark": ("dark", "dim"),
    "bright": ("bright", "light"),
    "faded": ("low contrast", "faded"),
    "inverted": ("upside down",),
}
SHAPES = {
    "silhouettes": ("a silhouette of {}", "the silhouette of {}", "a black silhouette of {}"),
    "geons": ("{} made of geons", "geons of {}", "a grey model of {}", "{} made of simple shapes"),
    "features": ("parts of {}", "some parts of {}", "the features of {}"),
}
SOURCES = {
    "photographed": ("a real photo of {}", "a photograph of a real {bare}", "a real {bare}"),
    "rendered": ("a rendering of {}", "a computer rendering of {}", "a toy {bare}"),
}
FACTS = (*CATEGORIES, *KINDS, *LOOKS, *SHAPES, *SOURCES, *COLOURS)
BIT = {fact: 1 << place for place, fact in enumerate(FACTS)}
NOT_PLAIN = sum(BIT[fact] for fact in (*LOOKS, *SHAPES))
COLOURED = sum(BIT[colour] for colour in COLOURS)

SYNONYMS = {
    "airplane": ("aeroplane", "plane", "jet", "aircraft", "airliner"),
    "bird": ("birdie", "songbird", "sparrow"),
    "car": ("automobile", "motor car", "sedan", "auto"),
    "cat": ("kitten", "kitty", "pussycat"),
    "chair": ("seat", "dining chair"),
    "cup": ("mug", "teacup", "coffee cup"),
    "deer": ("stag", "doe", "fawn"),
    "dog": ("puppy", "hound", "doggy"),
    "donkey": ("burro", "mule"),
    "duck": ("duckling", "mallard"),
    "frog": ("toad", "bullfrog"),
    "hat": ("cap", "sun hat", "bonnet"),
    "horse": ("pony", "mare", "stallion", "foal"),
    "ship": ("boat", "vessel", "ferry", "steamer"),
    "truck": ("lorry", "pickup truck", "fire truck"),
}
TEMPLATES = (
    "{}",
    "a photo of {}",
    "a picture of {}",
    "an image of {}",
    "this is {}",
    "this is a photo of {}",
    "here is {}",
    "a snapshot of {}",
    "itap of {}",
    "i took a photo of {}",
    "there is {} in the picture",
    "a photo showing {}",
    "a small photo of {}",
    "a tiny photo of {}",
    "a low resolution photo of {}",
    "a good photo of {}",
    "a nice photo of {}",
    "my photo of {}",
    "one photo of {}",
    "that is {}",
    "i can see {}",
    "you can see {}",
    "we see {} here",
    "what you see is {}",
    "look at {}",
)
LOOKING = ("{look} photo of {}", "{look} picture of {}", "{look} image of {}", "{}, {bare}")
ALONE = {"silhouettes": "a silhouette", "geons": "geons", "features": "parts of something"}
DEFAULT = "a photo of a {}"
UNKNOWN = "[UNK]"


def facts_of(category: str, condition: str = "realistic", colour: str = "") -> int:
    """The facts of a render before anything is done to it; "photo" is the condition of photographs, colours unknown."""
    facts = BIT[category] | BIT["photographed" if condition == "photo" else "rendered"]
    facts |= sum(BIT[kind] for kind, names in KINDS.items() if category in names)
    facts |= BIT.get(condition, 0)
    return facts | BIT.get(colour, 0)


def true_of(claims: torch.Tensor, facts: torch.Tensor) -> torch.Tensor:
    """(captions,), (pictures,) → (pictures, captions) bool: whether the caption is true of the picture."""
    return (facts[:, None] & claims[None]) == claims[None]


def article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def caption(facts: int, choose: random.Random) -> tuple[str, int]:
    """A caption that is true of a picture with these facts, and what it claims."""
    category = next(name for name in CATEGORIES if facts & BIT[name])
    known = {key: [name for name in names if facts & BIT[name]] for key, names in _GROUPS.items()}
    if known["shape"] and choose.random() < 0.08:
        return ALONE[known["shape"][0]], BIT[known["shape"][0]]
    if known["look"] and choose.random() < 0.08:
        look = known["look"][0]
        return f"{article(LOOKS[look][0])} photo", BIT[look]
    thing, claims = _thing(category, known, choose)
    if choose.random() < 0.05:
        thing = f"{UNKNOWN} {thing}"
    named = f"the {thing}" if choose.random() < 0.2 else article(thing)
    if known["shape"] and choose.random() < 0.6:
        shape = known["shape"][0]
        return choose.choice(SHAPES[shape]).format(named), claims | BIT[shape]
    if known["look"] and choose.random() < 0.6:
        look = choose.choice(known["look"])
        words = choose.choice(LOOKS[look])
        text = choose.choice(LOOKING).format(named, look=article(words), bare=words)
        return text, claims | BIT[look]
    if choose.random() < 0.15:
        source = known["source"][0]
        return choose.choice(SOURCES[source]).format(named, bare=thing), claims | BIT[source]
    return choose.choice(TEMPLATES).format(named), claims


_GROUPS = {"shape": SHAPES, "look": LOOKS, "colour": COLOURS, "kind": KINDS, "source": SOURCES}


def _thing(category: str, known: dict, choose: random.Random) -> tuple[str, int]:
    """A name for the thing, perhaps with its colour, and the facts the name claims."""
    if known["kind"] and choose.random() < 0.08:
        name = choose.choice(known["kind"])
        claims = BIT[name]
    else:
        name = category
        claims = BIT[category] | sum(BIT[kind] for kind in known["kind"])
        if choose.random() < 0.35:
            name = choose.choice(SYNONYMS[category])
    if known["colour"] and choose.random() < 0.6:
        colour = known["colour"][0]
        name, claims = f"{colour} {name}", claims | BIT[colour]
    return name, claims


def prompts(choose: random.Random) -> list[str]:
    """One caption per category, all in the same words, for the classifier's part of the loss; half the time the default."""
    if choose.random() < 0.5:
        return [DEFAULT.format(name) for name in CATEGORIES]
    template = choose.choice(TEMPLATES)
    definite = choose.random() < 0.2
    return [template.format(f"the {name}" if definite else article(name)) for name in CATEGORIES]


def every_word() -> list[str]:
    """The words pocket-clip is trained on, sorted; what is not among these it cannot read."""
    texts = [*TEMPLATES, *LOOKING, *ALONE.values(), *CATEGORIES, *KINDS]
    texts += [*COLOURS, "a", "an", "the", DEFAULT]
    texts += [text for group in (*SHAPES.values(), *SOURCES.values()) for text in group]
    texts += [name for names in (*SYNONYMS.values(), *LOOKS.values()) for name in names]
    joined = " ".join(texts).replace("{look}", "").replace("{}", "").replace("{bare}", "")
    return sorted(set(joined.replace(",", " ").lower().split()))
