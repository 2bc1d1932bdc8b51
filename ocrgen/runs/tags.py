"""Tags: words that a user gives to a run, kept beside it; those of shipped runs in the user's own folder."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from ocrgen.runs.run import Run, RunError
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import parse, write_atomically

MAX_TAGS, MAX_LENGTH = 8, 30


def read_tags(run: Run, store: RunStore) -> tuple[str, ...]:
    """The tags of a run; none where the file is missing or damaged, for it holds nothing that cannot be typed anew."""
    with contextlib.suppress(OSError, ValueError):
        content = parse(_file(run, store).read_bytes())
        if isinstance(content, list):
            return _clean(text for text in content if isinstance(text, str))
    return ()


def write_tags(run: Run, store: RunStore, tags: Iterable[str]) -> None:
    """Keep these tags, cleaned, in place of those before. RunError if they cannot be written."""
    file = _file(run, store)
    try:
        if run.shipped:
            file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(_clean(tags)))
    except OSError as fault:
        raise RunError(f"The tags of {run.name} cannot be written ({fault.strerror}): free its disk.") from fault


def _file(run: Run, store: RunStore) -> Path:
    return store.root / ".tags" / f"{run.name}.json" if run.shipped else run.path / "tags.json"


def _clean(tags: Iterable[str]) -> tuple[str, ...]:
    """Printable text without runs of blanks, each tag once, few and short."""
    lines = (" ".join("".join(c if c.isprintable() else " " for c in tag).split())[:MAX_LENGTH] for tag in tags)
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))[:MAX_TAGS]
