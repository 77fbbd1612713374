"""What extraction costs: beyond decoding, against the usual way, by workers, in memory.

    python benchmarks/extract.py cost      [VIDEOS…]   per clip and in sum, and where time goes
    python benchmarks/extract.py usual     [VIDEOS…]   faces per CPU second, beside the usual way
    python benchmarks/extract.py forked    [VIDEOS…]   the cost with a process for every video
    python benchmarks/extract.py workers   [VIDEOS…]   wall time of two workers beside one
    python benchmarks/extract.py memory    [VIDEO]     peak of a worker, a short and a long video
    python benchmarks/extract.py known                 a run over a thousand known videos

Times are CPU seconds of this process unless they say wall. Machines differ and are noisy: the
ratios of one run are what to quote.
"""

import argparse
import atexit
import hashlib
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import dlib
from threadpoolctl import threadpool_limits

from deepfake_dataset import extract
from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.local import workers_environment
from deepfake_dataset.faces import crop, detection_windows
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.records import Provenance, Video, VideoFile
from deepfake_dataset.settings import Settings
from deepfake_dataset.shots import scene_detector
from deepfake_dataset.video.frame import Frame

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "videos"
FRAME_MS, FACE_MS = 0.4, 9.0
"""What a decoded frame and a face may cost beyond decoding."""
USUAL_FRAMES = 32


@dataclass(frozen=True)
class Cost:
    """One clip, decoded alone and extracted."""

    name: str
    height: int
    frames: int
    faces: int
    decode_s: float
    extract_s: float

    @property
    def ratio(self) -> float:
        return self.extract_s / self.decode_s

    @property
    def budget_s(self) -> float:
        return (self.frames * FRAME_MS + self.faces * FACE_MS) / 1000


def clips(named: Sequence[Path]) -> list[Path]:
    """The videos named, or the shared real and fake ones."""
    if not named:
        named = [SHARED / "real", SHARED / "fake"]
    listed = [sorted(p.iterdir()) if p.is_dir() else [p] for p in named]
    return [path for paths in listed for path in paths]


def decode_once(path: Path) -> float:
    """CPU seconds to decode a file with PyAV on one thread and do nothing else."""
    began = time.process_time()
    with av.open(str(path)) as container:
        stream = container.streams.best("video")
        stream.codec_context.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass
    return time.process_time() - began


def extract_once(path: Path) -> tuple[float, Video]:
    """CPU seconds to extract one video into a new dataset, models being loaded.

    Nothing is deleted before the end: a file system may create files more slowly after that.
    """
    dataset = Dataset.create(Path(tempfile.mkdtemp(dir=scratch()), "dataset"), Settings())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    file = VideoFile(digest, str(path), path.name, path.stat().st_size, Provenance())
    began = time.process_time()
    record = extract.extract_video(file, dataset)
    return time.process_time() - began, record


@cache
def scratch() -> str:
    """A folder that goes with this process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return folder.name


def measure(path: Path, runs: int) -> Cost:
    """The cheapest of several runs of each, in turns: noise only ever adds."""
    decoded, extracted = [], []
    for _ in range(runs):
        decoded.append(decode_once(path))
        seconds, record = extract_once(path)
        extracted.append(seconds)
    stream = record.stream
    height = min(stream.width, stream.height) if stream else 0
    frames = stream.frames if stream else 0
    return Cost(path.name, height, frames, len(record.faces), min(decoded), min(extracted))


class Watch:
    """Time spent inside functions, each one's own without what it calls of the others."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inside: list[float] = []

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            self._inside.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.process_time() - began
                self.seconds[name] += spent - self._inside.pop()
                self.calls[name] += 1
                if self._inside:
                    self._inside[-1] += spent

        return timed

    @contextmanager
    def over(self, places: dict[str, tuple[Any, str]]) -> Iterator[None]:
        originals = {name: getattr(owner, what) for name, (owner, what) in places.items()}
        for name, (owner, what) in places.items():
            setattr(owner, what, self.around(name, originals[name]))
        try:
            yield
        finally:
            for name, (owner, what) in places.items():
                setattr(owner, what, originals[name])


