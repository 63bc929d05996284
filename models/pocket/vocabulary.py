"""pocket-clip's tokenizer: one entry a word, in the files open_clip.get_tokenizer reads from a folder.

open_clip hands a folder whose text_cfg names a `hf_tokenizer_name` to transformers' AutoTokenizer. Padding is entry 0
and end-of-text the last entry, because open_clip reads the text from the largest token id (pool_type argmax).
A word that was never trained on becomes [UNK], which training has taught to mean nothing.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from models.pocket.captions import every_word
from models.pocket.words import UNKNOWN

PADDING, START, END = "[PAD]", "[SOT]", "[EOT]"
PUNCTUATION = [".", ",", "!", "?", "'", '"', "-", ":", ";", "(", ")"]
FIRST = (PADDING, UNKNOWN, START, *PUNCTUATION)
CONTEXT = 20


def entries() -> list[str]:
    """The vocabulary in the order of its ids."""
    return [*FIRST, *every_word(), END]


def build() -> Tokenizer:
    """Lower case, accents stripped, split at spaces and punctuation, one id a word."""
    ids = {word: place for place, word in enumerate(entries())}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    tokenizer.add_special_tokens([PADDING, UNKNOWN, START, END])
    return tokenizer


def save(folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json for the libraries, words.txt for people and the page."""
    folder.mkdir(parents=True, exist_ok=True)
    build().save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": CONTEXT,
        "pad_token": PADDING,
        "unk_token": UNKNOWN,
        "bos_token": START,
        "eos_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    (folder / "words.txt").write_text("\n".join(every_word()) + "\n")
