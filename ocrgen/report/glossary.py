"""The words that a report uses, and the sources and terms of the data that it rests on."""

from ocrgen.datasets.alphabet import noun
from ocrgen.study.results import Results
from ocrgen.study.sequential import LOOKS

GLOSSARY = {
    "OCR model": "the network under test: it sees one {noun} and says which it is.",
    "Training mix": "what an OCR model learned from: real images, classical augmentation (real images turned, "
    "stretched and bent), generated images, or a mixture.",
    "Filtered": "of the generated images only those are kept that an OCR model recognises as the {noun} that was asked "
    "for.",
    "Labelled images seen": "how many images with a known {noun} a training mix learned from, its generator included. "
    "Two training mixes compare fairly only if this number is the same.",
    "Points": "percentage points of accuracy: from 95% to 96% is one point.",
    "[low, high]": "a 95% interval. {errors} A difference whose interval spans zero may go either way; a narrow one "
    "shows that it is small.",
    "Declared, and exploratory": "which comparisons answer the question was fixed by the study’s settings, before any "
    "figure was there: each synthetic way on top of real images with augmentation, at each number of labelled images. "
    "They are one family. All other comparisons are exploratory: figures and intervals without a verdict.",
    "Corrected": "of many comparisons some look good by chance. Verdicts of a family are corrected for its size by "
    "Holm’s method, and its intervals are widened (Bonferroni), so that all of them hold together.",
    "What matters": "the least gain worth having: {matters}. “No difference that matters” means that the difference "
    "surely lies within that, either way; “undecided” that the data do not tell.",
    "Seed": "one repetition, in which labelled images, generators and OCR models are all drawn anew.{readers}",
    "FID, LFID": "distances between generated and real images by the features of a network: FID-2048 by its last "
    "layer, LFID-64 to LFID-768 by earlier ones. Here the network is {network}, not Inception: its "
    "values compare with each other and not with published FIDs.",
    "GAN-test": "share of generated images that an OCR model trained on all real images reads as the {noun} that was "
    "asked for.",
}
BOTH_ERRORS = (
    "That of an accuracy, and of a difference of two, holds both errors: other seeds would give other figures, and so "
    "would other test images. That of any other figure holds the seeds’ error alone (Student’s t)."
)
ONE_ERROR = "It holds the error of the seeds alone (Student’s t): other test images might give other figures."
POOL = {
    "Pool": "images without labels, of which there are often many. Their true labels are known here, but used only to "
    "tell how many pseudo-labels are right, and for a ceiling: “the pool’s true labels”.",
    "Pseudo-labels": "labels that an OCR model trained on the labelled images gives to those of the pool; only those "
    "are kept that it is sure of.",
}
LOOK = {
    "Look": "this study goes on until more seeds would decide nothing, and decides only at {looks} seeds. Each look "
    "has its share of the chance to err, so that all together have that of one; what a look has decided stays decided, "
    "by the seeds that it saw.",
}
OWN_IMAGES = {"Own synthetic": "synthetic images that the user brought, compared as a generator’s would be."}
NETWORKS = {
    "digitnet": ("digitnet, trained on digits", "digitnet-2, a network of this lab trained on MNIST and MADBase"),
}
TERMS = {
    "digits": "The bundled digits: Optical Recognition of Handwritten Digits, UCI, by way of scikit-learn; CC BY 4.0.",
    "mnist": "MNIST: LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998. Offered for "
    "research by its authors, without a licence file.",
    "arabic-letters": "AHCD: El-Sawy, Loey, El-Bakry, Arabic handwritten characters recognition using convolutional "
    "neural network, 2017; 28 letters by 60 people, offered for research by its authors, without a licence file. Its "
    "published test set has the training set's writers; here the test writers are nobody else's.",
    "arabic-letters-published": "AHCD: El-Sawy, Loey, El-Bakry, Arabic handwritten characters recognition using "
    "convolutional neural network, 2017; offered for research by its authors, without a licence file. Split as "
    "published: the writers of the test images are those of the training images.",
    "arabic": "MADBase: El-Sherif, Abdelazeem, Arabic-Indic digits handwritten by 700 people, 2007. Offered for "
    "research by its authors, without a licence file.",
}


def glossary(results: Results) -> dict[str, str]:
    """The words of the report of a study, with what its classes are called."""
    config = results.config
    words = {
        "noun": noun(results.classes),
        "network": NETWORKS["digitnet"][0],
        "errors": BOTH_ERRORS if results.whole_errors else ONE_ERROR,
        "matters": f"{config.matters:g} points"
        if config.matters
        else "0.5 points, or a tenth of the errors that real images with augmentation leave, if that is more",
        "readers": f" {config.readers_per_task} OCR models are trained each time, and their mean is what counts."
        if config.readers_per_task > 1
        else "",
    }
    words["looks"] = f"{', '.join(map(str, LOOKS[:-1]))} and {LOOKS[-1]}"
    told = (
        GLOSSARY
        | (LOOK if config.until_decided else {})
        | (POOL if config.protocol == "pool" else {})
        | (OWN_IMAGES if config.synthetic else {})
    )
    return {word: meaning.format(**words) for word, meaning in told.items()}


def sources(results: Results, data: str) -> list[str]:
    """What to cite for the data, and their terms; `data`: the data set's title."""
    name = results.config.dataset
    cited = [TERMS.get(name, f"{data}: data of your own; their terms are yours to know.")]
    if results.correlations or (results.table.kind == "epoch").any():
        others = " ".join(TERMS[k] for k in ("mnist", "arabic") if k != name)
        cited.append(f"FID and LFID are measured by {NETWORKS['digitnet'][1]}. {others}")
    return cited
