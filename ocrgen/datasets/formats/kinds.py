"""What a file is by its first bytes, for messages about those that are not read."""

import re

_READ = "expected a folder, zip or tar of pictures, a CSV, Parquet, .npz or .mat file, or IDX files"
# First bytes, what such a file is, and what to do.
_KINDS = (
    (rb"Rar!\x1a\x07", "a RAR archive", "unpack it, and bring it as a zip"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it, and bring it as a zip"),
    (rb"\x28\xb5\x2f\xfd", "compressed by Zstandard", "unpack it first"),
    (rb"%PDF-", "a PDF document", "save its pictures in one folder per class"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", "save its arrays as an .npz with images and labels"),
    (rb"MATLAB 7\.3", "a MATLAB 7.3 file (HDF5)", "save it with the option -v7, or as an .npz with images and labels"),
    (rb"\xd0\xcf\x11\xe0", "an old Office document", "save the table as CSV"),
    (rb"\x80[\x02-\x05][\x95c}\](].*", "a pickle, which could run any program", "save its arrays as an .npz"),
    (rb"ARROW1|FEA1", "an Arrow or Feather file", "save it as Parquet"),
    (rb"SQLite format 3", "an SQLite database", "save its table as CSV"),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0\0\0\0|II\*\0|MM\0\*",
        "one picture",
        "bring a zip with one folder per class",
    ),
    (rb"\x93NUMPY", "one array", "bring images and labels in one .npz, or as two .npy files in a zip"),
    (rb"\0\0[\x08-\x0e][\x01-\x04]", "one IDX file", "bring images and labels in one folder or zip"),
    (rb"\s*(<!doctype html|<html)", "a web page, not data", "get the file again; perhaps one has to sign in first"),
)


def refusal(head: bytes) -> str:
    """Why a file that begins with `head` is not read, and what to do: the rest of a sentence after its name."""
    if not head:
        return f"is empty; {_READ}."
    for pattern, what, advice in _KINDS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return f"is {what}; {advice}."
    return f"not a zip, or a damaged one; {_READ}."


def single_suffix(head: bytes, name: str) -> str | None:
    """The suffix of the format of a file that is a data set by itself, as its first bytes have it; None if it is none.

    name: of the file; texts are taken for tables if it says so, or if they begin like one.
    """
    if any(re.match(pattern, head, re.DOTALL | re.IGNORECASE) for pattern, *_ in _KINDS):
        return None
    if head.startswith(b"PAR1"):
        return ".parquet"
    if head.startswith((b"MATLAB 5.0", b"MATLAB 7.0")):
        return ".mat"
    if b"\0" in head or not head.strip():
        return None
    named = re.search(r"\.(csv|tsv|txt|data|tra|tes)(\.gz)?$", name, re.IGNORECASE)
    return ".csv" if named or re.match(rb"[^\n<>{]{0,300}([,;\t][^\n<>{,;\t]*){20}", head) else None


def refused_contents(names: list[str]) -> str | None:
    """Why a zip with these names is no data set, as `refusal` says it; None if nothing speaks against it."""
    for marks, what, advice in (
        ({"[Content_Types].xml"}, "an Office document", "save its table as CSV"),
        ({"data.pkl", "archive/data.pkl"}, "a PyTorch file of pickles", "save its arrays as an .npz"),
    ):
        if marks & {*names, *(name.partition("/")[2] for name in names)}:
            return f"is {what}; {advice}."
    for suffix in ("zip", "rar", "7z", "xlsx", "pkl", "pickle", "pt", "pth", "h5", "hdf5", "pdf"):
        if names and all(name.lower().endswith(f".{suffix}") for name in names):
            return f"holds nothing but .{suffix} files, which are not read; {_READ}."
    return None
