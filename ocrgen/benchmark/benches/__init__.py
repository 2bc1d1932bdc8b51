"""One file per bench, with a function `parts(lab)` that returns its comparisons."""
