"""Generators of labelled characters; command line, dashboard and tests discover every file in `models/`."""

import importlib
import inspect
import pkgutil
from functools import cache

from ocrgen.generators import models
from ocrgen.generators.base import GenerativeModel


@cache
def generators() -> dict[str, type[GenerativeModel]]:
    """Every GenerativeModel in `models/` by name; an error while importing one is raised."""
    classes = {}
    for module_info in pkgutil.iter_modules(models.__path__):
        module = importlib.import_module(f"{models.__name__}.{module_info.name}")
        for _, item in inspect.getmembers(module, inspect.isclass):
            if issubclass(item, GenerativeModel) and item.__module__ == module.__name__ and hasattr(item, "name"):
                classes[item.name] = item
    # The CVAE before the CGAN, as in the paper, then flow matching; others after them, by name.
    return dict(sorted(classes.items(), key=lambda kv: (["cvae", "cgan", "flow", kv[0]].index(kv[0]), kv[0])))
