import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pyarrow as pa
import pytest

from deepfake_dataset.commands.split import explain_video, split_dataset
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Action, Decision, append_decisions
from deepfake_dataset.dataset.layout import CANNOT_LINKS
from deepfake_dataset.dataset.manifest import SCHEMA, read_manifest
from deepfake_dataset.dataset.schema import json_schema
from deepfake_dataset.errors import NotADatasetError, SplitError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.split.audit.shortcut_classifier import Shortcut, ShortcutVerdict
from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.manifests.split_record import SplitRecord
from deepfake_dataset.split.similarity.near_duplicates import Duplicates
from deepfake_dataset.split.similarity.person_clusters import FoundPeople
from deepfake_dataset.storage.lease import file_lease
from deepfake_dataset.storage.memory import MemoryStorage

PUBLISHED = Path(__file__).resolve().parents[2] / "manifests" / "split.schema.json"
REFRESH = (
    "python -c 'import json; from deepfake_dataset.split.manifests.split_record import SplitRecord;"
    " from deepfake_dataset.dataset.schema import json_schema;"
    " print(json.dumps(json_schema(SplitRecord), indent=2))' > manifests/split.schema.json"
)


def id_of(path):
    return hashlib.sha256(path.encode()).hexdigest()[:16]


@pytest.fixture
def looks(monkeypatch):
    """Pairs of paths that look alike; filled by a test, seen by the split.

    What takes long is left out: looking at crops, and asking for shortcuts.
    """
    pairs = []

    def people(dataset, faces, network, engine, *, cannot_links=(), **_):
        kept = [pair for pair in pairs if frozenset(map(id_of, pair)) not in cannot_links]
        links = tuple(MustLink(id_of(a), id_of(b), LinkReason.PERSON, "0.1 apart") for a, b in kept)
        return FoundPeople(pa.array([""] * faces.num_rows), links, 0, ())

    def duplicates(dataset, faces, **_):
        return Duplicates(pa.array([""] * faces.num_rows), (), ())

    def shortcut(*_):
        return Shortcut(0, 0, 0, None, None, None, (), ShortcutVerdict.FEW)

    monkeypatch.setattr("deepfake_dataset.split.audit.audit_record.find_shortcut", shortcut)
    monkeypatch.setattr("deepfake_dataset.commands.split.draw_audit", lambda *_: None)
    monkeypatch.setattr("deepfake_dataset.split.similarity.person_clusters.find_people", people)
    monkeypatch.setattr(
        "deepfake_dataset.split.similarity.near_duplicates.find_duplicates", duplicates
    )
    return pairs


@pytest.fixture
def add(dataset, record, commit, looks):
    """Add a video by its path to the dataset."""

    def add_video(path, label="real", target="", donor="", faces=4, native_px=100.0):
        video = record(id_of(path), faces, path=path)
        provenance = Provenance(Label(label), target=target, donor=donor)
        own = tuple(
            replace(f, sha256=hashlib.sha256(f.face_id.encode()).hexdigest(), native_px=native_px)
            for f in video.faces
        )
        commit(dataset, replace(video, provenance=provenance, faces=own))

    return add_video


@pytest.fixture
def ten(add):
    """Ten people with a real and a forged video each."""
    for i in range(10):
        for label in ("real", "fake"):
            add(f"{label}/{i}.mp4", label, f"person {i}", native_px=50.0 + 10 * i)


def rows(ds, side):
    return read_manifest(ds / "manifests" / f"{side}.csv").to_pylist()


def sides(ds):
    record = json.loads((ds / "manifests" / "split.json").read_text())
    return {row["video_id"]: row["side"] for row in record["videos"]}


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(PUBLISHED.read_text()) == json_schema(SplitRecord), REFRESH


def test_a_split_writes_manifests_that_fit_their_schema(ds, ten):
    summary = split_dataset(ds)
    jsonschema.validate(
        json.loads((ds / "manifests" / "split.json").read_text()), json.loads(PUBLISHED.read_text())
    )
    people = {side: {row["target"] for row in rows(ds, side)} for side in ("train", "test", "val")}
    assert [len(people[side]) for side in ("train", "test", "val")] == [7, 2, 1]
    assert len(set.union(*people.values())) == 10
    header = (ds / "manifests" / "train.csv").read_text().split("\n")[0]
    assert header == ",".join(SCHEMA.names)
    assert summary.groups == 10
    assert summary.set_aside == ()


def test_rows_say_what_the_record_says_of_the_face(ds, ten):
    split_dataset(ds)
    for row in rows(ds, "train"):
        assert (ds / row["path"]).is_file()
        face = Path(row["path"]).stem
        assert row["path"] == f"faces/{row['video_id']}/{face}.png"
        assert row["sha256"] == hashlib.sha256(face.encode()).hexdigest()
        assert row["frame"] == int(face.split("-")[1])
        assert row["time_s"] == pytest.approx(row["frame"] / 25)
        assert row["codec"] == "h264"
    paths = [row["path"] for row in rows(ds, "train")]
    assert paths == sorted(paths)


