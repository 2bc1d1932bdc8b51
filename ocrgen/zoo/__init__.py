"""The runs shipped in `checkpoints/`: their recipes, the build, and model cards."""
