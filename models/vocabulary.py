"""Tokenizer files: what in them may run. A tokenizer is a small program, and a stranger's can hang, grow or crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from limits import ADDED_TOKENS, PIECES, TEXT_TOKENS
from models.folder import CheckpointError, read_json

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# CLIP's own. Any other pattern may take for ever on a text made for it, or stop the library where it stands.
PATTERNS = (r"\s+", WORDS, rf"<\|startoftext\|>|<\|endoftext\|>|{WORDS}")
NORMALIZERS = (
    "Sequence",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Lowercase",
    "Strip",
    "StripAccents",
    "BertNormalizer",
    "Replace",
)
MODELS = ("BPE", "WordLevel", "WordPiece", "Unigram")
CLASSES = (  # of transformers, with or without Fast at the end
    None,
    "CLIPTokenizer",
    "PreTrainedTokenizer",
    "TokenizersBackend",
    "BertTokenizer",
)


def check_tokenizer(folder: Path) -> None:
    """CheckpointError where a tokenizer's files ask for more than splitting texts and looking words up."""
    settings = _object(folder / "tokenizer_config.json")
    kind = settings.get("tokenizer_class")
    if (kind.removesuffix("Fast") if isinstance(kind, str) else kind) not in CLASSES:
        raise _refused(f"is a {str(kind)[:40]}")
    added = settings.get("added_tokens_decoder") or {}
    if not isinstance(added, dict) or len(added) > ADDED_TOKENS:
        raise _refused(f"adds more than {ADDED_TOKENS:,} tokens")
    if (folder / "tokenizer.json").is_file():
        _check_content(_object(folder / "tokenizer.json"))
    # Without these files transformers makes an empty vocabulary and every text means the same.
    elif not ((folder / "vocab.json").is_file() or (folder / "vocab.txt").is_file()):
        raise CheckpointError("This CLIP has no tokenizer.json beside its weights; add it.")


def _check_content(content: dict) -> None:
    if len(content.get("added_tokens") or ()) > ADDED_TOKENS:
        raise _refused(f"adds more than {ADDED_TOKENS:,} tokens")
    if _largest(content.get("padding")) > TEXT_TOKENS:
        raise _refused(f"pads every text to more than {TEXT_TOKENS:,} tokens")
    model = content.get("model")
    if isinstance(model, dict) and model.get("type", "BPE") not in MODELS:
        raise _refused(f"is of the kind {str(model['type'])[:40]}")
    for part in ("normalizer", "pre_tokenizer", "post_processor"):
        _check_steps(content.get(part), part)


def _check_steps(part: Any, of: str) -> None:
    if isinstance(part, list):
        if of == "post_processor" and len(part) > PIECES:
            raise _refused(f"puts more than {PIECES} tokens around each text")
        for each in part:
            _check_steps(each, of)
    if not isinstance(part, dict):
        return
    kind = part.get("type")
    if of == "normalizer" and kind and kind not in NORMALIZERS:
        raise _refused(f"changes texts by {str(kind)[:40]}")
    if kind == "Replace" and len(str(part.get("content", ""))) > 1:
        raise _refused("makes texts longer")
    if "Regex" in part and part["Regex"] not in PATTERNS:
        raise _refused("splits texts by a pattern of its own")
    for each in part.values():
        _check_steps(each, of)


def _largest(part: Any) -> float:
    """The largest number in a part of a JSON file."""
    if isinstance(part, dict | list):
        return max(map(_largest, part.values() if isinstance(part, dict) else part), default=0)
    return part if isinstance(part, int | float) else 0


def _object(path: Path) -> dict:
    """What a JSON file holds; {} where there is none, or no object."""
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}


def _refused(why: str) -> CheckpointError:
    return CheckpointError(
        f"This checkpoint's tokenizer {why}, which Headlight does not run. Choose another checkpoint."
    )
