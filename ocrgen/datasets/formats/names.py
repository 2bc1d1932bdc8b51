"""What files, folders, keys and columns are called: parts of a data set, roles of arrays, digits in words."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

PARTS = ("training", "validation", "test")
_PART_WORDS = {
    **dict.fromkeys(("train", "training", "trn", "tra", "tr"), 0),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "development"), 1),
    **dict.fromkeys(("test", "testing", "tst", "tes", "te", "t10k", "eval", "evaluation"), 2),
}
# The first of several keys with one role wins: scikit-learn's digits have both `images` and `data`.
_ROLES = {
    "images": ("images", "image", "imgs", "img", "x", "pixels", "data", "features", "inputs", "input", "samples"),
    "labels": ("labels", "label", "lbl", "y", "targets", "target", "class", "digit"),
    "writers": ("writer", "writers", "writerid", "writerids"),
    "classes": ("classes", "classnames", "labelnames", "targetnames"),
    "mapping": ("mapping",),
    "parts": ("part", "parts", "split", "splits"),
    "ink": ("ink",),
    "notes": ("notes",),
}
_RANK = {word: (role, rank) for role, words in _ROLES.items() for rank, word in enumerate(words)}
# What the name of a part is written together with: xtrain, trainset, mnisttest.
_GLUED = re.compile(
    r"(?P<before>.*?)(?P<part>training|train|validation|valid|val|testing|test|eval|dev)(?P<after>.*)", re.DOTALL
)
_BESIDE = {*_RANK, "", "set", "mnist", "emnist", "kmnist", "csv", "lab", "im"}
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SEPARATORS = re.compile(r"[\s_.\-]+")


def _words(name: str) -> tuple[int | None, list[str]]:
    words = re.findall(r"[tT]10[kK]|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+", name)
    part, rest = None, []
    for word in map(str.lower, words):
        if part is None and word in _PART_WORDS:
            part = _PART_WORDS[word]
            continue
        glued = _GLUED.fullmatch(word)
        if part is None and glued and {glued["before"], glued["after"]} <= _BESIDE:
            part, word = _PART_WORDS[glued["part"]], glued["before"] + glued["after"]
        rest.append(word)
    return part, rest


def split_name(name: str) -> tuple[int | None, str]:
    """The part that a name speaks of, 0 training, 1 validation, 2 test, None if none, and the rest, in lower case.

    "X_train" gives (0, "x"), "emnist-letters-test" (2, "emnistletters").
    """
    part, rest = _words(name)
    return part, "".join(rest)


def part_of(name: str) -> int | None:
    """The part that a name speaks of: 0 training, 1 validation, 2 test; None if none."""
    return _words(name)[0]


@dataclass(frozen=True)
class Key:
    """What the key of an array says: the part of the data set, what the array is, and of which set.

    role: "images", "labels", "writers" …; empty if the key does not say. rank: how usual the key is, 0 first. rest: the
    key without part and role.
    """

    part: int | None
    role: str
    rank: int
    rest: str


def parse_key(key: str) -> Key:
    """What a key says, which may be a path: "train/images", "mnist_test_labels"."""
    *folders, last = re.split(r"[./]", key)
    part, words = _words(last)
    before = "".join(split_name(folder)[1] for folder in folders)
    if part is None:
        part = next((found for folder in folders[::-1] if (found := part_of(folder)) is not None), None)
    if whole := _RANK.get("".join(words)):
        return Key(part, *whole, before)
    for place in (-1, 0):
        if words and words[place] in ("images", "image", "labels", "label", "writers", *(("x", "y") if place else ())):
            role, rank = _RANK[words[place]]
            return Key(part, role, rank, before + "".join(words[:-1] if place else words[1:]))
    return Key(part, "", 0, before + "".join(words))


def set_of(name: str) -> str:
    """What is left of a file's name without part, role, kind and number: the same for all files of one data set."""
    stem = re.sub(
        r"(\.(csv|tsv|txt|parquet|mat|npy|npz|gz|data|tra|tes|idx|ubyte)|[.-]idx\d.*)+$", "", name, flags=re.I
    )
    stem = re.sub(r"\d+k?\s*x\s*\d+|[-_ ]*\d+(-of-\d+)?$", "", stem, flags=re.I)
    return parse_key(stem.replace(".", "_")).rest


def digits_in(names: Sequence[str]) -> list[str] | None:
    """The digits that distinct names stand for, if all do in the same way: digit_0 to digit_9, zero to nine.

    None if they do not, or are digits already.
    """
    plain = [_SEPARATORS.sub(" ", name).strip().casefold() for name in names]
    if len(plain) < 2 or all(len(name) == 1 for name in plain):
        return None
    first = os.path.commonprefix(plain)
    words = [name[first.rfind(" ") + 1 :] for name in plain]
    if all(word in WORDS for word in words):
        return [str(WORDS.index(word)) for word in words]
    before, after = os.path.commonprefix(plain), os.path.commonprefix([name[::-1] for name in plain])[::-1]
    before, after = before.rstrip("0123456789"), after.lstrip("0123456789")
    if not before + after:
        return None
    middle = [name[len(before) : len(name) - len(after)].strip() for name in plain]
    if not all(re.fullmatch(r"0?[0-9]", text) for text in middle):
        return None
    return [text[-1] for text in middle]
