"""The base class of all settings."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class Settings(BaseModel):
    """Settings with bounds and one-line descriptions, from which forms and command-line flags are made.

    renamed: old name -> current name. Runs and flags of earlier versions use the old names; both are accepted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    renamed: ClassVar[dict[str, str]] = {}

    @classmethod
    def present_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Values of any version by their present names; where both names are given, the present one counts."""
        old = {cls.renamed[k]: v for k, v in values.items() if k in cls.renamed}
        return old | {k: v for k, v in values.items() if k not in cls.renamed}

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, values: Any) -> Any:
        return cls.present_names(values) if isinstance(values, dict) else values


def first_fault(fault: ValidationError) -> str:
    """The first of what is wrong with some settings, in one line that names it."""
    first = fault.errors()[0]
    where = ".".join(map(str, first["loc"])) or "settings"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
