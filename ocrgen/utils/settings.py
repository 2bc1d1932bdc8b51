"""The base class of all settings."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A set of settings with bounds and one-line descriptions: drawn as a form and as flags, checked once, here."""

    model_config = ConfigDict(extra="forbid", frozen=True)
