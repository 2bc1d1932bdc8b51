"""Parquet files of images, as Hugging Face's data sets have them, or with columns or lists of pixels."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ocrgen.datasets.alphabet import noun
from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.archive import MAX_FILE, MAX_TOTAL, Files
from ocrgen.datasets.formats.arrays import Piece, RawArrays, join, parts_of
from ocrgen.datasets.formats.labels import indexed
from ocrgen.datasets.formats.levels import MAX_IMAGES, Collector, is_image
from ocrgen.datasets.formats.names import part_of
from ocrgen.datasets.formats.pictures import Pictures
from ocrgen.datasets.formats.sets import one_set

if TYPE_CHECKING:
    import pyarrow as pa

_IMAGES = ("image", "img", "images", "picture", "pixels", "png", "bytes", "data", "x", "features", "image_bytes")
_LABELS = ("label", "labels", "class", "target", "y", "digit", "letter", "character", "char", "text")
_BATCH, _PICTURES = 4096, 64  # rows read at once: of numbers, and of pictures, which may be large
_MAX_VALUES = 2**30
EXPECTED = "expected a column `image` of pictures (PNG or JPEG), or columns or lists of pixels, and a column `label`"


def read_parquet(files: Files, names: list[str]) -> RawArrays:
    """The images and labels of Parquet files, of which several may make up a part; DataError if they have none.

    The texts of the classes are those in the metadata of Hugging Face, if it is there.
    """
    one_set(files.source, names)
    names = sorted(names, key=lambda name: (part_of(name) or 0, name))
    shards = [_Shard(files.seekable(name), files.about(name)) for name in names]
    if len({(shard.names, shard.pictured) for shard in shards}) > 1:
        raise DataError(f"{files.source}: its Parquet files differ in columns or classes; expected the same in all.")
    if sum(shard.rows for shard in shards) > MAX_IMAGES:
        raise DataError(f"{files.source}: holds more than {MAX_IMAGES:,} rows; expected fewer.")
    classes, labels, parts = shards[0].names, [shard.labels() for shard in shards], list(map(part_of, names))
    mapping = None if classes is None or labels[0].dtype.kind in "US" else dict(enumerate(classes))
    if not shards[0].pictured:
        pixels = [shard.pixels() for shard in shards]
        raw = join(files.source, [Piece(*piece) for piece in zip(parts, pixels, labels, strict=True)])
        return RawArrays(raw.source, raw.images, raw.labels, parts=raw.parts, mapping=mapping)
    contents = [content for shard in shards for content in shard.pictures()]
    places = [f"{shard.about}: row {row + 1:,}" for shard in shards for row in range(shard.rows)]
    index, classes, notes = indexed(files.source, np.concatenate(labels), mapping=mapping)
    pictures = Pictures(len(contents), contents.__getitem__, places.__getitem__)
    images, more = pictures.normalised(noun(classes) == "digit")
    numbers = parts_of(parts, [shard.rows for shard in shards])
    return RawArrays(files.source, images, index, parts=numbers, classes=classes, ink=True, notes=(*notes, *more))


class _Shard:
    """One Parquet file: `rows`, `names` of the classes if it says them, and whether its images are `pictured`."""

    def __init__(self, file: Path | BytesIO, about: str):
        with _faults(about):
            import pyarrow.parquet as pq

            self.about, self.file = about, pq.ParquetFile(file)
            schema = self.file.schema_arrow
        self.rows = self.file.metadata.num_rows
        if not 0 < self.rows <= MAX_IMAGES:
            raise DataError(f"{about}: holds {self.rows:,} rows; expected 1 to {MAX_IMAGES:,}.")
        self.columns = {name.casefold(): name for name in schema.names[::-1]}
        self.names = _class_names(schema)
        label = next((self.columns[name] for name in _LABELS if name in self.columns), None)
        if label is None:
            raise DataError(f"{about}: has the columns {', '.join(schema.names)[:200]}; {EXPECTED}.")
        self.label = label
        self.image = next((self.columns[name] for name in _IMAGES if name in self.columns), None)
        self.pictured = self.image is not None and _is_binary(schema.field(self.image).type)
        if self.image is None:
            self.flat = [field.name for field in schema if field.name != label and _is_number(field.type)]
            if not is_image(len(self.flat)):
                raise DataError(f"{about}: has {len(self.flat)} columns of numbers beside {label}; {EXPECTED}.")
        self._check_size()

    def _check_size(self) -> None:
        """DataError if the file says of itself that it holds too much."""
        data = self.file.metadata
        groups = [data.row_group(i) for i in range(data.num_row_groups)]
        values = sum(group.column(i).num_values for group in groups for i in range(group.num_columns))
        total = sum(group.total_byte_size for group in groups)
        if values > _MAX_VALUES or total > MAX_TOTAL or min([values, total, *(g.num_rows for g in groups)]) < 0:
            raise DataError(f"{self.about}: declares {values:,} values, {total:,} bytes, which is too much.")

    def _batches(self, columns: list[str], size: int) -> Iterator["pa.RecordBatch"]:
        with _faults(self.about):
            for batch in self.file.iter_batches(size, columns=columns, use_threads=False):
                if any(column.null_count for column in batch.columns):
                    raise DataError(f"{self.about}: has empty cells in {', '.join(columns)[:100]}; {EXPECTED}.")
                yield batch

    def labels(self) -> np.ndarray:
        """The labels (N,), numbers or texts."""
        found = [batch.column(0) for batch in self._batches([self.label], _BATCH)]
        with _faults(self.about):
            values = np.concatenate([np.asarray(column.to_pylist()) for column in found])
        if values.ndim != 1 or values.dtype.kind not in "buifUS" or len(values) != self.rows:
            raise DataError(f"{self.about}: column {self.label} holds no labels; {EXPECTED}.")
        return values

    def pictures(self) -> list[bytes]:
        """The content of each picture, as PNG or JPEG."""
        contents, total = [], 0
        for batch in self._batches([str(self.image)], _PICTURES):
            column = batch.column(0)
            if hasattr(column, "field"):
                column = column.field("bytes")
            for content in column.to_pylist():
                total += len(content or b"")
                if not content or total > MAX_FILE:
                    what = "is larger than 1 GiB" if content else "names pictures without holding them"
                    raise DataError(f"{self.about}: {what}; {EXPECTED}.")
                contents.append(content)
        return contents

    def pixels(self) -> np.ndarray:
        """The images uint8 (N, P), or (N, H, W) of lists of lists."""
        held, shape = Collector(), None
        for batch in self._batches([self.image] if self.image else self.flat, _BATCH):
            values = _nested(batch.column(0)) if self.image else np.column_stack([_plain(c) for c in batch.columns])
            levels = None if values is None else held.as_levels(values)
            if values is None or levels is None or values.shape[1:] != (shape or values.shape[1:]):
                raise DataError(f"{self.about}: its images are no lists of equal length with levels 0 to 255.")
            shape = values.shape[1:]
            held.content += levels.tobytes()
        return held.images(*(shape or ()))


@contextmanager
def _faults(about: str) -> Iterator[None]:
    """DataError for whatever a damaged file makes Arrow raise."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # ArrowInvalid, OSError, KeyError, UnicodeDecodeError, …
        raise DataError(f"{about}: is no Parquet file, or a damaged one; get it again.") from error


