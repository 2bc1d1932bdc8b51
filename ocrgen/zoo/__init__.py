"""What is shipped in `checkpoints/`: recipes, the build, model cards."""
