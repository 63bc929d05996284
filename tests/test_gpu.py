"""Where a GPU is lent per call, errors meant for people come back whole."""

from copy import deepcopy
from types import SimpleNamespace

import pytest

from tabs.wiring import gpu


class ClassNameOnly(Exception):
    """All that the border lets through of an error."""


def border(duration):
    """As Hugging Face's spaces does it: values pass, an error shrinks to its class's name."""

    def lend(function):
        def called(*given, **named):
            try:
                answer = function(*given, **named)
                if hasattr(answer, "__next__"):
                    return iter([deepcopy(part) for part in answer])
                return deepcopy(answer)
            except Exception as error:
                raise ClassNameOnly(type(error).__name__) from None

        return called

    return lend


@pytest.fixture
def lent(monkeypatch):
    monkeypatch.setattr(gpu, "spaces", SimpleNamespace(GPU=border))
    monkeypatch.setattr(gpu, "LENT", True)


@pytest.mark.parametrize("kind", [ValueError, ConnectionError])
def test_sentences_cross_the_border(kind, lent):
    def answer(fine):
        if not fine:
            raise kind("One sentence.")
        return {"fine": fine}

    def steps(fine):
        yield 1
        yield answer(fine)

    assert gpu.on_gpu(answer)(True) == {"fine": True}
    assert list(gpu.on_gpu(steps)(True)) == [1, {"fine": True}]
    for ask in (gpu.on_gpu(answer), lambda fine: list(gpu.on_gpu(steps)(fine))):
        with pytest.raises((ValueError, OSError), match=r"^One sentence\.$"):
            ask(False)


def test_bugs_stay_bugs(lent):
    with pytest.raises(ClassNameOnly, match="ZeroDivisionError"):
        gpu.on_gpu(lambda: 1 / 0)()


def test_elsewhere_nothing_is_wrapped():
    def answer():
        return 1

    assert gpu.on_gpu(answer) is answer


def test_outside_a_lent_call_a_model_is_one_whose_weights_can_be_read(lent, monkeypatch):
    """There a GPU's weights read as zeros: a CLIP's scale would be 1, and all fingerprints of one architecture the same."""
    asked = []
    monkeypatch.setattr(
        "models.load", lambda name, device=None, folders=True: asked.append((device, folders))
    )

    def steps():
        yield gpu.loaded("tiny")

    gpu.loaded("tiny")
    gpu.on_gpu(gpu.loaded)("tiny")
    list(gpu.on_gpu(steps)())
    gpu.loaded("tiny")
    assert asked == [("cpu", False), (None, False), (None, False), ("cpu", False)]
    monkeypatch.setattr(gpu, "LENT", False)
    gpu.loaded("tiny")
    assert asked[-1] == (None, False)