PLACES: dict[str, tuple[Any, str]] = {
    "thumbnails": (Frame, "thumbnail"),
    "scene detection": (scene_detector.SceneDetector, "push"),
    "search, whole frames": (detection_windows.FaceSearch, "_search_whole"),
    "search, windows": (detection_windows.FaceSearch, "find_around"),
    "landmarks": (extract, "repair_landmarks"),
    "crops": (crop, "render_crop"),
    "measures and PNG": (extract, "crop_if_face"),
    "commit": (Dataset, "commit"),
}


def cost(named: Sequence[Path], runs: int) -> None:
    """Print what each clip costs, the sum, and where the time goes."""
    print(
        f"{'clip':44} {'frames':>6} {'faces':>5} {'decode':>7} {'extract':>7} {'ratio':>5}"
        f" {'extra':>6} {'budget':>6}"
    )
    costs = []
    for path in clips(named):
        c = measure(path, runs)
        costs.append(c)
        print_cost(c)
    print_cost(total("all clips", costs))
    print_cost(total("those of 1080 lines", [c for c in costs if c.height >= 1080]))
    watch = Watch()
    with watch.over(PLACES):
        for path in clips(named):
            extract_once(path)
    frames, faces = sum(c.frames for c in costs), sum(c.faces for c in costs)
    print(f"\n{'where':24} {'s':>7} {'calls':>7} {'ms/call':>8} {'ms/frame':>8} {'ms/face':>8}")
    for name in PLACES:
        spent, calls = watch.seconds[name], watch.calls[name]
        print(
            f"{name:24} {spent:7.2f} {calls:7} {spent / max(1, calls) * 1e3:8.3f}"
            f" {spent / frames * 1e3:8.3f} {spent / max(1, faces) * 1e3:8.3f}"
        )


def total(name: str, costs: Sequence[Cost]) -> Cost:
    return Cost(
        name,
        0,
        sum(c.frames for c in costs),
        sum(c.faces for c in costs),
        sum(c.decode_s for c in costs) or 1e-9,
        sum(c.extract_s for c in costs),
    )


def print_cost(c: Cost) -> None:
    print(
        f"{c.name[:44]:44} {c.frames:6} {c.faces:5} {c.decode_s:7.2f} {c.extract_s:7.2f}"
        f" {c.ratio:5.2f} {c.extract_s - c.decode_s:6.2f} {c.budget_s:6.2f}",
        flush=True,
    )


def usual_way(path: Path) -> tuple[float, int]:
    """OpenCV reads every frame; HOG with one upsampling on 32 of them, whole; landmarks; crop."""
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(model_file("shape_predictor_68_face_landmarks.dat")))
    began = time.process_time()
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = {round(i * (count - 1) / (USUAL_FRAMES - 1)) for i in range(USUAL_FRAMES)}
    faces = index = 0
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        if index in wanted:
            rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            found = detector(rgb, 1)
            if found:
                box = max(found, key=lambda b: b.area())
                predictor(rgb, box)
                crop = frame[max(0, box.top()) : box.bottom(), max(0, box.left()) : box.right()]
                cv2.imencode(".png", cv2.resize(crop, (256, 256)))
                faces += 1
        index += 1
    return time.process_time() - began, faces


def usual(named: Sequence[Path], runs: int) -> None:
    """Print faces per CPU second of both ways over the same videos, the cheapest of some runs.

    The usual way has a process of its own: neither finds the other's leavings in its memory. Runs
    of one way follow one another, as videos do in use: while a process waits for seconds, a
    virtual machine's host may take its freed memory back, and to have it again costs time.
    """
    sums = [0.0, 0, 0.0, 0]
    print(f"{'clip':44} {'usual s':>8} {'faces':>5} {'ours s':>8} {'faces':>5} {'times':>6}")
    with multiprocessing.get_context("spawn").Pool(1) as other:
        for path in clips(named):
            theirs = [other.apply(usual_way, (path,)) for _ in range(runs)]
            ours = [extract_once(path) for _ in range(runs)]
            faces = len(ours[0][1].faces)
            row = [min(s for s, _ in theirs), theirs[0][1], min(s for s, _ in ours), faces]
            sums = [a + b for a, b in zip(sums, row, strict=True)]
            print_usual(path.name, row)
    print_usual("all clips", sums)


