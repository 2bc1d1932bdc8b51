"""Arrays by name, as .npz files, .npy files and MATLAB's structures hold them: which is what."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.archive import MAX_FILE, Files, open_zip
from ocrgen.datasets.formats.arrays import Piece, RawArrays, join
from ocrgen.datasets.formats.labels import as_integers, as_texts, mapping_of
from ocrgen.datasets.formats.names import Key, parse_key, part_of

EXPECTED = "expected images (N, 28, 28), labels (N,) and perhaps classes (K,), or x_train, y_train, x_test and y_test"
Getter = Callable[[], np.ndarray]


def read_npz(files: Files, found: Sequence[str]) -> RawArrays:
    """The arrays of an .npz, of .npy files, or of .npz files in a folder or zip.

    Nothing is unpickled, and nothing allocated by a declared shape that the data do not fill. DataError otherwise.
    """
    arrays: dict[str, Getter] = {}
    with ExitStack() as stack:
        for name in found:
            stem, _, suffix = name.rpartition(".")
            if suffix.lower() == "npy":
                arrays[stem] = lambda name=name, stem=stem: parse_npy(files.read(name), f"{files.source}: {stem}")
            elif suffix.lower() == "npz":
                inner = stack.enter_context(open_zip(files.about(name), files.seekable(name)))
                for key in inner.names:
                    arrays[f"{stem}/{key.removesuffix('.npy')}"] = lambda inner=inner, key=key: parse_npy(
                        inner.read(key), inner.about(key)
                    )
        return from_named(files.source, arrays)


def from_named(source: str, arrays: Mapping[str, Getter], ten_is_zero: bool = False) -> RawArrays:
    """Images and labels among arrays by their keys; each is got only if it is needed. DataError if some are missing."""
    keys = {key: parse_key(key) for key in arrays}
    if len(keys) == 2 and {key.rpartition("/")[2] for key in keys} == {"arr_0", "arr_1"}:
        first, second = (getter() for getter in arrays.values())
        return RawArrays(source, *((first, second) if first.ndim >= second.ndim else (second, first)))
    found: dict[tuple[str, int | None], dict[str, str]] = {}
    for key, said in sorted(keys.items(), key=lambda item: -item[1].rank):
        if said.role in ("images", "labels", "writers"):
            found.setdefault((said.rest, said.part), {})[said.role] = key
    found = {about: roles for about, roles in found.items() if "images" in roles}
    if not found:
        return _by_class(source, arrays, keys)
    if len(sets := sorted({rest for rest, _ in found})) > 1:
        raise DataError(f"{source}: holds several data sets ({', '.join(sets)[:200]}); expected one: part them.")
    for roles in found.values():
        if "labels" not in roles:
            raise DataError(f"{source}: holds {_listed(arrays)}, but no labels of {roles['images']}; {EXPECTED}.")
    pieces = []
    found = dict(sorted(found.items(), key=lambda item: item[0][1] or 0))
    for (_, part), roles in found.items():
        writers = arrays[roles["writers"]]() if "writers" in roles else None
        pieces.append(Piece(part, arrays[roles["images"]](), arrays[roles["labels"]](), writers))
    raw = join(source, pieces)
    other = {said.role: arrays[key] for key, said in keys.items() if said.role not in ("images", "labels", "writers")}
    if "classes" in other:
        raw = replace(raw, classes=as_texts(source, other["classes"]()))
    elif "mapping" in other:
        mapping = other["mapping"]()
        if mapping.ndim == 2:
            raw = replace(raw, mapping=mapping_of(source, as_integers(source, "mappings", mapping).tolist()))
        else:
            raw = replace(raw, classes=as_texts(source, mapping))
    if "parts" in other and raw.parts is None:
        raw = replace(raw, parts=_parts(source, other["parts"](), len(raw.labels)))
    if "ink" in other:
        raw = replace(raw, ink=_ink(source, other["ink"]()))
    if "notes" in other:
        return replace(raw, notes=as_texts(source, other["notes"](), "notes"), told=True)
    used = [roles[role] for roles in found.values() for role in ("images", "labels")]
    note = f"Images and labels are the arrays {', '.join(used)}."
    return replace(raw, ten_is_zero=ten_is_zero, notes=(note,))


def _listed(arrays: Mapping[str, Getter]) -> str:
    return ", ".join(sorted(arrays))[:200] or "no array"


def _by_class(source: str, arrays: Mapping[str, Getter], keys: Mapping[str, Key]) -> RawArrays:
    """Arrays of images of one digit each, as train0 to test9."""
    if len(keys) < 2 or not all(re.fullmatch(r"(digit)?[0-9]", said.rest) for said in keys.values()):
        raise DataError(f"{source}: holds {_listed(arrays)}; {EXPECTED}.")
    pieces = []
    for key, said in sorted(keys.items()):
        images = arrays[key]()
        count = len(images) if images.ndim else 0
        pieces.append(Piece(said.part, images, np.full(count, int(said.rest[-1]))))
    return join(source, pieces)


def _parts(source: str, values: np.ndarray, n: int) -> np.ndarray:
    """An array that says the part of each image, by number or by name, as int8 (N,)."""
    if values.size != n:
        raise DataError(f"{source}: {n:,} images but parts {values.shape}; expected one each.")
    values = values.reshape(-1)
    if values.dtype.kind in "US":
        texts, index = np.unique(values, return_inverse=True)
        numbers = np.array([part if (part := part_of(text)) is not None else -1 for text in as_texts(source, texts)])
        values = numbers[index]
    values = as_integers(source, "parts", values)
    if not 0 <= values.min() <= values.max() <= 2:
        raise DataError(f"{source}: parts are not 0, 1 and 2 or train, validation and test.")
    return values.astype(np.int8)


def _ink(source: str, value: np.ndarray) -> bool:
    if str(value) not in ("white", "black"):
        raise DataError(f"{source}: ink is {str(value)[:20]!r}; expected white or black.")
    return str(value) == "white"


def parse_npy(data: bytes, name: str) -> np.ndarray:
    """The array of an .npy file. DataError if it is damaged, holds Python objects, or declares another size."""
    stream = BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = header(stream)
    except Exception as error:  # numpy evaluates the header as Python: a damaged one raises anything
        raise DataError(f"{name}: not an array that numpy can read ({error}).") from error
    if dtype.hasobject:
        raise DataError(f"{name}: holds pickled Python objects, which are never run; expected numbers or texts.")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell() or len(data) > MAX_FILE:
        raise DataError(
            f"{name}: declares {shape} of {dtype}, {math.prod(shape) * dtype.itemsize:,} bytes, "
            f"but {len(data) - stream.tell():,} are there."
        )
    stream.seek(0)
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{name}: not an array that numpy can read ({error}).") from error
