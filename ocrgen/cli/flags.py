"""Flags that verbs add to their settings; drawn with them from one pydantic model."""

from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from ocrgen.cli.common import to_user_error
from ocrgen.utils.settings import Settings


class Flags(Settings):
    """Settings as flags. UserError, of one line, if a bound does not hold."""

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as fault:
            raise to_user_error(fault) from fault


class RunFlags(Flags):
    """Flags of a verb that creates a run."""

    run_name: str = Field(default="", description="a label of your own for the run; its folder's name is generated")
    transpose: bool = Field(
        default=False, description="your own data lie on their side, as EMNIST's files do: use a copy that is upright"
    )
