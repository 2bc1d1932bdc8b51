"""The verb that shows what there is to learn from: `data`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from ocrgen.cli.common import check_out, parse, write_out
from ocrgen.utils.errors import UserError

if TYPE_CHECKING:
    from ocrgen.readers.understanding import Understanding


def data(args: list[str]) -> int:
    """List the data sets, download one, or tell what your own are understood as: data [NAME|PATH] [--sheet FILE]"""

    def command(
        name: Positional[str] = "",
        download: bool = False,
        transpose: bool = False,
        invert: bool = False,
        json: bool = False,
        sheet: Path | None = None,
    ) -> tuple[str, bool, bool, bool, bool, Path | None]:
        """List the data sets and whether each is at hand, fetch one, or tell what your own data are understood as.

        Args:
            name: show this data set only, or a path to your own: it is read and checked, and nothing is changed.
            download: fetch it from its public address.
            transpose: show your own data with rows and columns exchanged.
            invert: show your own data with ink and paper exchanged.
            json: print an object instead of lines: name, classes, counts, notes, orientation, fault.
            sheet: write a PNG file with some pictures of each class of your own data, a row each.
        """
        return name, download, transpose, invert, json, sheet

    name, fetch, transpose, invert, as_json, sheet = parse(command, "data", args)
    from ocrgen import datasets

    if fetch:
        datasets.download(name)
    path = None if name in datasets.sources() else datasets.existing_path(name)
    if path:
        return _tell(path, name, transpose, invert, as_json, sheet)
    if transpose or invert or as_json or sheet:
        raise UserError("--transpose, --invert, --json and --sheet are for your own data: give their path.")
    if name:
        _show(datasets.load_data(name))
        return 0
    from ocrgen.datasets.alphabet import summary

    print(f"Data root: {datasets.data_root()} (OCRGEN_DATA)\n")
    for key, source in datasets.sources().items():
        print(f"{key}: {summary(source.CLASSES)}")
        print(f"    {source.ABOUT}\n    {source.missing(datasets.data_root()) or 'At hand.'}\n")
    return 0


def _tell(path: Path, name: str, transpose: bool, invert: bool, as_json: bool, sheet: Path | None) -> int:
    """What a user's own data are understood as; 2 if they cannot be trained on as they are."""
    from ocrgen.readers.orientation import TRANSPOSED
    from ocrgen.readers.understanding import INVERT, open_named, understand

    if sheet:
        check_out(sheet)
    changes = (TRANSPOSED,) * transpose + (INVERT,) * invert
    read = open_named(path, changes, name)
    told = understand(read)
    if as_json:
        print(json.dumps(told.to_json(), indent=1, ensure_ascii=False))
    else:
        advice = ["Give --transpose, here and to what learns from them or reads them."]
        lines = [*told.lines, *advice * (told.orientation.looks == TRANSPOSED)]
        print("\n".join([*lines, "", *_table(told)]))
        if not told.fault:
            print()
            _show(read.splits())
    if sheet:
        write_out(sheet, told.picture())
    return 2 if told.fault else 0


def _table(told: "Understanding") -> list[str]:
    """The images of each class in each part, a line a class, as many columns as there are parts."""
    rows = [[str(value) for value in row.values()] for row in told.table]
    header = list(told.table[0])
    lines = []
    for first, *counts in [header, *rows]:
        width = 16 + sum(not c.isprintable() for c in first)  # marks that isolate right-to-left letters take no room
        lines.append(f"{first:<{width}}" + "".join(f"{count:>11}" for count in counts))
    return lines


def _show(splits) -> None:
    """The parts of a data set with their fingerprints, and its classes."""
    from ocrgen.datasets.alphabet import shown

    for part, characters in splits._asdict().items():
        counts = f"{characters.counts.min():,} to {characters.counts.max():,} a class"
        by = "" if characters.writers is None else f", by {len(set(characters.writers.tolist()))} writers"
        print(f"{part:<11}{len(characters):>7,} images   {characters.fingerprint}   {counts}{by}")
    classes = splits.train.classes
    print(f"{len(classes)} classes: {' '.join(map(shown, classes))}")
