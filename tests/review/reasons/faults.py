"""Made-up faces without a fault, and one fault for each reason to find."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from deepfake_dataset.review.measurements import MEASUREMENTS
from deepfake_dataset.review.reasons.face_features import FaceFeatures

TRACK = 40
ODD = 17
"""The face that a fault is put into."""
SHAPE = np.random.default_rng(0).normal(0, 30, (68, 2))


@dataclass
class Faces:
    """Columns of three calm tracks, each of another person, with small chances."""

    columns: dict

    @classmethod
    def calm(cls) -> "Faces":
        rng = np.random.default_rng(1)
        count = 3 * TRACK
        center = np.repeat([[300.0, 200], [500, 300], [400, 250]], TRACK, axis=0)
        center = center + rng.normal(0, 2, (count, 2))
        shapes = SHAPE * (1 + rng.normal(0, 0.01, (count, 1, 1))) + rng.normal(
            0, 0.5, (count, 68, 2)
        )
        return cls(
            {
                "video_id": [f"{i:016d}" for i in range(3) for _ in range(TRACK)],
                "face_id": [str(i) for i in range(count)],
                "label": ["real"] * count,
                "track": np.zeros(count, int),
                "frame": np.tile(np.arange(TRACK), 3),
                "detector": ["hog"] * count,
                "score": 1.5 + rng.normal(0, 0.1, count),
                "landmarks": list((shapes + center[:, None]).reshape(count, -1)),
                "center_x": center[:, 0],
                "center_y": center[:, 1],
                "native_px": 200 + rng.normal(0, 1, count),
                "roll_deg": rng.normal(0, 1, count),
                "yaw_deg": rng.normal(0, 5, count),
                "sharpness": np.exp(rng.normal(5, 0.1, count)),
                "outside": np.zeros(count),
                "box_left": center[:, 0] - 75,
                "box_right": center[:, 0] + 75,
                "box_top": center[:, 1] - 75,
                "box_bottom": center[:, 1] + 75,
                "recheck_score": 1.5 + rng.normal(0, 0.1, count),
                "recheck_x": rng.normal(0, 0.03, count),
                "recheck_y": rng.normal(0, 0.03, count),
                "recheck_side": 1 + rng.normal(0, 0.05, count),
                "eyes_turn": rng.normal(0, 1, count),
                "eyes_x": rng.normal(0, 0.01, count),
                "eyes_y": rng.normal(-0.2, 0.01, count),
                "eyes_apart": rng.normal(0.4, 0.01, count),
                "shape_distance": np.abs(rng.normal(0.08, 0.01, count)),
                "colour_distance": np.abs(rng.normal(0.04, 0.01, count)),
                "person_distance": np.zeros(count),
            }
        )

    def spoil(self, **values: float) -> "Faces":
        for name, value in values.items():
            self.columns[name][ODD] = value
        return self

    @property
    def features(self) -> FaceFeatures:
        table = pa.table(self.columns)
        measurements = [name for name in MEASUREMENTS.names if name != "face_id"]
        return FaceFeatures(table.drop_columns(measurements), table.select(MEASUREMENTS.names))


def _bent() -> Faces:
    faces = Faces.calm()
    bent = faces.columns["landmarks"][ODD].copy()
    bent[20:80] += 25
    faces.columns["landmarks"][ODD] = bent
    return faces


FAULTS = {
    "stranger": lambda: Faces.calm().spoil(person_distance=1.4),
    "unlike": lambda: Faces.calm().spoil(shape_distance=0.4, colour_distance=0.35),
    "jump": lambda: Faces.calm().spoil(center_x=380, shape_distance=0.3),
    "second-look": lambda: Faces.calm().spoil(
        recheck_score=np.nan, recheck_x=np.nan, recheck_y=np.nan, recheck_side=np.nan
    ),
    "landmarks": _bent,
    "low-score": lambda: Faces.calm().spoil(score=0.05),
    "border": lambda: Faces.calm().spoil(outside=0.3),
    "pose": lambda: Faces.calm().spoil(yaw_deg=-60),
    "blurred": lambda: Faces.calm().spoil(sharpness=8),
}
MORE_FAULTS = {
    "turned": ("second-look", {"eyes_turn": 40.0}),
    "too large": ("second-look", {"eyes_apart": 0.62}),
    "elsewhere": ("second-look", {"recheck_x": 0.4}),
    "another size": ("jump", {"native_px": 330.0, "shape_distance": 0.3}),
    "another roll": ("jump", {"roll_deg": 45.0, "shape_distance": 0.3}),
    "off its box": ("landmarks", {"native_px": 420.0}),
}
