"""``dsbuild score``: what a trained network says of a manifest, of images or of videos."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from deepfake_dataset.commands.extract import Progress, extract_faces
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import ImagesError
from deepfake_dataset.records import Face, Scene, Video
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.list_files import list_files
from deepfake_dataset.storage.cache_folder import discard_cache
from deepfake_dataset.storage.paths import StrPath, as_path, optional_path

if TYPE_CHECKING:
    from deepfake_dataset.baseline.data.examples import Examples
    from deepfake_dataset.baseline.report.score_timeline import SceneScores
    from deepfake_dataset.baseline.scoring.face_and_video_scores import (
        FaceScore,
        ScoringResult,
        VideoScore,
    )
    from deepfake_dataset.baseline.scoring.predictions import Predictions
    from deepfake_dataset.baseline.scoring.trained_model import TrainedModel

FACES_FILE, VIDEOS_FILE, TIMELINES_FOLDER = "faces.csv", "videos.csv", "timelines"


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What scoring was asked for."""

    model: Path
    trained: "TrainedModel"
    output: Path | None
    threshold: float


def score(
    model: StrPath,
    given: StrPath,
    *,
    output: StrPath | None = None,
    threshold: float = 0.5,
    on_progress: Callable[[Progress], None] = lambda _: None,
    workers: int | None = None,
) -> "ScoringResult":
    """Score a manifest, a dataset, an image, a folder of images, or videos.

    ``model`` is a run's folder, a .keras file or a .h5 file of weights. A folder that holds
    videos is taken for these. From videos faces are extracted first, by so many ``workers``,
    into a temporary folder: as the model's own dataset does it, where the model lies in one,
    but with no video refused for being small or short. With ``output``, ``faces.csv`` and
    ``videos.csv`` are written there, and of videos and datasets a timeline each.

    Raises :class:`UsageError` for a model that cannot be used and for what cannot be scored.
    """
    from deepfake_dataset.baseline.scoring.trained_model import open_trained_model

    model, given = as_path(model, "model"), as_path(given, "given")
    output = optional_path(output, "output")
    if not given.exists():
        raise ImagesError(f"{given} does not exist", "name a manifest, images or videos")
    asked = _Asked(model, open_trained_model(model), output, threshold)
    if Dataset.is_at(given):
        return _score_dataset(asked, Dataset.open(given))
    if not _is_video(given):
        return _score_images(asked, given)
    with TemporaryDirectory(prefix="dsbuild-") as folder:
        place = Path(folder) / "dataset"
        dataset = Dataset.create(place, _settings_for(model))
        try:
            extract_faces([given], place, on_progress=on_progress, workers=workers)
            return _score_dataset(asked, Dataset.open(place))
        finally:
            discard_cache(dataset.cache_folder)


def _settings_for(model: Path) -> Settings:
    """A network knows crops of one detector, size and margin: those that it was trained on."""
    holders = (folder for folder in model.resolve().parents if Dataset.is_at(folder))
    own = next(holders, None)
    settings = Dataset.open(own).settings if own else Settings()
    return settings.override(min_width=0, min_height=0, min_duration_s=0.0)


def _is_video(given: Path) -> bool:
    """Whether it is a video or a folder that holds any; a file that is nothing else is one."""
    from deepfake_dataset.baseline.data.class_folders import IMAGE_SUFFIXES

    if given.is_dir():
        return bool(list_files([given]).files)
    return given.suffix.lower() not in (*IMAGE_SUFFIXES, ".csv")


def _score_images(asked: _Asked, given: Path) -> "ScoringResult":
    from deepfake_dataset.baseline.data.images_to_score import (
        read_images_to_score,
        read_manifest_to_score,
    )
    from deepfake_dataset.baseline.data.unreadable_images import split_readable
    from deepfake_dataset.baseline.scoring.face_and_video_scores import face_scores, video_scores

    read = read_manifest_to_score if given.suffix.lower() == ".csv" else read_images_to_score
    examples, unreadable = split_readable(read(given))
    scores = asked.trained.score(examples)
    faces, videos = face_scores(scores), video_scores(scores, asked.threshold)
    return _written(asked, replace(_scored(asked, scores, faces, videos), unreadable=unreadable))


