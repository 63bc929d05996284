"""Tiny random checkpoints, saved as on the Hub and loaded as users load them, shared by all tests."""

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from models import load

torch.set_num_threads(1)  # tiny models: a second thread costs more than it brings


@pytest.fixture(scope="session")
def photo():
    """A landscape photo of noise: nothing in it is symmetric, so a swapped axis shows."""
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (50, 70, 3), np.uint8))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A function: name of a tiny model → its checkpoint folder, written once."""
    root, written = tmp_path_factory.mktemp("tiny"), {}

    def folder(name):
        if name not in written:
            written[name] = tiny.TINY[name]().save(root / name)
        return written[name]

    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder):
    """A function: name of a tiny model → it, through `models.load` on the CPU."""
    return lambda name: load(tiny_folder(name), device="cpu")


@pytest.fixture
def point_at(monkeypatch, tmp_path):
    """A function: url → from now on the Hub is there, with an empty cache of its own and a token in reach."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")

    def point(url):
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    return point
