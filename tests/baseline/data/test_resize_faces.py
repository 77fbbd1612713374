"""Faces are resized as Pillow does it."""

import numpy as np

from deepfake_dataset.baseline.data.resize_faces import resize_to_model


def test_nearest_takes_the_pixels_that_pillow_takes() -> None:
    import PIL.Image

    for side, target in ((410, 256), (90, 256), (256, 256)):
        image = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
        ours = resize_to_model(image, target, target, nearest=True)
        theirs = PIL.Image.fromarray(image).resize((target, target), PIL.Image.Resampling.NEAREST)
        np.testing.assert_array_equal(ours, np.asarray(theirs))