def print_usual(name: str, row: Sequence[float]) -> None:
    theirs, ours = row[1] / row[0], row[3] / row[2]
    times = f"{ours / theirs:6.1f}" if theirs else "     –"
    print(
        f"{name[:44]:44} {row[0]:8.2f} {row[1]:5.0f} {row[2]:8.2f} {row[3]:5.0f} {times}",
        flush=True,
    )


def forked(named: Sequence[Path], runs: int) -> None:
    """Print CPU seconds where each video has a process of its own, forked from this one.

    With ``GLIBC_TUNABLES=`` before the command, memory comes in small pages.
    """
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as processes:
        spent = [
            min(processes.map(cpu_seconds, [path] * runs, chunksize=1)) for path in clips(named)
        ]
    tuned = os.environ["GLIBC_TUNABLES"] or "nothing"
    print(f"{len(spent)} processes: {sum(spent):.2f} CPU seconds; GLIBC_TUNABLES: {tuned}")


def cpu_seconds(path: Path) -> float:
    return extract_once(path)[0]


def workers(named: Sequence[Path], runs: int) -> None:
    """Print wall seconds of one and of two workers, in turns."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(runs):
        for count in walls:
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                extract_faces(clips(named), Path(folder, "dataset"), workers=count)
                walls[count].append(time.monotonic() - began)
    one, two = min(walls[1]), min(walls[2])
    print(f"one worker {one:.2f} s, two workers {two:.2f} s: {one / two:.2f} times as fast")


def peak_of(path: Path) -> float:
    """Peak resident MB of a fresh process that loads the models and extracts one video."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return float(pool.apply(_peak, (path,)))


def _peak(path: Path) -> float:
    extract.load_models()
    extract_once(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def memory(named: Sequence[Path]) -> None:
    """Print the peak for a ten-second and a ten-minute video of the same pictures."""
    source = named[0] if named else SHARED / "real" / "icpr2020dfdc__dfdc_lynaeydofd.mp4"
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (10, 600):
            path = Path(folder, f"{seconds}s.mp4")
            loop(source, path, seconds)
            print(f"{seconds:4} s of {source.name}: peak {peak_of(path):.0f} MB", flush=True)


def loop(source: Path, target: Path, seconds: float) -> None:
    """The source's packets again and again, until so many seconds are full."""
    with av.open(str(target), "w") as output:
        copy = None
        offset = 0
        while True:
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copy = copy or output.add_stream_from_template(stream)
                end = 0
                for packet in container.demux(stream):
                    if packet.dts is None:
                        continue
                    end = max(end, packet.pts + (packet.duration or 1))
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = copy
                    output.mux(packet)
                offset += end
                if offset * float(stream.time_base) >= seconds:
                    return


def known(count: int = 1000) -> None:
    """Print wall seconds of a run in which nothing is new."""
    with tempfile.TemporaryDirectory() as folder:
        videos = Path(folder, "videos")
        videos.mkdir()
        for i in range(count):
            tiny(videos / f"{i:05d}.mp4", i)
        extract_faces([videos], Path(folder, "dataset"))
        time.sleep(2.5)  # fresh files are hashed once more
        extract_faces([videos], Path(folder, "dataset"))
        began = time.monotonic()
        summary = extract_faces([videos], Path(folder, "dataset"))
        print(
            f"{summary.known} known videos of {summary.found}: "
            f"{time.monotonic() - began:.3f} s wall"
        )


def tiny(path: Path, number: int) -> None:
    """A video of two small frames that no other has."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        output.metadata["comment"] = str(number)
        for _ in range(2):
            output.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        output.mux(stream.encode())


def run_as_a_worker() -> None:
    """Start over with a worker's environment, which is read when a process begins."""
    environment = workers_environment()
    if os.environ != environment:
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    cv2.setNumThreads(1)
    threadpool_limits(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["cost", "usual", "forked", "workers", "memory", "known"])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_intermixed_args()
    run_as_a_worker()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if options.what == "cost":
        cost(options.videos, options.runs)
    elif options.what == "usual":
        usual(options.videos, options.runs)
    elif options.what == "forked":
        forked(options.videos, options.runs)
    elif options.what == "workers":
        workers(options.videos, options.runs)
    elif options.what == "memory":
        memory(options.videos)
    else:
        known()


if __name__ == "__main__":
    main()
