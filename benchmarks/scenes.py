"""How well scenes are found in films whose cuts and changes of light are known.

    python benchmarks/scenes.py [FOLDER] [--half dev|held|all] [--films N] [--seed N] [--alone]

Encodes films (``films.py``) in H.264 of several sizes, rates and qualities and prints
precision, recall and F1: ±1 frame for angle (anywhere within a dissolve or fade), ±0.5 s for
light. PySceneDetect's own results on the same files stand beside, and its golden tables.
Clips are parted into two halves by name; constants were chosen on ``dev`` alone.
"""

import argparse
import json
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import films
import numpy as np
from scenedetect import AdaptiveDetector, ContentDetector, detect
from scenedetect import SceneDetector as PeerDetector

from deepfake_dataset.extract import frame_needs, largest_face_region
from deepfake_dataset.faces.detection_windows import make_face_search
from deepfake_dataset.records import Box, Cause
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.shots.scene_detector import Boundary, SceneDetector, ShrunkFrame
from deepfake_dataset.shots.thumbnail import Thumbnail, similarity
from deepfake_dataset.shots.thumbnail_stride import with_thumbnails
from deepfake_dataset.video.decode import Decoder

LIGHT_TOLERANCE_S = 0.5
BOXES = 12
PAIRS = 60
PEERS: dict[str, Callable[[], PeerDetector]] = {
    "scenedetect adaptive": AdaptiveDetector,
    "scenedetect adaptive, best sweep": partial(
        AdaptiveDetector, adaptive_threshold=3.5, window_width=3, min_scene_len="0.6s"
    ),
    "scenedetect content": ContentDetector,
}


@dataclass
class Score:
    """Found, missed and falsely found."""

    hits: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Take another film's score in."""
        self.hits += other.hits
        self.missed += other.missed
        self.false += other.false

    def line(self) -> str:
        """Truths, precision, recall and F1 in columns."""
        truths, found = self.hits + len(self.missed), self.hits + len(self.false)
        precision, recall = self.hits / max(1, found), self.hits / max(1, truths)
        f1 = 2 * self.hits / max(1, truths + found)
        return f"{truths:5d} {precision:10.3f} {recall:8.3f} {f1:8.3f}"


def score_angle(truths: list[films.AngleTruth], found: list[int], name: str) -> Score:
    left, score = list(found), Score()
    for truth in truths:
        near = [frame for frame in left if truth.first - 1 <= frame <= truth.last + 1]
        if near:
            left.remove(near[0])
            score.hits += 1
        else:
            score.missed.append(f"{name}: {truth}")
    score.false = [f"{name}: frame {frame}" for frame in left]
    return score


def score_light(truths: list[films.LightTruth], found: list[float], name: str) -> Score:
    left, score = list(found), Score()
    for truth in truths:
        near = sorted(left, key=lambda time_s: abs(time_s - truth.time_s))
        if near and abs(near[0] - truth.time_s) <= LIGHT_TOLERANCE_S:
            left.remove(near[0])
            score.hits += 1
        else:
            score.missed.append(f"{name}: {truth}")
    score.false = [f"{name}: {time_s:.2f} s" for time_s in left]
    return score


@dataclass
class Cost:
    """What finding scenes took."""

    frames: int = 0
    seconds: float = 0.0
    latest_s: float = 0.0


def run_ours(path: Path, cost: Cost) -> list[Boundary]:
    """As extraction does it: at the start of each scene a face is looked for, and watched."""
    settings = ExtractSettings()
    with Decoder(path, films.MAX_PIXELS, frame_needs(settings)) as decoder:
        frames = list(decoder.frames())
    numbered = {frame.index: frame for frame in frames}
    detector, search = SceneDetector(), make_face_search(settings)
    detector.watch(largest_face_region(search.find_in_frame(frames[0]), frames[0]))
    found: list[Boundary] = []
    for frame, small in with_thumbnails(frames):
        if small is None:
            continue
        start = time.process_time()
        new = detector.push(small)
        cost.seconds += time.process_time() - start
        for one in new:
            cost.latest_s = max(cost.latest_s, frame.time_s - one.time_s)
            first = numbered[one.frame]
            detector.watch(largest_face_region(search.find_in_frame(first), first))
        found += new
    cost.frames += len(frames)
    return found + detector.finish()


def run_peer(path: Path, make: Callable[[], PeerDetector]) -> list[int]:
    return [scene[0].frame_num for scene in detect(str(path), make())[1:]]


@dataclass
class Result:
    """Scores over all films."""

    angle: dict[str, Score]
    light: Score = field(default_factory=Score)
    cost: Cost = field(default_factory=Cost)

    def take(self, path: Path, truth: films.Truth, name: str) -> None:
        """Score one film by every detector."""
        found = run_ours(path, self.cost)
        cuts = [one.frame for one in found if one.cause is Cause.ANGLE]
        lit = [one.time_s for one in found if one.cause is Cause.LIGHT]
        self.angle["ours"].add(score_angle(truth.angle, cuts, name))
        self.light.add(score_light(truth.light, lit, name))
        for peer in self.angle.keys() - {"ours"}:
            cuts = run_peer(path, PEERS[peer])
            self.angle[peer].add(score_angle(truth.angle, cuts, name))


