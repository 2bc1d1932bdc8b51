"""FID and LFID: both distances over the epochs, what they cost, and what LFID alone does not see."""

from ocrgen.ui.fid import page as scores
from ocrgen.ui.shared.frame import page_title

page_title(
    "FID and LFID", "How far generated images are from real ones, at four depths of one network; lower is nearer."
)
scores.show()
