"""The ladder's rows of the benchmark: the baseline writes what the product writes, and memory is counted whole."""

import os
import subprocess
import sys
import tomllib

import pytest

from config.settings import LADDER
from loadtests.bench import ladder, memory

MEASURED = {
    "input_i": "-9.51",
    "input_lra": "3.40",
    "input_tp": "-0.21",
    "input_thresh": "-19.62",
    "target_offset": "0.03",
}
EXTENSIONS = {"cmaf": "mp4", "ogg": "ogg", "mp3": "mp3", "m4a": "m4a", "flac": "flac"}


def test_baseline_writes_every_file_of_the_packaged_ladder(tmp_path):
    rungs = tomllib.loads(LADDER.read_text())["rung"]
    wanted = {f"{rung['name']}.{EXTENSIONS[file]}" for rung in rungs for file in rung["files"]}
    command = ladder.command_of(tmp_path / "in.wav", tmp_path, MEASURED)
    assert {
        part.rsplit("/", 1)[1] for argument in command if argument.startswith("[f=") for part in argument.split("|")
    } == (wanted)


@pytest.mark.skipif(ladder.what_is_missing() is not None, reason=f"{ladder.what_is_missing()}")
def test_baseline_runs_and_writes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "SECONDS", 10)
    monkeypatch.setattr(ladder, "SECTION_S", 5)
    ladder.write_song(tmp_path / "in.wav")
    assert ladder.rendered(tmp_path / "in.wav", tmp_path) > 0
    written = sorted(path.name for path in (tmp_path / "ffmpeg").iterdir())
    assert written == sorted(f"{name}.{one}" for name, output in ladder.OUTPUTS.items() for one in output.files)
    assert all(path.stat().st_size > 1000 for path in (tmp_path / "ffmpeg").iterdir())


@pytest.mark.skipif(ladder.what_is_missing() is not None, reason=f"{ladder.what_is_missing()}")
def test_baseline_that_is_not_linear_is_no_baseline(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "SECONDS", 5)  # its loudness does not change, for which loudnorm takes another mode
    ladder.write_song(tmp_path / "in.wav")
    with pytest.raises(RuntimeError, match="did not take its linear mode"):
        ladder.rendered(tmp_path / "in.wav", tmp_path)


def test_machine_without_ffmpeg_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ladder.what_is_missing() == "no ffmpeg on the PATH"


def test_every_sample_is_another_track(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "SECONDS", 1)
    ladder.write_song(tmp_path / "in.wav")
    tracks = [ladder.another(tmp_path / "in.wav", number).read_bytes() for number in range(3)]
    assert len(set(tracks)) == 3
    assert len({track[:44] for track in tracks}) == 1


def test_memory_of_a_process_and_its_children_is_counted():
    hold = "import sys, time; held = bytearray(50_000_000); print('held', flush=True); sys.stdin.read()"
    nest = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen([sys.executable, "-c", nest], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        assert len(list(memory.descendants(process.pid))) == 1
        with memory.watched(process.pid) as sizes:
            while not sizes:
                os.sched_yield()
        assert max(sizes) > 50_000
        assert process.stdin
        process.stdin.close()
    assert memory.pss_kilobytes(process.pid) == 0


def test_worker_of_another_home_is_not_found(tmp_path):
    with pytest.raises(LookupError, match="no ingest worker"):
        memory.worker_of(tmp_path)
