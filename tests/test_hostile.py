"""A small part of bench.hostile: files, texts and questions that nobody should send, and no mistake of ours."""

import random
from pathlib import Path

import pytest

from bench.hostile import trying


@pytest.mark.parametrize(
    ("kind", "count"), [("image", 150), ("texts", 300), ("zip", 8), ("parquet", 12)]
)
def test_every_input_is_answered_or_refused_in_a_sentence(kind, count, tmp_path):
    refused = 0
    for number in range(count):
        try:
            trying.HERE[kind](random.Random(f"suite {kind} {number}"), Path(tmp_path))
        except (ValueError, OSError) as error:
            refused += 1
            assert trying.is_sentence(error), (number, error)
    assert 0 < refused <= count
