"""A forged face differs from the real one inside the face, and nowhere else."""

import numpy as np

from deepfake_dataset.baseline.data.self_blended_fakes import self_blend


def test_the_face_changes_and_the_edge_of_the_crop_stays() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    for seed in range(20):
        change = np.abs(self_blend(noise, np.random.default_rng(seed)).astype(int) - noise)
        assert change[118:138, 118:138].mean() > 20
        assert max(change[:16].max(), change[:, :16].max(), change[:, -16:].max()) <= 1


def test_the_face_has_less_detail_than_what_is_around_it() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    for seed in range(20):
        forged = self_blend(noise, np.random.default_rng(seed)).astype(int)
        detail = np.abs(np.diff(forged, axis=1)).mean(axis=2)
        assert detail[110:146, 110:146].mean() < 0.7 * detail[:16].mean()


def test_large_and_oblong_faces_keep_their_place() -> None:
    image = np.full((900, 700, 3), 90, np.uint8)
    assert self_blend(image, np.random.default_rng(0)).shape == (320, 320, 3)


def test_the_same_seed_forges_the_same_face() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    once, again = (self_blend(noise, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
