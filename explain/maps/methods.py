"""The ways there are to arrange pictures on a map: what each is called, takes, means and cannot tell.

To add one: a file in this folder with a function of the same name, as pca has, an entry here, and a test. The warnings are
Wattenberg et al.'s (2016, doi 10.23915/distill.00002) and, for prompts, Liang et al.'s (2022, arXiv 2203.02053).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np


class Arrangement(Protocol):
    """What a method finds: points (n, 2), and where further rows (m, dim) belong among them, each by itself.

    nbytes: what is held for that, besides the rows that were arranged.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]  # it is a dataclass
    points: np.ndarray

    @property
    def nbytes(self) -> int: ...

    def place(self, rows: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Projection:
    """One way to arrange pictures.

    takes: which of the options "perplexity", "neighbors" and "min_dist" it reads.
    means, cannot: what is near what, and what its distances do not say; paper: (short reference, address).
    slow: whether it takes seconds, so that the page has it done in another process (workers.py).
    """

    key: str
    title: str
    takes: frozenset[str]
    means: str
    cannot: str
    paper: tuple[str, str]
    slow: bool = False

    def arrange(
        self,
        rows: np.ndarray,
        seed: int,
        progress: Callable[[float], None],
        options: dict[str, Any],
    ) -> Arrangement:
        """rows (n, dim) of length one, no two alike, arranged with those of the options that it takes."""
        function = getattr(import_module(f"explain.maps.{self.key}"), self.key)
        return function(rows, seed, progress, **{name: options[name] for name in self.takes})


_PROJECTIONS = (
    Projection(
        key="tsne",
        title="t-SNE",
        takes=frozenset({"perplexity"}),
        means="Pictures the model finds alike are drawn side by side: each keeps its nearest neighbours, about as many "
        "as the perplexity, and the rest are kept off.",
        cannot="Only who is next to whom means something. The size of a cluster, the gap between two and the axes do "
        "not, and a small perplexity shows clusters even in noise (Wattenberg et al. 2016).",
        paper=(
            "van der Maaten and Hinton 2008",
            "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
        ),
        slow=True,
    ),
    Projection(
        key="umap",
        title="UMAP",
        takes=frozenset({"neighbors", "min_dist"}),
        means="Each picture is linked to its nearest neighbours, and the links are drawn short: what hangs together in "
        "the embedding hangs together here. The minimum distance says only how tightly points are packed.",
        cannot="As in t-SNE, the size of a cluster, the gap between two and the axes mean nothing; few neighbours break "
        "wholes into pieces.",
        paper=("McInnes et al. 2018", "https://arxiv.org/abs/1802.03426"),
        slow=True,
    ),
    Projection(
        key="pca",
        title="PCA",
        takes=frozenset(),
        means="The flat view along which the embeddings spread most. Far apart here is at least as far apart in the "
        "embedding.",
        cannot="Near here may be far apart along all that is left out, and clusters often hide behind one another. CLIP "
        "often keeps texts and images apart (Liang et al. 2022), so its prompts may lie away from every picture.",
        paper=("Pearson 1901", "https://doi.org/10.1080/14786440109462720"),
    ),
)
PROJECTIONS: dict[str, Projection] = {projection.key: projection for projection in _PROJECTIONS}
