"""The paper's five claims, each with one verdict: what the paper compared is told, what is equal is judged."""

from ocrgen.claims.claim import Claim
from ocrgen.claims.evidence import claim_improvement, claim_lfid, claim_robustness, claim_saliency, claim_speed
from ocrgen.claims.selection import SelectedRuns

BUILDERS = (claim_speed, claim_lfid, claim_improvement, claim_saliency, claim_robustness)


def judge_claims(runs: SelectedRuns) -> list[Claim]:
    """All five claims, in order, judged by the chosen runs."""
    return [build(runs) for build in BUILDERS]
