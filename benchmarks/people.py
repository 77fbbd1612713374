"""Who is told apart, what is told to be a copy, and how long it takes for very many.

    python benchmarks/people.py [--photos FOLDER] [--dataset DATASET] [--tracks 400000]

``--photos`` is a folder of photos of different people with a ``points.csv``, as in
``benchmarks/align.py``; ``--dataset`` is any extracted dataset whose videos mostly show
different people. They are where the constants of ``split/similarity/`` (person_clusters.py,
perceptual_hash.py, near_duplicates.py) are from. ``--tracks`` are simulated: as many people as
given, twenty tracks each, as far apart as those of the photos.
"""

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import NormalDist

import cv2
import numpy as np
import pyarrow as pa
from align import FOLDER, SETTINGS, Photo, read
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.engine import make_engine
from deepfake_dataset.faces.alignment import render_crop
from deepfake_dataset.faces.embedding import embed_crop, embed_face
from deepfake_dataset.split.similarity import near_duplicates, person_clusters
from deepfake_dataset.split.similarity.face_embeddings import (
    CropToEmbed,
    EmbeddingNetwork,
    embed_tracks,
)
from deepfake_dataset.split.similarity.near_duplicates import near_pairs
from deepfake_dataset.split.similarity.perceptual_hash import BITS, hash_crops, perceptual_hash
from deepfake_dataset.split.similarity.person_clusters import cluster_embeddings
from deepfake_dataset.split.similarity.read_crop import Image

NETWORK = EmbeddingNetwork(embed_crop, ["deepfake_dataset.faces.embedding:load_network"])
Numbers = NDArray[np.float64]
THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6)
PER_PERSON = 20


def main() -> None:
    arguments = _arguments()
    photos = [
        (photo, render_crop(photo.frame, photo.pose, 256)) for photo in read(arguments.photos)
    ]
    _print_people(photos)
    if arguments.dataset:
        dataset = Dataset.open(arguments.dataset)
        faces = apply_decisions(read_faces(dataset), read_decisions(dataset))
        _print_tracks(dataset, faces)
        _print_hashes(dataset, faces)
    _print_changes([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for _, crop in photos])
    for number in arguments.tracks:
        _print_clustering(number)
    for number in arguments.hashes:
        _print_search(number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=FOLDER)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--tracks", type=int, nargs="*", default=[100_000, 400_000])
    parser.add_argument("--hashes", type=int, nargs="*", default=[100_000])
    return parser.parse_args()


def _print_people(photos: list[tuple[Photo, Image]]) -> None:
    embeddings, whole = [], []
    for photo, crop in photos:
        pose = photo.pose
        flat = tuple(photo.points.ravel().tolist())
        place = pose.center_x, pose.center_y, pose.side, pose.roll_deg
        embeddings.append(embed_crop(crop, CropToEmbed("", "", flat, *place)))
        whole.append(embed_face(photo.rgb, photo.points))
    apart = _all_pairs(np.array(embeddings))
    moved = np.linalg.norm(np.array(embeddings) - np.array(whole), axis=1)
    print(f"{len(photos)} photos of different people, aligned at margin {SETTINGS.margin}")
    print(
        f"  crop to whole photo, same face: median {np.median(moved):.3f}, most {moved.max():.3f}"
    )
    print(f"  {len(apart)} pairs of two people: {_quantiles(apart)}")
    fit = NormalDist(float(apart.mean()), float(apart.std()))
    print("  closer than   pairs   if normal, one pair in")
    for threshold in THRESHOLDS:
        print(f"  {threshold:>11} {(apart < threshold).sum():>7}   {1 / fit.cdf(threshold):,.0f}")


def _print_tracks(dataset: Dataset, faces: pa.Table) -> None:
    began = time.perf_counter()
    tracks = embed_tracks(dataset, faces, NETWORK, make_engine())
    print(f"{len(tracks.video_ids)} tracks, {time.perf_counter() - began:.1f} s (cached if short)")
    path = dict(zip(faces["video_id"].to_pylist(), faces["video_path"].to_pylist(), strict=True))
    found = person_clusters.people_of(tracks)
    for link in found.links:
        print(f"  {path[link.a]}  {path[link.b]}: {link.detail.rsplit(' are ', 1)[-1]}")
    clusters = cluster_embeddings(tracks.vectors)
    sound = np.flatnonzero(clusters.of >= 0)
    parted = clusters.of[sound][:, None] != clusters.of[sound]
    rest = _all_pairs(tracks.vectors[sound])[parted[np.triu_indices(len(sound), 1)]]
    print(f"  pairs of tracks not joined: {_quantiles(rest)}; {found.refused} links refused")