def test_the_record_names_size_and_hash_of_the_files(ds, ten):
    split_dataset(ds)
    record = json.loads((ds / "manifests" / "split.json").read_text())
    names = {"train.csv", "test.csv", "val.csv", "audit.json"}
    assert {file["name"] for file in record["files"]} == names
    for file in record["files"]:
        data = (ds / "manifests" / file["name"]).read_bytes()
        assert (file["size_bytes"], file["sha256"]) == (
            len(data),
            hashlib.sha256(data).hexdigest(),
        )


def test_the_same_dataset_and_seed_give_the_same_bytes(ds, ten, contents):
    split_dataset(ds)
    first = contents(ds / "manifests")
    split_dataset(ds)
    assert contents(ds / "manifests") == first
    split_dataset(ds, fresh=True)
    assert contents(ds / "manifests") == first


def test_settings_given_are_kept(ds, ten):
    split_dataset(ds, val_share=0.0, test_share=0.3)
    kept = Dataset.open(ds).settings.split
    assert (kept.val_share, kept.test_share) == (0.0, 0.3)
    assert not (ds / "manifests" / "val.csv").exists()


def test_new_videos_move_none_that_were_there(ds, ten, add):
    split_dataset(ds)
    before = sides(ds)
    for i in range(10, 30):
        for label in ("real", "fake"):
            add(f"{label}/{i}.mp4", label, f"person {i}")
    add("more.mp4", "fake", "person 3", "person 11")
    summary = split_dataset(ds)
    after = sides(ds)
    assert {id_: after[id_] for id_ in before} == before
    assert after[id_of("more.mp4")] == before[id_of("real/3.mp4")]
    assert summary.moved == ()


def test_a_new_video_that_ties_train_to_test_is_set_aside_and_told(ds, ten, add):
    split_dataset(ds)
    before = sides(ds)
    one = next(i for i in range(10) if before[id_of(f"real/{i}.mp4")] == "train")
    other = next(i for i in range(10) if before[id_of(f"real/{i}.mp4")] == "test")
    add("tie.mp4", "fake", f"person {one}", f"person {other}")
    (aside,) = split_dataset(ds).set_aside
    assert aside.path == "tie.mp4"
    assert {(tie.side, tie.detail) for tie in aside.ties} == {
        ("train", f"person {one}"),
        ("test", f"person {other}"),
    }
    assert sides(ds) == before
    every = [row["video_id"] for side in ("train", "test", "val") for row in rows(ds, side)]
    assert id_of("tie.mp4") not in every


def test_a_video_that_was_tested_on_returns_to_test(ds, ten, dataset, add):
    split_dataset(ds)
    before = sides(ds)
    i = next(i for i in range(10) if before[id_of(f"real/{i}.mp4")] == "test")
    for label in ("real", "fake"):
        dataset.remove(id_of(f"{label}/{i}.mp4"))
    split_dataset(ds)
    add(f"real/{i}.mp4", "real", f"person {i}")
    add(f"fake/{i}.mp4", "fake", f"person {i}")
    split_dataset(ds)
    assert sides(ds) == before


def test_a_fresh_split_says_what_moved(ds, ten):
    split_dataset(ds)
    moved = split_dataset(ds, fresh=True, split_seed=5, test_share=0.4).moved
    assert moved
    assert sum(move.videos for move in moved if move.now == "test") >= 2


def test_a_damaged_record_ends_the_split_unless_it_is_begun_anew(ds, ten):
    split_dataset(ds)
    (ds / "manifests" / "split.json").write_text("{}")
    with pytest.raises(SplitError, match="damaged"):
        split_dataset(ds)
    assert split_dataset(ds, fresh=True).groups == 10


def test_a_split_that_is_given_is_kept_and_what_leaks_is_told(ds, ten, looks, tmp_path):
    """As the official split of FaceForensics++, where one person's clips are on both sides."""
    looks.append(("real/1.mp4", "real/8.mp4"))
    lines = [
        f"{label}/{i}.mp4,{'test' if i > 6 else 'train'}"
        for i in range(10)
        for label in ("real", "fake")
    ]
    (tmp_path / "official.csv").write_text("path,side\n" + "\n".join(lines))
    summary = split_dataset(ds, assign=tmp_path / "official.csv", val_share=0.0)
    assert {row["target"] for row in rows(ds, "test")} == {"person 7", "person 8", "person 9"}
    assert "person 1" not in {row["target"] for row in rows(ds, "train")}
    assert {a.path for a in summary.set_aside} == {"real/1.mp4", "fake/1.mp4"}
    (leak,) = [a for a in summary.set_aside if a.ties]
    assert (leak.path, leak.side, leak.ties[0].path) == ("real/1.mp4", "train", "real/8.mp4")
    again = split_dataset(ds)
    assert again.moved == ()
    assert {a.path for a in again.set_aside} == {"real/1.mp4", "fake/1.mp4"}


def test_a_cut_is_kept_and_parts_what_only_looks_alike(ds, ten, looks):
    looks.append(("real/1.mp4", "real/8.mp4"))
    assert split_dataset(ds).groups == 9
    assert split_dataset(ds, cuts=["real/1.mp4,real/8.mp4"]).groups == 10
    assert split_dataset(ds).groups == 10
    assert (ds / CANNOT_LINKS).read_text().splitlines()[0] == "a,b"


