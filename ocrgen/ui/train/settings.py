"""All settings of a training as a form: in groups, under the names that the field has for them, with their units."""

import typing
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import streamlit as st
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

# A setting that stands here under no group, such as one of a new generator, comes last, under its own name.
GROUPS: dict[str, dict[str, str]] = {
    "Architecture": {
        "latent": "Latent dimensions",
        "width": "Network width",
        "depth": "Network depth",
        "decoder": "Decoder type",
        "decoder_width": "Decoder width",
        "discriminator": "Discriminator type",
        "discriminator_width": "Discriminator width",
        "parts": "Prior: Gaussians per class",
    },
    "Optimisation": {
        "batch": "Batch size (images)",
        "lr": "Learning rate",
        "lr_generator": "Learning rate, generator",
        "lr_discriminator": "Learning rate, discriminator",
        "beta1": "Adam β₁",
        "beta2": "Adam β₂",
        "ema": "EMA decay",
        "time_mean": "Training times, mean logit",
        "time_spread": "Training times, SD of the logit",
    },
    "Regularisation": {
        "beta": "KL weight β",
        "r1": "R1 penalty weight",
        "r1_every": "R1 interval (steps)",
        "binarize": "Binarisation threshold (0–255)",
        "patience": "Early stopping: patience (scores)",
        "min_gain": "Early stopping: least gain (share)",
    },
    "Sampling": {
        "solver": "ODE solver",
        "steps": "Solver steps per image",
    },
    "Shape of the characters": {
        "style": "Style",
        "forms": "Handwritten forms (share)",
        "rotation": "Rotation (degrees)",
        "slant": "Slant (px per px of height)",
        "aspect": "Aspect ratio (log)",
        "bend": "Bending (share of half the size)",
        "tremble": "Tremble (share of half the size)",
    },
    "Pen and ink": {
        "thin": "Thinnest stroke (px)",
        "thick": "Thickest stroke (px)",
        "pressure": "Pressure (share of the width)",
        "outlined": "Outlined characters (share)",
        "blur": "Edge blur (px)",
        "ink": "Palest ink (brightness, 0–1)",
    },
    "Scoring": {
        "monitor": "Scoring interval (images)",
        "watch": "Best epoch chosen by",
    },
    "Computing and storage": {
        "seed": "Random seed",
        "device": "Device",
        "precision": "Precision",
        "threads": "CPU threads",
        "log_every": "Logging interval (steps)",
        "keep": "Checkpoints kept (epochs)",
    },
}
WIDE = 130  # pixels of a widget: two side by side in the form on a usual screen
LABELS = {name: label for group in GROUPS.values() for name, label in group.items()}
OPTIONS = {
    "lfid_64": "LFID-64",
    "lfid_192": "LFID-192",
    "mlp": "MLP",
    "conv": "convolutional",
    "transposed": "transposed convolutions",
    "auxiliary": "auxiliary classifier (AC-GAN)",
    "cpu": "CPU",
    "cuda": "CUDA",
    "euler": "Euler",
    "heun": "Heun",
}


def label_of(name: str) -> str:
    """A setting's name for people."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def option_label(option: object) -> str:
    """One of the values that a setting may have, for people."""
    return OPTIONS.get(str(option), str(option))


def settings_form(parts: dict[str, BaseModel], skip: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Widgets for every field of some settings, in groups, with bounds and descriptions; returns the values of each.

    parts: the settings that the widgets begin with, by the beginning of their keys; no two have a field in common.
    """
    owner = {name: key for key, settings in parts.items() for name in type(settings).model_fields if name not in skip}
    groups = {group: [name for name in labels if name in owner] for group, labels in GROUPS.items()}
    groups["Other"] = [name for name in owner if name not in LABELS]
    values: dict[str, Any] = {}
    for group, names in groups.items():
        if names:
            st.markdown(f"**{group}**")
        # As many in a row as there is room for, level where one label takes two lines.
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for name in names:
                values[name] = _widget(parts[owner[name]], name, f"{owner[name]}_{name}")
    return [{name: value for name, value in values.items() if owner[name] == key} for key in parts]


def _widget(settings: BaseModel, name: str, key: str) -> Any:
    """A widget for one setting, with its bounds and description."""
    field, value, label = type(settings).model_fields[name], getattr(settings, name), label_of(name)
    about = field.description
    if typing.get_origin(field.annotation) is Literal:
        options = typing.get_args(field.annotation)
        return st.selectbox(
            label, options, options.index(value), format_func=option_label, key=key, help=about, width=WIDE
        )
    if isinstance(value, int):
        return st.number_input(label, *_bounds(field), value, 1, key=key, help=about, width=WIDE)
    low, high = (None if bound is None else float(bound) for bound in _bounds(field))
    step = 10.0 ** np.floor(np.log10(abs(value))) if value else 0.01
    return st.number_input(label, low, high, float(value), step, format="%.4g", key=key, help=about, width=WIDE)


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    """The least and the greatest value of a number's field; None where there is no bound."""
    low = next((m.ge if isinstance(m, Ge) else m.gt for m in field.metadata if isinstance(m, Ge | Gt)), None)
    high = next((m.le if isinstance(m, Le) else m.lt for m in field.metadata if isinstance(m, Le | Lt)), None)
    return low, high


def changes(settings: BaseModel, values: dict[str, Any]) -> list[str]:
    """The values that differ from the settings that the widgets began with, in words."""
    return [f"{label_of(k)}: {option_label(v)}" for k, v in values.items() if v != getattr(settings, k)]
