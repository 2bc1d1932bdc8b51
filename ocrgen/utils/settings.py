"""The base class of all settings."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class Settings(BaseModel):
    """A set of settings with bounds and one-line descriptions: drawn as a form and as flags, checked once, here.

    renamed: old name -> name. Runs and flags of earlier versions use the old ones; both are accepted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    renamed: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, values: Any) -> Any:
        if not cls.renamed or not isinstance(values, dict):
            return values
        # Where both are given, the new name counts.
        return {cls.renamed[k]: v for k, v in values.items() if k in cls.renamed} | {
            k: v for k, v in values.items() if k not in cls.renamed
        }