def _score_dataset(asked: _Asked, dataset: Dataset) -> "ScoringResult":
    from deepfake_dataset.baseline.scoring.face_and_video_scores import face_scores, video_scores

    videos = sorted(dataset.videos(), key=lambda video: (video.path, video.video_id))
    scores = asked.trained.score(_examples(dataset, videos))
    faces = [face for video in videos for face in video.faces]
    rows = tuple(
        replace(row, scene=face.scene, frame=face.frame, time_s=face.time_s, path=row.video)
        for row, face in zip(face_scores(scores), faces, strict=True)
    )
    found = {row.video: row for row in video_scores(scores, asked.threshold)}
    listed = tuple(found.get(name) or _unscored(name, video) for name, video in _named(videos))
    if asked.output is not None:
        _draw_timelines(asked, dataset, videos, scores)
    return _written(asked, _scored(asked, scores, rows, listed))


def _named(videos: Sequence[Video]) -> Iterator[tuple[str, Video]]:
    """Each video with its path, which gets the id where another one has the same."""
    paths = [video.path for video in videos]
    for video in videos:
        alone = paths.count(video.path) == 1
        yield video.path if alone else f"{video.path} {video.video_id}", video


def _unscored(name: str, video: Video) -> "VideoScore":
    from deepfake_dataset.baseline.scoring.face_and_video_scores import VideoScore

    message = video.message or "no face was found"
    return VideoScore(name, video.provenance.label, 0, error=video.error, message=message)


def _examples(dataset: Dataset, videos: Sequence[Video]) -> "Examples":
    from deepfake_dataset.baseline.data.examples import Examples
    from deepfake_dataset.baseline.scoring.face_and_video_scores import LABEL_NUMBERS

    rows = [(name, video, face) for name, video in _named(videos) for face in video.faces]
    crops = [dataset.face_path(video.video_id, face.face_id) for _, video, face in rows]
    names = np.array([name for name, _, _ in rows], np.str_)
    blank = np.full(len(rows), "", np.str_)
    return Examples(
        folder=dataset.root,
        path=np.array([crop.relative_to(dataset.root).as_posix() for crop in crops], np.str_),
        label=np.array([LABEL_NUMBERS[video.provenance.label] for _, video, _ in rows], np.int64),
        video=names,
        group=names,
        method=blank,
        resolution=blank,
        codec=blank,
    )


def _scored(
    asked: _Asked,
    scores: "Predictions",
    faces: "tuple[FaceScore, ...]",
    videos: "tuple[VideoScore, ...]",
) -> "ScoringResult":
    from deepfake_dataset.baseline.scoring.face_and_video_scores import (
        ScoringResult,
        metrics_where_labelled,
    )

    per_face, per_video = metrics_where_labelled(scores, asked.threshold)
    calibration = asked.trained.calibration
    return ScoringResult(
        model=str(asked.model),
        temperature=calibration.temperature,
        bias=calibration.bias,
        threshold=asked.threshold,
        faces=faces,
        videos=videos,
        per_face=per_face,
        per_video=per_video,
        output=str(asked.output or ""),
    )


def _written(asked: _Asked, scored: "ScoringResult") -> "ScoringResult":
    from deepfake_dataset.baseline.scoring.face_and_video_scores import (
        FaceScore,
        VideoScore,
        scores_csv,
    )
    from deepfake_dataset.storage.local import write_file

    if asked.output is not None:
        write_file(asked.output / FACES_FILE, scores_csv(scored.faces, FaceScore))
        write_file(asked.output / VIDEOS_FILE, scores_csv(scored.videos, VideoScore))
    return scored


def _draw_timelines(
    asked: _Asked, dataset: Dataset, videos: Sequence[Video], scores: "Predictions"
) -> None:
    from deepfake_dataset.baseline.report.score_timeline import draw_timeline
    from deepfake_dataset.storage.local import write_file

    assert asked.output is not None
    start = 0
    for name, video in _named(videos):
        p_real = scores.p_real[start : start + len(video.faces)]
        start += len(video.faces)
        if video.faces:
            parts = [_part(dataset, video, scene, p_real) for scene in video.scenes]
            title = f"{name} · mean p_real {p_real.mean():.3f}"
            picture = draw_timeline(title, parts, asked.threshold)
            write_file(asked.output / TIMELINES_FOLDER / f"{name}.png", picture)


def _part(
    dataset: Dataset,
    video: Video,
    scene: Scene,
    p_real: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> "SceneScores":
    from deepfake_dataset.baseline.data.read_image import read_image
    from deepfake_dataset.baseline.report.score_timeline import SceneScores

    rows = [n for n, face in enumerate(video.faces) if face.scene == scene.scene]
    faces: list[Face] = [video.faces[n] for n in rows]
    middle = faces[len(faces) // 2] if faces else None
    crop = read_image(dataset.face_path(video.video_id, middle.face_id)) if middle else None
    times = np.array([face.time_s for face in faces])
    return SceneScores(scene.start_s, scene.end_s, times, p_real[rows], crop)