def test_what_was_asked_for_outlives_a_kill_before_the_manifests_are_there(
    ds, ten, looks, monkeypatch
):
    looks.append(("real/1.mp4", "real/8.mp4"))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(
            "deepfake_dataset.split.manifests.atomic_publication.publish_manifests", killed
        )
        with pytest.raises(KeyboardInterrupt):
            split_dataset(ds, cuts=["real/1.mp4,real/8.mp4"], val_share=0.0)
    assert not (ds / "manifests" / "split.json").exists()
    assert split_dataset(ds).groups == 10
    assert Dataset.open(ds).settings.split.val_share == 0.0


@pytest.mark.parametrize("cut", ["real/1.mp4", "real/1.mp4,none.mp4", "real/1.mp4,real/1.mp4"])
def test_a_cut_that_names_no_pair_is_refused(ds, ten, cut):
    with pytest.raises(SplitError):
        split_dataset(ds, cuts=[cut])
    assert not (ds / CANNOT_LINKS).exists()


def test_names_that_are_positions_join_nothing(ds, add):
    for i in range(6):
        add(f"real/{i}.mp4", "real", f"p{i}", "left")
        add(f"fake/{i}.mp4", "fake", f"p{i}", "left")
    with pytest.raises(SplitError, match="all videos are in one group"):
        split_dataset(ds)
    assert not list((ds / "manifests").glob("*.csv"))
    assert split_dataset(ds, positions="left").groups == 6


def test_faces_that_people_rejected_are_in_no_manifest(ds, ten, dataset):
    face = dataset.read(id_of("real/4.mp4")).faces[1]
    append_decisions(
        dataset,
        [
            Decision(
                time="2026-01-01T00:00:00.000Z",
                reviewer="ann",
                action=Action.REJECT,
                reason="",
                video_id=id_of("real/4.mp4"),
                frame=face.frame,
                face_id=face.face_id,
                box=face.box,
                before="undecided",
                after="rejected",
            )
        ],
    )
    split_dataset(ds)
    every = [row["path"] for side in ("train", "test", "val") for row in rows(ds, side)]
    assert not any(face.face_id in path for path in every)
    assert len(every) == 78


def test_a_split_runs_while_an_extraction_holds_the_dataset(ds, ten):
    with file_lease(ds):
        assert split_dataset(ds).groups == 10


def test_a_refused_split_leaves_everything_as_it_was(ds, ten, contents):
    split_dataset(ds)
    (ds / "manifests" / ".lock").unlink()
    before = contents(ds)
    with pytest.raises(SplitError):
        split_dataset(ds, test_share=0.6, val_share=0.5)
    with pytest.raises(SplitError):
        split_dataset(ds, balance="bitrate")
    (ds / "manifests" / ".lock").unlink()
    assert contents(ds) == before


def test_why_a_video_is_in_its_group_is_told(ds, ten, looks):
    looks.append(("real/1.mp4", "real/8.mp4"))
    split_dataset(ds)
    explained = explain_video("real/1.mp4", ds)
    assert [(s.video, s.join.reason, s.distance) for s in explained.steps] == [
        ("fake/1.mp4", LinkReason.ORIGINAL, 1),
        ("real/8.mp4", LinkReason.PERSON, 1),
        ("fake/8.mp4", LinkReason.ORIGINAL, 2),
    ]
    assert explained.side == sides(ds)[id_of("real/1.mp4")]


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(NotADatasetError):
        split_dataset(tmp_path)
    assert not (tmp_path / "manifests").exists()


def test_the_command_line_shows_the_table_and_one_line_of_json(ds, ten, dsbuild):
    ran = dsbuild("split", "-d", ds, "--val", "0", "--json")
    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[0].split() == [
        "set",
        "label",
        "q1",
        "q2",
        "q3",
        "q4",
        "faces",
        "surplus",
    ]
    assert ran.json["groups"] == 10


def test_the_command_line_tells_what_is_wrong(ds, dataset, dsbuild, looks):
    ran = dsbuild("split", "-d", ds)
    assert ran.code == 1
    assert "error: the dataset has no faces" in ran.err
    assert "hint: dsbuild extract" in ran.err


def test_the_command_line_explains(ds, ten, dsbuild):
    ran = dsbuild("split", "-d", ds, "--explain", "real/3.mp4")
    assert "real/3.mp4: group " in ran.err
    assert "fake/3.mp4: original and forgery (person 3) with real/3.mp4" in ran.err


def test_a_dataset_that_is_no_folder_is_split_alike(ds, ten, dataset):
    memory = MemoryStorage()
    for entry in dataset.storage.entries():
        memory.put(entry.key, dataset.storage.get(entry.key))
    split_dataset(ds)
    split_dataset(memory)
    for entry in dataset.storage.entries("manifests/"):
        assert memory.get(entry.key) == dataset.storage.get(entry.key)
    assert [entry.key for entry in memory.entries("state/")] == []
