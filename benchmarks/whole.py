"""Whether the samples of a dataset show what a search of the whole frame would show.

    python benchmarks/whole.py DATASET

Decodes the sources again, searches every sampled frame whole with the dataset's own detector
and sizes, and prints for each video: frames whose face was missed, and the overlap of boxes.
"""

import sys
from pathlib import Path
from statistics import median

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import make_detector
from deepfake_dataset.records import Video
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.sources.locate import find_source
from deepfake_dataset.video.decode import Decoder


def compare(video: Video, source: Path, settings: ExtractSettings) -> tuple[list[float], int]:
    """Overlaps of boxes where both found a face, and how many faces the samples missed."""
    search = FaceSearch(
        make_detector(settings.detector), settings.min_face_px, settings.min_face_share, False
    )
    faces = {face.frame: face for face in video.faces}
    missed = {miss.frame for miss in video.misses}
    overlaps, lost = [], 0
    with Decoder(source, round(settings.max_frame_megapixels * 1e6)) as decoder:
        for frame in decoder.frames():
            if frame.index not in faces and frame.index not in missed:
                continue
            found = search.find_in_frame(frame)
            if frame.index in missed:
                lost += bool(found)
            elif found:
                box = faces[frame.index].box
                overlaps.append(max(other.box.overlap(box) for other in found))
    return overlaps, lost


def main() -> None:
    dataset = Dataset.open(Path(sys.argv[1]))
    all_overlaps: list[float] = []
    all_lost = faces = 0
    for video in dataset.videos():
        source = find_source(dataset, video.video_id)
        if source is None or not video.scenes:
            continue
        overlaps, lost = compare(video, source, dataset.settings.extract)
        all_overlaps += overlaps
        all_lost += lost
        faces += len({face.frame for face in video.faces})
        middle = f"{median(overlaps):.2f}" if overlaps else "–"
        print(f"{video.path:60} missed {lost:3}  overlap at the median {middle}", flush=True)
    if not faces:
        raise SystemExit("no video of the dataset with a face is where it was found")
    print(f"missed {all_lost} of {faces + all_lost}, overlap {median(all_overlaps):.2f}")


if __name__ == "__main__":
    main()
