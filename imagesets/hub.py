"""Fetching a public image set from the Hub by its id; the only part of imagesets/ that may use the internet.

The Hub keeps a parquet copy of every public set in a branch of its own, one folder for each configuration and split.
One split is downloaded and read like any parquet file, so none of the set's own code runs here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from imagesets.catalogue import Entry
from imagesets.labelled import ImageSet, Progress
from imagesets.parquet import read_parquet
from limits import HUB_SECONDS, SPLIT_BYTES

PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
BRANCH = "refs/convert/parquet"
PARTIAL = "partial-"  # before the split's name, where the set was too large to copy whole
SPLITS = ("test", "testing", "validation", "valid", "val", "dev")  # to score on, before all others


def is_id(name: str) -> bool:
    """Whether a text can be a Hub id, owner/name."""
    return bool(PATTERN.fullmatch(name)) and ".." not in name


def load_hub(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """One split of a set on the Hub. Raises as `fetch` and `read_parquet` do."""
    paths = fetch(str(entry.source), entry.config, entry.split, progress)
    title = f"{entry.title}, {paths[0].parent.name} split"
    return read_parquet(paths, entry.name, title, limit, seed, progress)


def fetch(name: str, config: str, split: str, progress: Progress) -> list[Path]:
    """The parquet files of one split, downloaded where they are not on this computer yet.

    config, split: "" for the only configuration and the split best to score on. Public sets alone: a token of this
    computer is not used, for the name may be a stranger's. Raises ValueError for an unknown or unfit set, OSError where
    the Hub cannot be reached and the split is not here.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    progress(0.0, f"Asking the Hub for {name}")
    try:
        info = HfApi(token=False).dataset_info(
            name, revision=BRANCH, files_metadata=True, timeout=HUB_SECONDS
        )
    except RepositoryNotFoundError as error:
        raise ValueError(f"The Hub has no public data set {name}. Check its spelling.") from error
    except RevisionNotFoundError as error:
        raise ValueError(
            f"The Hub has no parquet copy of {name} to read. Download the set, and upload it here as a zip."
        ) from error
    except Exception as error:  # each HTTP library of the Hub's client has its own "no network"
        return _on_this_computer(name, config, split, error)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    files = choose_files(name, sizes, config, split)
    total = sum(sizes[file] for file in files)
    if total > SPLIT_BYTES:
        raise ValueError(
            f"{name} is {total / 1e9:.1f} GB, more than the {SPLIT_BYTES / 1e9:.0f} GB Headlight fetches. "
            "Upload a part of it as a zip or parquet file."
        )
    return _download(name, files, sizes, progress)


def choose_files(name: str, files: Collection[str], config: str, split: str) -> list[str]:
    """The paths, as the branch has them, of one split's files: <config>/<split>/0000.parquet and on."""
    there: dict[str, dict[str, list[str]]] = {}
    for file in sorted(files):
        parts = PurePosixPath(file).parts
        if len(parts) == 3 and file.endswith(".parquet"):
            whole = parts[1].removeprefix(PARTIAL)
            there.setdefault(parts[0], {}).setdefault(whole, []).append(file)
    part = config or ("default" if "default" in there else next(iter(there), ""))
    if not config and part != "default" and len(there) > 1:
        raise ValueError(
            f"{name} comes in several configurations ({', '.join(list(there)[:8])}), and Headlight reads sets with "
            "one. Download the one you want, and upload its parquet file."
        )
    splits = there.get(part, {})
    if not splits or (split and split not in splits):
        wanted = " ".join(filter(None, (config, split))) or "parquet"
        raise ValueError(f"The Hub has no {wanted} files of {name}. Choose another set.")
    return splits[split or min(splits, key=_rank)]


def _rank(split: str) -> tuple[int, str]:
    known = split.lower() in SPLITS
    return (SPLITS.index(split.lower()) if known else len(SPLITS), split)


def _download(name: str, files: list[str], sizes: dict[str, int], progress: Progress) -> list[Path]:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import GatedRepoError

    total, done, paths = sum(sizes[file] for file in files), 0, []
    for file in reversed(files):  # so that the first is here only when all are
        progress(done / max(1, total), f"Downloading {name}, {total / 1e6:,.0f} MB")
        try:
            path = hf_hub_download(
                name,
                file,
                repo_type="dataset",
                revision=BRANCH,
                token=False,
                etag_timeout=HUB_SECONDS,
            )
        except GatedRepoError as error:
            raise ValueError(
                f"{name} asks for a login. Download it yourself, and upload a zip."
            ) from error
        except Exception as error:
            raise ConnectionError(
                f"The download of {name} broke off. Try again; it goes on from there."
            ) from error
        paths.append(Path(path))
        done += sizes[file]
    return paths[::-1]


def _on_this_computer(name: str, config: str, split: str, error: Exception) -> list[Path]:
    """The downloaded copy, if there is a whole one."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(name, repo_type="dataset", revision=BRANCH, local_files_only=True)
        )
        here = [path.relative_to(folder).as_posix() for path in folder.glob("*/*/*.parquet")]
        files = choose_files(name, here, config, split)
        if files[0].endswith("/0000.parquet"):
            return [folder / file for file in files]
    except (OSError, ValueError):
        pass  # nothing of it is here
    raise ConnectionError(
        f"No internet, and {name} is not on this computer. Pick the toybox, or upload a zip."
    ) from error
