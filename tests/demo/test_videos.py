import csv
from dataclasses import astuple, replace
from itertools import pairwise
from pathlib import Path

import av
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset import demo
from deepfake_dataset.demo import Clip, forge, make_video, make_videos
from deepfake_dataset.demo.footage import Grain, frames
from deepfake_dataset.demo.photos import COLLINS, load_photo
from deepfake_dataset.demo.script import TAKES, truth
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.records import Label

pytestmark = pytest.mark.slow

TAKE = TAKES[0]
SHORT = replace(
    TAKE, width=160, height=90, shots=tuple(replace(s, frames=6, change=None) for s in TAKE.shots)
)


def _gray(path: Path) -> NDArray[np.float32]:
    with av.open(path) as container:
        decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return np.stack(decoded).astype(np.float32)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(Clip(TAKE, forged=False), tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def film(real: Path) -> NDArray[np.float32]:
    return _gray(real)


def test_a_video_is_h264_of_the_size_and_length_promised(real: Path) -> None:
    with av.open(real) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (TAKE.width, TAKE.height)
        assert stream.average_rate == 25
        assert sum(1 for _ in container.decode(stream)) == sum(s.frames for s in TAKE.shots)


def test_every_change_is_where_the_truth_says_and_nowhere_else(film: NDArray[np.float32]) -> None:
    jumps = [float(np.abs(after - before).mean()) for before, after in pairwise(film)]
    largest = sorted(np.argsort(jumps)[-3:] + 1)
    assert largest == [change.first_frame for change in truth(TAKE)]
    assert sorted(jumps)[-3] > 3 * sorted(jumps)[-4]


def test_faces_large_enough_to_extract_are_found_in_the_video(film: NDArray[np.float32]) -> None:
    detector = dlib.get_frontal_face_detector()
    sampled = [detector(frame.astype(np.uint8), 0) for frame in film[10::30]]
    widths = [face.width() for faces in sampled for face in faces]
    assert sum(len(faces) == 1 for faces in sampled) >= len(sampled) - 1
    assert min(widths) >= 70


def test_a_pseudo_fake_differs_from_its_original_in_the_face() -> None:
    photo = load_photo(COLLINS)
    original = next(frames(TAKE, {COLLINS: photo}))
    forged = next(frames(TAKE, {COLLINS: forge(TAKE, photo)}))
    rows, columns = np.nonzero((original != forged).any(axis=2))
    assert 0.01 < len(rows) / original[..., 0].size < 0.2
    assert np.ptp(columns) < 150
    assert np.ptp(rows) < 150


def test_the_same_take_gives_the_same_frames_and_the_same_bytes(tmp_path: Path) -> None:
    photos = {COLLINS: load_photo(COLLINS)}
    for first, again in zip(frames(SHORT, photos), frames(SHORT, photos), strict=True):
        assert np.array_equal(first, again)
    files = [make_video(Clip(SHORT, forged=True), tmp_path / name) for name in "abcdef"]
    assert len({file.read_bytes() for file in files}) == 1


def test_noise_is_that_of_a_sensor_and_fresh_in_every_frame() -> None:
    grain = Grain(np.random.default_rng(0), (64, 48))
    flat = np.full((48, 64, 3), 128, np.uint8)
    first, second = grain.cover(flat).astype(float), grain.cover(flat).astype(float)
    assert first.std() == pytest.approx(2, abs=0.2)
    assert (first - second).std() > 2


def test_all_clips_come_with_labels_and_truth(tmp_path: Path) -> None:
    clips = Clip(SHORT, forged=False), Clip(SHORT, forged=True)
    assert make_videos(tmp_path, clips) == [tmp_path / clip.path for clip in clips]
    with (tmp_path / "labels.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {
                "path": "real/collins-1.mp4",
                "label": "real",
                "method": "",
                "target": "Eileen Collins",
                "donor": "",
            },
            {
                "path": "fake/collins-1-self-blended.mp4",
                "label": "fake",
                "method": "SelfBlended",
                "target": "Eileen Collins",
                "donor": "Eileen Collins",
            },
        ]
    with (tmp_path / "truth.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["path", "cause", "detail", "first_frame", "settled_frame"]
    expected = [[c.path, *map(str, astuple(t))] for c in clips for t in truth(c.take)]
    assert rows[1:] == expected


def test_each_real_clip_has_a_pseudo_fake_of_the_same_size_and_compression() -> None:
    by_label = {
        label: sorted((c.take.name, c.take.crf) for c in demo.CLIPS if c.provenance.label == label)
        for label in (Label.REAL, Label.FAKE)
    }
    assert by_label[Label.REAL] == by_label[Label.FAKE]
    assert len({clip.path for clip in demo.CLIPS}) == len(demo.CLIPS)


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(DatasetWriteError, match="cannot write") as caught:
        make_videos(blocked)
    assert caught.value.hint
