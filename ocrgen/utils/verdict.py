"""The words of a verdict, the same for studies, benchmarks and claims."""

from typing import Literal

VerdictWord = Literal["holds", "does not hold", "depends", "undecided", "not measured"]
HOLDS: Literal["holds"] = "holds"
FAILS: Literal["does not hold"] = "does not hold"
DEPENDS: Literal["depends"] = "depends"
OPEN: Literal["undecided"] = "undecided"
UNMEASURED: Literal["not measured"] = "not measured"
