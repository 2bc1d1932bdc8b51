"""A user's own digits as files of every format that is read."""

import gzip
import io
import json
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ocrgen.datasets import Characters, load_data
from tests.helpers.letters import png

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@cache
def digits() -> Characters:
    """Four images of each digit, shuffled."""
    train = load_data("digits").train
    rng = np.random.default_rng(0)
    chosen = np.concatenate([np.flatnonzero(train.labels == c)[:4] for c in range(10)])
    return train[rng.permutation(chosen)]


def as_set(characters: Characters) -> list[tuple[str, bytes]]:
    """Class texts and images, in no order."""
    pairs = zip(characters.labels, characters.images, strict=True)
    return sorted((characters.classes[label], image.tobytes()) for label, image in pairs)


def packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """The files in a zip, or in a tar if the path says so."""
    if ".t" in path.name:
        with tarfile.open(path, f"w:{path.suffix[1:].replace('tgz', 'gz').replace('tar', '')}") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def written(path: Path, content: bytes) -> Path:
    """A file with this content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pictures(characters: Characters, form: str = "{}", prefix: str = "") -> dict[str, bytes]:
    """PNG files in one folder a class; form: of a folder's name, which may hold the digit or its word."""
    files = {}
    for i, (image, label) in enumerate(zip(characters.images, characters.labels, strict=True)):
        text = characters.classes[label]
        folder = form.format(text, word=WORDS[int(text)] if text.isdecimal() else text)
        files[f"{prefix}{folder}/{i:03}.png"] = png(image)
    return files


def table(
    characters: Characters,
    header: str = "",
    last: bool = False,
    delimiter: str = ",",
    labels: list | None = None,
    divide: int = 1,
) -> bytes:
    """A CSV file of pixels. header: the name of the column of labels; last: whether it is the last."""
    rows = [] if not header else [[header, *(f"pixel{i}" for i in range(784))]]
    named = characters.labels.tolist() if labels is None else labels
    flat = characters.images.reshape(len(characters), -1)
    rows += [
        [label, *pixels] for label, pixels in zip(named, (flat / divide if divide > 1 else flat).tolist(), strict=True)
    ]
    rows = [[*row[1:], row[0]] if last else row for row in rows]
    return "\n".join(delimiter.join(map(str, row)) for row in rows).encode() + b"\n"


def column(values) -> bytes:
    """A CSV file of one column."""
    return "\n".join(map(str, np.asarray(values).tolist())).encode() + b"\n"


def pixels(images: np.ndarray) -> bytes:
    """A CSV file of pixels alone."""
    return "\n".join(",".join(map(str, row)) for row in images.reshape(len(images), -1).tolist()).encode() + b"\n"


def npy(array: np.ndarray) -> bytes:
    """The content of an .npy file."""
    np.save(stream := io.BytesIO(), array)
    return stream.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """The content of an .npz file."""
    np.savez_compressed(stream := io.BytesIO(), **arrays)
    return stream.getvalue()


def idx(array: np.ndarray) -> bytes:
    """The content of an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def parquet(characters: Characters, form: str = "struct", names: tuple[str, ...] = (), labels=None) -> bytes:
    """A Parquet file; form: of the images. names: of the classes in Hugging Face's metadata."""
    images = characters.images
    if form == "struct":
        column = pa.array([{"bytes": png(image), "path": None} for image in images])
    elif form == "bytes":
        column = pa.array([png(image) for image in images])
    elif form == "list":
        column = pa.array(images.reshape(len(images), -1).tolist(), pa.list_(pa.uint8()))
    else:
        column = pa.array(images.tolist(), pa.list_(pa.list_(pa.int64())))
    found = pa.table({"image": column, "label": pa.array(characters.labels if labels is None else labels)})
    if form == "columns":
        flat = images.reshape(len(images), -1)
        found = pa.table({"label": found["label"], **{f"p{i}": flat[:, i] for i in range(784)}})
    if names:
        features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list(names)}}
        found = found.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(found, stream := io.BytesIO(), row_group_size=17)
    return stream.getvalue()


def mat(variables: dict, compress: bool = True) -> bytes:
    """A .mat file as SciPy writes it."""
    from scipy.io import savemat

    savemat(stream := io.BytesIO(), variables, do_compression=compress)
    return stream.getvalue()


def gz(content: bytes) -> bytes:
    """The same, gzipped."""
    return gzip.compress(content, 1)
