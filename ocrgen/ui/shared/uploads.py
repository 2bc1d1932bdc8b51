"""Data sets that users bring through the browser: read and checked in full, then kept beside the runs."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from ocrgen import datasets
from ocrgen.datasets import kept
from ocrgen.datasets.own import OwnData, open_data, save
from ocrgen.ui.shared.cache import store
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import require_free_space, write_atomically

WAITING = ".waiting"  # data that have been read, and that nobody has accepted yet
_WAITING_BYTES = 4 * 2**30  # of all that waits; the oldest makes room
_MOST_FILES = 20


def folder() -> Path:
    """Where accepted data sets are kept."""
    return kept.folder(store())


def found() -> dict[str, Path]:
    """Accepted data sets by their absolute path."""
    return kept.found(store())


def data_sets() -> dict[str, str]:
    """Names of all data sets that there are, users' own as paths, with their titles."""
    own = found()
    short = list(map(datasets.title, own))
    titles = {p: t if short.count(t) == 1 else Path(p).stem for p, t in zip(own, short, strict=True)}
    return {name: source.TITLE for name, source in datasets.sources().items()} | titles


def ident(dataset: str) -> str:
    """What a data set is called in a link: its name; of a user's own its file's name, without folder and suffix."""
    return dataset if dataset in datasets.sources() else Path(dataset).stem


def identified(text: str) -> str | None:
    """The data set that a link calls so; None if there is none."""
    return next((name for name in data_sets() if ident(name) == text), None)


def without_folder(text: str) -> str:
    """A message about accepted data without the server's folder that they lie in."""
    return text.replace(f"{folder()}{os.sep}", "")


def receive(files: Sequence[tuple[str, bytes]]) -> Path:
    """Read one data set from its files (name, content) and let it wait for a decision; returns where it waits.

    UserError, which names the files as the user does, if they are no data set, or if there is no room.
    """
    names = [_file_name(name) for name, _ in files]
    if len(files) > _MOST_FILES:
        raise UserError(f"{len(files)} files at once; at most {_MOST_FILES} are one data set: bring a zip of them.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"Two files are called {twice}: remove one of them.")
    with kept.incoming(store()) as place:
        require_free_space(place, sum(len(content) for _, content in files))
        for name, (_, content) in zip(names, files, strict=True):
            write_atomically(place / name, content)
        called = " and ".join(names)
        try:
            data = open_data(place / names[0] if len(names) == 1 else place, named=called)
        except UserError as fault:  # whatever else it says, no message names a folder of the server
            told = str(fault).replace(f"{place}{os.sep}", "").replace(str(place), called)
            raise type(fault)(told) from fault
        return wait(data)


def read_path(text: str) -> Path:
    """Read a data set at a path on the lab's machine and let it wait for a decision; returns where it waits."""
    path = datasets.existing_path(text.strip().strip("\"'"))
    if path is None:
        raise UserError(f"{text}: there is no such file or folder on the machine that the lab runs on.")
    return wait(open_data(path, named=text))


def wait(data: OwnData) -> Path:
    """Write data to where they wait for a decision."""
    place = folder() / WAITING
    try:
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{kept.slug(data.name)}-{secrets.token_hex(4)}.npz"
        require_free_space(place, data.whole.images.nbytes)
        save(data, path)
        _make_room(place)
    except OSError as fault:
        raise UserError(f"The data cannot be kept beside the runs: {fault.strerror}.") from fault
    return path


def _make_room(place: Path) -> None:
    """Remove what has waited longest, where all together takes too much; the newest stays."""
    files = sorted(place.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    while len(files) > 1 and sum(file.stat().st_size for file in files) > _WAITING_BYTES:
        files.pop(0).unlink(missing_ok=True)


def accept(data: OwnData, waiting: Path) -> Path:
    """Keep data that have been decided on; returns their path, by which all else names them.

    waiting: where they have waited; an earlier accepted copy stays, since runs may have learned from it.
    """
    path = kept.keep(data, store())
    if waiting.parent.name == WAITING:
        drop(waiting)
    return path


def drop(path: Path) -> None:
    """Remove a data set of a user's own, waiting or accepted."""
    if path.parent in (folder(), folder() / WAITING):
        path.unlink(missing_ok=True)


def keep(name: str, content: bytes) -> Path:
    """Read an upload and accept it as it was understood. UserError as for `receive`; nothing is kept then."""
    waiting = receive([(name, content)])
    try:
        return accept(open_data(waiting, named=name), waiting)
    finally:
        drop(waiting)


def _file_name(name: str) -> str:
    """The name of an uploaded file without folders, and without what no file system takes."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable() and c not in '<>:"|?*')
    return plain.lstrip(".")[-100:] or "data"
