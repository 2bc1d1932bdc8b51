"""The paper's claims, judged from studies and benchmarks."""