def _print_hashes(dataset: Dataset, faces: pa.Table) -> None:
    hashes, _ = hash_crops(dataset, faces, threads=2)
    videos = np.unique(faces["video_id"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    scenes = videos * 1000 + faces["scene"].to_numpy()
    bits = np.unpackbits(hashes, axis=1).astype(np.float32)
    apart = bits.sum(1)[:, None] + bits.sum(1) - 2 * bits @ bits.T
    np.fill_diagonal(apart, BITS)
    own = np.where(scenes[:, None] == scenes, apart, BITS).min(axis=1)
    print(f"{len(hashes)} hashes, bits of {BITS} that differ")
    print(f"  to the nearest crop of the same scene: {_quantiles(own[own < BITS])}")
    nearest_of_each = sorted(
        (apart[np.ix_(videos == a, videos == b)].min(), a, b)
        for a in range(videos.max() + 1)
        for b in range(a)
    )
    listed = ", ".link(f"{bits:.0f}" for bits, _, _ in nearest_of_each[:10])
    print(f"  two videos' nearest crops: {listed} …; joined up to {near_duplicates.NEAR}")


def _print_changes(lumas: list[Image]) -> None:
    print("what is done to a crop: bits that change, median and most; to another crop at least")
    hashes = np.array([perceptual_hash(luma) for luma in lumas])
    for name, change in _changes():
        changed = np.array([perceptual_hash(change(luma)) for luma in lumas])
        told = changed.any(axis=1)
        apart = np.unpackbits(hashes[:, None] ^ changed, axis=2).sum(axis=2).astype(float)
        own = np.diag(apart)[told]
        np.fill_diagonal(apart, BITS)
        if not told.any():
            print(f"  {name:<22} none is told by its hash any more")
            continue
        print(
            f"  {name:<22} {np.median(own):>3.0f} {own.max():>4.0f}   {apart[:, told].min():>4.0f}"
            f"   {told.mean():.0%} told by their hash"
        )


def _changes() -> Iterator[tuple[str, Callable[[Image], Image]]]:
    def jpeg(luma: Image) -> Image:
        return cv2.imdecode(cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], 0)

    def small(luma: Image) -> Image:
        return cv2.resize(cv2.resize(luma, (40, 40), interpolation=cv2.INTER_AREA), (256, 256))

    def turned(luma: Image) -> Image:
        turn = cv2.getRotationMatrix2D((128, 128), 2, 1.02)
        return cv2.warpAffine(luma, turn, (256, 256), borderMode=cv2.BORDER_REFLECT)

    yield "JPEG quality 20", jpeg
    yield "40 pixels a side", small
    yield "gamma 0.6", lambda luma: (255 * (luma / 255) ** 0.6).astype(np.uint8)
    yield "turned 2°, 2 % larger", turned
    yield "blurred, 8 pixels", lambda luma: cv2.GaussianBlur(luma, (0, 0), 8)
    yield "blurred, 16 pixels", lambda luma: cv2.GaussianBlur(luma, (0, 0), 16)
    yield "blurred, 32 pixels", lambda luma: cv2.GaussianBlur(luma, (0, 0), 32)
    yield "a 32nd as bright", lambda luma: luma // 32
    yield "black", np.zeros_like


def _print_clustering(number: int) -> None:
    vectors, true = simulated(number)
    began, busy = time.perf_counter(), time.process_time()
    clusters = cluster_embeddings(vectors, threads=2)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    together = (clusters.of[:-1] == clusters.of[1:])[true[:-1] == true[1:]].mean()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{number} tracks of {true.max() + 1} people: {took:.1f} s on two threads"
        f" ({busy:.1f} s of CPU), {peak:.1f} GiB; {len(np.unique(clusters.of))} clusters,"
        f" {together:.2%} of one person's together, the largest has"
        f" {np.bincount(clusters.of).max()}, {clusters.refused} links refused",
        flush=True,
    )


def simulated(number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Tracks of people twenty each: 0.81 ± 0.09 from one person to another, 0.38 within."""
    rng = np.random.default_rng(0)
    decay = 0.9545 ** np.arange(128)
    sample_tracks = np.sqrt(decay / decay.sum())
    faces = rng.standard_normal((number // PER_PERSON, 128)) * sample_tracks * 0.51
    true = np.repeat(np.arange(len(faces)), PER_PERSON)
    within = rng.standard_normal((len(true), 128)) * sample_tracks * 0.27
    return (faces[true] + within).astype(np.float32), true


def _print_search(number: int) -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (number, BITS // 8), dtype=np.uint8)
    began, busy = time.perf_counter(), time.process_time()
    found = sum(len(pairs.a) for pairs in near_pairs(hashes[: number // 5], hashes[number // 5 :]))
    took, busy = time.perf_counter() - began, time.process_time() - busy
    print(
        f"{number} hashes, a fifth against the rest: {took:.1f} s ({busy:.1f} s of CPU),"
        f" {found} found"
    )


def _all_pairs(vectors: NDArray[np.float32]) -> Numbers:
    apart: Numbers = np.linalg.norm(vectors[:, None].astype(float) - vectors, axis=-1)
    return apart[np.triu_indices(len(vectors), 1)]


def _quantiles(values: NDArray[np.floating]) -> str:
    low, one, half, most = np.quantile(values, (0, 0.01, 0.5, 1))
    return f"least {low:.3g}, 1 % {one:.3g}, median {half:.3g}, most {most:.3g}"


if __name__ == "__main__":
    main()
