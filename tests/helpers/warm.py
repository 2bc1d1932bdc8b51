"""What each child of a fork server would import and read anew: preloaded once, it starts in a fraction of the time."""

import tensorboard.compat
import torch._dynamo
import torch.utils.tensorboard

import ocrgen.generators.training
from ocrgen.datasets import load_data

__all__ = ["ocrgen", "tensorboard", "torch"]

torch.set_num_threads(1)
load_data("digits")
