"""How long a split takes, and how near its sides come to the best that there is.

    python benchmarks/split.py                         10⁵, 10⁶ and 10⁷ simulated faces
    python benchmarks/split.py --faces 1000000         one size
    python benchmarks/split.py --optimum               distance to the proven optimum, small sets

Simulated are the faces of videos as a dataset would have them: fifty a video; a fake for every
three videos of four, of five methods; most people in a few videos, some in many; donors taken
at random, within circles of people so that chains form as in published sets; native sizes of a
lognormal distribution, smaller for fakes. Each size runs in a process of its own, from the table
of faces to files on the disk. Looking at pictures is not part of it: benchmarks/people.py.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepfake_dataset.dataset.manifest import write_manifest
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.assign_groups import (
    LocalSearch,
    SideProblem,
    assign_groups,
    solve_exactly,
)
from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.manifests.atomic_publication import publish_manifests
from deepfake_dataset.split.manifests.manifest_rows import manifest_rows
from deepfake_dataset.split.manifests.split_record import record_of
from deepfake_dataset.split.plan import link_videos, plan_split
from deepfake_dataset.storage.local import LocalStorage

FACES_A_VIDEO = 50
CIRCLE = 100
"""People in the largest circles."""
METHODS = ("Deepfakes", "Face2Face", "FaceShifter", "FaceSwap", "NeuralTextures")


def simulate(faces: int) -> tuple[pa.Table, list[MustLink]]:
    random = np.random.default_rng(0)
    videos = max(20, faces // FACES_A_VIDEO)
    people = max(10, videos // 4)
    # A person's circle is where donors come from; popular people are in more videos.
    target = random.permutation(people)[(people * random.random(videos) ** 1.5).astype(int)]
    circle = np.ceil(random.pareto(1.5, people) * 2).clip(1, CIRCLE).astype(int)
    begin = np.minimum(np.repeat(np.cumsum(circle) - circle, circle)[:people], people - 1)
    circle = np.minimum(np.repeat(circle, circle)[:people], people - begin)
    donor = begin[target] + (random.random(videos) * circle[target]).astype(int)
    fake = random.random(videos) < 0.75
    ids = np.sort(random.choice(2**62, videos, replace=False))
    video_ids = pa.array([f"{number:016x}" for number in ids.tolist()])
    names = pa.array([f"person {i}" for i in range(people)] + [""])
    of_face = np.sort(random.integers(0, videos, faces))
    first = np.searchsorted(of_face, np.arange(videos))
    nth = np.arange(faces) - first[of_face]
    side = random.lognormal(5 - 0.5 * fake, 0.5)[of_face] * random.lognormal(0, 0.1, faces)
    numbers = pa.array(np.char.zfill(nth.astype("U6"), 6))
    video_id = video_ids.take(pa.array(of_face))
    face_id = pa.compute.binary_join_element_wise(video_id, numbers, "0", "-")
    crop = pa.compute.binary_join_element_wise("faces", video_id, face_id, "/")
    method = pa.array([*METHODS, ""])
    which = np.where(fake, random.integers(0, len(METHODS), videos), len(METHODS))

    def of_video(values: pa.Array, codes: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes[of_face].astype(np.int32)), values)

    paths = pa.array([f"{'fake' if f else 'real'}/{i}.mp4" for i, f in enumerate(fake)])
    table = pa.table(
        {
            "video_id": video_id,
            "video_path": of_video(paths, np.arange(videos)),
            "crop": pa.compute.binary_join_element_wise(crop, ".png", ""),
            "label": of_video(pa.array(["real", "fake"]), fake.astype(int)).cast(pa.string()),
            "method": of_video(method, which),
            "target": of_video(names, target),
            "donor": of_video(names, np.where(fake, donor, people)),
            "person": of_video(names, np.where(fake, donor, target)),
            "codec": of_video(pa.array(["h264", "hevc"]), (random.random(videos) < 0.2) * 1),
            "scene": nth // 17,
            "track": nth // 17,
            "frame": nth * 5,
            "time_s": nth * 0.2,
            "native_px": side,
            "sha256": pa.array(_hex(random, faces)),
            "phash": pa.nulls(faces, pa.string()).fill_null(""),
        }
    )
    order = np.argsort(target, kind="stable")
    near = random.integers(0, videos - 1, videos // 50)
    pairs = zip(order[near].tolist(), order[near + 1].tolist(), strict=True)
    links = [
        MustLink(video_ids[a].as_py(), video_ids[b].as_py(), LinkReason.DUPLICATE) for a, b in pairs
    ]
    return table, links


def _simulate_into(file: Path, faces: int) -> list[MustLink]:
    table, links = simulate(faces)
    with pa.ipc.new_file(file, table.schema) as sink:
        sink.write_table(table.combine_chunks())
    return links


def _hex(random: np.random.Generator, number: int) -> pa.Array:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    data = pa.py_buffer(digits[random.integers(0, 16, number * 64, dtype=np.uint8)])
    offsets = pa.py_buffer(np.arange(0, number * 64 + 1, 64, dtype=np.int32))
    return pa.StringArray.from_buffers(number, offsets, data)


def run(faces: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "faces.arrow"
        with ProcessPoolExecutor(1) as apart:  # so that its memory is not counted
            links = apart.submit(_simulate_into, file, faces).result()
        table = pa.ipc.open_file(file).read_all()
    base = _peak()
    settings = SplitSettings()
    spent = time.process_time()
    marks = [("", time.perf_counter())]
    linked = link_videos(table, links, settings)
    marks.append(("names and links", time.perf_counter()))
    plan = plan_split(linked, settings, np.full(len(linked.videos), Side.FREE, np.int8))
    marks.append(("groups, sides, faces", time.perf_counter()))
    with tempfile.TemporaryDirectory() as folder, LocalStorage(Path(folder)).spool() as made:
        for side in plan.sides:
            write_manifest(made.folder / f"{Side(side).word}.csv", manifest_rows(plan, side))
        marks.append(("manifests", time.perf_counter()))
        record = publish_manifests(
            LocalStorage(Path(folder)),
            made,
            lambda files: record_of(plan, settings, {}, files, pinned=False),
        )
        marks.append(("hashes, split.json", time.perf_counter()))
        spent = time.process_time() - spent
        size = sum(file.size_bytes for file in record.files)
    parts = [(name, now - marks[i][1]) for i, (name, now) in enumerate(marks[1:])]
    print(
        f"{faces:>10} faces  {len(linked.videos):>7} videos  {record.groups:>6} groups"
        f"  {sum(seconds for _, seconds in parts):6.1f} s ({spent:.1f} s of processor)"
        f"  peak {_peak() / 2**30:.2f} GiB (the table alone {base / 2**30:.2f})"
        f"  {size / 2**30:.2f} GiB written"
    )
    print("           " + "  ".join(f"{name} {seconds:.1f} s" for name, seconds in parts))


def _peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def optimum(numbers: list[int]) -> None:
    print("Above the proven optimum, mean and worst of 10 sets:")
    print("groups  search  HiGHS, to proof  search alone, worst  the split, worst")
    for number in numbers:
        gaps, times = [], []
        for seed in range(10):
            problem = _problem(number, seed)
            search = LocalSearch(problem)
            start = time.perf_counter()
            search.run()
            between = time.perf_counter()
            side = solve_exactly(problem, search, nodes=None)
            times.append((between - start, time.perf_counter() - between))
            assert side is not None
            least = search.cost_of(side)
            gaps.append((search.best[1] / least - 1, assign_groups(problem).cost / least - 1))
        seconds, mean, worst = np.mean(times, axis=0), np.mean(gaps, axis=0), np.max(gaps, axis=0)
        print(
            f"{number:>6}  {seconds[0]:4.1f} s  {seconds[1]:13.1f} s"
            f"  {mean[0]:10.2%}, {worst[0]:6.2%}  {mean[1]:9.2%}, {worst[1]:.2%}"
        )


def _problem(number: int, seed: int) -> SideProblem:
    """Groups of skewed sizes, classes, resolutions and methods."""
    random = np.random.default_rng(seed)
    size = 50 * np.ceil(1 + 3 * random.pareto(1.2, number)).clip(1, 60).astype(int)
    fake = (size * random.beta(2, 2, number)).astype(int)
    classes = (fake, size - fake)
    bins = [_scattered(random, faces, 4) for faces in classes]
    kinds = [_scattered(random, fake, 3), _scattered(random, size, 2)]
    counts = np.column_stack([*classes, *bins, *kinds])
    weights = np.array([4] * 2 + [2] * 8 + [1] * 5)
    shares = (Fraction(7, 10), Fraction(1, 5), Fraction(1, 10))
    return SideProblem(counts, 4, weights, shares, np.full(number, Side.FREE, np.int8), seed)


def _scattered(random: np.random.Generator, faces: np.ndarray, bins: int) -> np.ndarray:
    return np.array([random.multinomial(n, random.dirichlet([0.3] * bins)) for n in faces])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int)
    parser.add_argument("--optimum", action="store_true")
    given = parser.parse_args()
    if given.optimum:
        optimum([6, 8, 12, 16, 20, 24])
    elif given.faces:
        run(given.faces)
    else:
        for faces in (100_000, 1_000_000, 10_000_000):
            command = [sys.executable, __file__, "--faces", str(faces)]
            subprocess.run(command, check=True, env=os.environ)


if __name__ == "__main__":
    main()
