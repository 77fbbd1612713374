import re

import pytest

from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.report.prometheus_metrics import Gauge, write_metrics

ONE = Gauge("dsbuild_faces", "Faces.", (((("dataset", "/d"),), 7),))
LINE = re.compile(
    r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\})? \S+)'
)


def test_a_gauge_is_exposed_with_its_help_and_type(tmp_path):
    write_metrics(tmp_path / "m.prom", [ONE])
    assert (tmp_path / "m.prom").read_text() == (
        '# HELP dsbuild_faces Faces.\n# TYPE dsbuild_faces gauge\ndsbuild_faces{dataset="/d"} 7.0\n'
    )


def test_every_line_is_of_the_format_whatever_the_labels_hold(tmp_path):
    odd = 'a "b" \\ c\nd = {e}, f'
    labels = (("dataset", odd), ("label", ""))
    write_metrics(tmp_path / "m", [Gauge("g", "G.", ((labels, 1.5), ((), float("nan"))))])
    lines = (tmp_path / "m").read_text().splitlines()
    assert len(lines) == 4
    assert all(LINE.fullmatch(line) for line in lines)


def test_the_file_is_replaced_in_one_step_and_nothing_else_is_left(tmp_path, monkeypatch):
    file = tmp_path / "m.prom"
    write_metrics(file, [ONE])
    before, inode = file.read_bytes(), file.stat().st_ino
    write_metrics(file, [ONE])
    assert file.stat().st_ino != inode
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_written_aside_is_not_collected(tmp_path, monkeypatch):
    seen: list[str] = []

    def rename(aside, target):
        seen.append(str(aside))

    monkeypatch.setattr("os.rename", rename)
    write_metrics(tmp_path / "m.prom", [ONE])
    assert not any(name.endswith(".prom") for name in seen)
    assert seen


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetWriteError):
        write_metrics(tmp_path / "file" / "m.prom", [ONE])