def main() -> None:
    arguments = parse()
    cv2.setNumThreads(1)
    clips = films.read_clips(arguments.folder, arguments.half)
    names = ["ours", *([] if arguments.alone else PEERS)]
    result = Result({name: Score() for name in names})
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.films):
            film = films.draw_film(clips, arguments.seed * 1000 + number)
            path = Path(folder, f"film{number}.mp4")
            film.encode(path)
            result.take(path, film.truth(), f"film {number}")
            path.unlink()
    report(result, arguments.verbose)
    report_margins(clips, arguments.seed)
    report_heads(arguments.folder)
    report_goldens(arguments.folder)


def report(result: Result, verbose: bool) -> None:
    cost = result.cost
    print(f"{'':34s} truth  precision  recall       F1")
    for name, score in result.angle.items():
        print(f"{'angle, ' + name:34s} {score.line()}")
    print(f"{'light, ours':34s} {result.light.line()}")
    per_frame = 1000 * cost.seconds / max(1, cost.frames)
    print(f"{cost.frames} frames, {per_frame:.3f} ms each; {cost.latest_s:.1f} s late at most")
    if verbose:
        for kind, score in (("angle", result.angle["ours"]), ("light", result.light)):
            print(*[f"  {kind} missed {one}" for one in score.missed], sep="\n")
            print(*[f"  {kind} false {one}" for one in score.false], sep="\n")


def report_margins(clips: list[films.Clip], seed: int) -> None:
    """How alike looks are within a shot, in another light, and between shots."""
    rng = random.Random(seed)
    same, other = [], []
    for clip in clips:
        for _ in range(PAIRS):
            at = rng.randrange(len(clip.frames) - 1)
            light = films.Light(rng.uniform(0.4, 1.8), rng.uniform(0.5, 2.0), 1.0)
            other_clip = rng.choice([one for one in clips if one.family != clip.family])
            here = look_at(clip.picture(at))
            same.append(similarity(here, look_at(light.apply(clip.picture(at + 1)))))
            stranger = other_clip.picture(rng.randrange(len(other_clip.frames)))
            other.append(similarity(here, look_at(stranger)))
    low, high = np.percentile(same, [0, 1, 10]), np.percentile(other, [90, 99, 100])
    print(f"alike, one shot: least {low[0]:.2f}, 99 % above {low[1]:.2f}, 90 % {low[2]:.2f}")
    print(f"alike, two shots: 90 % below {high[0]:.2f}, 99 % {high[1]:.2f}, most {high[2]:.2f}")


def look_at(picture: films.Image) -> Thumbnail:
    """A picture as the detector would see it, all of one size and compressed hard."""
    small = cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    yuv = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2YCrCb)[..., [0, 2, 1]]
    return Thumbnail(0, 0.0, cv2.resize(yuv, (80, 45), interpolation=cv2.INTER_AREA))


def report_heads(folder: Path) -> None:
    """How often a head that moves is taken for light, wherever exactly its box was found."""
    rng, clips, false = random.Random(0), 0, []
    for path in [*(folder / "real").glob("*"), *(folder / "fake").glob("*")]:
        with Decoder(path, films.MAX_PIXELS) as decoder:
            frames = list(decoder.frames())
        region = largest_face_region(
            make_face_search(ExtractSettings()).find_in_frame(frames[0]), frames[0]
        )
        if region is None:
            continue
        clips += 1
        smalls = [ShrunkFrame(frame.index, frame.time_s, frame.thumbnail()) for frame in frames]
        for _ in range(BOXES):
            detector = SceneDetector()
            detector.watch(moved(region, rng))
            found = [one.cause for small in smalls for one in detector.push(small)]
            false += [path.name] * (Cause.LIGHT in found)
    print(f"light in {len(false)} of {clips * BOXES} runs over {clips} clips in which it stays")
    print(*[f"  {name}: {count}" for name, count in Counter(false).items()], sep="\n")


def moved(box: Box, rng: random.Random) -> Box:
    """A box as another search might have found it."""
    side = math.exp(rng.uniform(-0.2, 0.2)) / 2
    x, y = (middle + rng.uniform(-0.15, 0.15) * box.width for middle in box.center)
    width, height = box.width * side, box.height * side
    return Box(x - width, y - height, x + width, y + height)


def report_goldens(folder: Path) -> None:
    """Ours beside PySceneDetect's own golden tables and the cuts found by eye."""
    known = (
        json.loads((folder / "cuts.json").read_text()) if (folder / "cuts.json").exists() else {}
    )
    for path in sorted((folder / "scenecuts").glob("*.mp4")):
        name = path.name.removeprefix("PySceneDetect__")
        ours = [f"{one.frame} {one.cause}" for one in run_ours(path, Cost())]
        print(f"{name}\n  {'ours':24s} {', '.join(ours) or '-'}")
        if seen := known.get(f"scenecuts/{path.name}", {}).get("hard_cuts"):
            print(f"  {'by eye':24s} {', '.join(map(str, seen))}")
        for golden in sorted((folder / "scenecuts" / "goldens").glob(f"{name}.*.json")):
            cuts = json.loads(golden.read_text())["cuts"]
            detector = golden.name.removeprefix(f"{name}.").removesuffix(".json")
            print(f"  {detector:24s} {', '.join(map(str, cuts)) or '-'}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How well scenes are found.")
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "videos"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--half", choices=["dev", "held", "all"], default="held")
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="without PySceneDetect")
    parser.add_argument("--verbose", action="store_true", help="list what was missed or false")
    return parser.parse_args()


if __name__ == "__main__":
    main()
