"""From a folder of real and forged videos to aligned faces that can be trusted.

    import deepfake_dataset as dd

    dd.extract_faces("videos/", "dataset")
    faces = dd.Dataset.open("dataset").faces()

Every command of ``dsbuild`` is a function here; ``__init__.pyi`` names them all, with the
records that they give and the errors that they raise. Each is imported when it is first
used, so that a look at the version does not load OpenCV.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