def _class_names(schema: "pa.Schema") -> tuple[str, ...] | None:
    """The names of the classes in the metadata of Hugging Face's library; None if there are none."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = next(f["names"] for f in features.values() if isinstance(f, dict) and f.get("_type") == "ClassLabel")
    except (KeyError, ValueError, TypeError, AttributeError, StopIteration, RecursionError):
        return None
    return tuple(map(str, names)) if isinstance(names, list) else None


def _is_binary(kind: "pa.DataType") -> bool:
    """Whether a column holds bytes, or a structure with a field of bytes."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_number(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _plain(column: "pa.Array") -> np.ndarray:
    return column.to_numpy(zero_copy_only=False)


def _nested(column: "pa.Array") -> np.ndarray | None:
    """A column of lists, or of lists of lists, of numbers as one array (N, …); None if they differ in length."""
    import pyarrow as pa

    shape = [len(column)]
    while hasattr(column, "flatten") and not _is_number(column.type):
        inner = column.flatten()
        if isinstance(column, pa.StructArray) or len(inner) % len(column) or inner.null_count:
            return None
        side = len(inner) // len(column)
        if hasattr(column, "value_lengths") and not (_plain(column.value_lengths()) == side).all():
            return None
        shape.append(side)
        column = inner
    return _plain(column).reshape(shape) if _is_number(column.type) and len(shape) > 1 else None
