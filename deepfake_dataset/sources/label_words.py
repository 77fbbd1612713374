"""The words for real and fake, as labels and folders spell them."""

from deepfake_dataset.records import Label

REAL_WORDS = ("real", "original", "originals", "genuine", "authentic", "pristine")
FAKE_WORDS = (
    "fake",
    "fakes",
    "forged",
    "forgery",
    "forgeries",
    "deepfake",
    "deepfakes",
    "manipulated",
    "synthesis",
    "synthesized",
    "synthetic",
)
LABEL_WORDS: dict[str, Label] = {
    **dict.fromkeys(REAL_WORDS, Label.REAL),
    **dict.fromkeys(FAKE_WORDS, Label.FAKE),
    "unknown": Label.UNKNOWN,
}
"""What a labels CSV may say, in lower case. Not 0 and 1: published sets disagree which is fake."""

METHODS: dict[str, str] = {
    method.lower(): method
    for method in (
        "Deepfakes",
        "Face2Face",
        "FaceSwap",
        "NeuralTextures",
        "FaceShifter",
    )
}
"""FaceForensics++'s names of its methods, by the same in lower case."""
