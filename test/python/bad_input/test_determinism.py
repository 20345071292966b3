# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same input gives the same bytes, whoever compiles it and wherever."""

import os
import shutil
import subprocess

import pytest

from oracles import raw_files, tools

FLAGS = ("--prefill-seq-len=8", "--ctx-len=32")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    for parent in (folder, *folder.parents):
        if os.stat(parent).st_uid == os.getuid() and parent != parent.parent:
            os.chmod(parent, os.stat(parent).st_mode | 0o055)
    model = raw_files.write_checkpoint(folder / "model")
    out = tools.compile_model(model, folder / "out", *FLAGS)
    return model, tools.digests(out)


def _again(original, output, *prefix, model=None, flags=(), **kwargs):
    tools.run_ok(
        *prefix, tools.tool("qeff-compile"), model or original[0], "-o",
        output, *FLAGS, *flags, **kwargs,
    )


def test_again(original, tmp_path):
    _again(original, tmp_path / "out")
    assert tools.digests(tmp_path / "out") == original[1]


def test_directory_and_relative_paths(original, tmp_path):
    shutil.copytree(original[0], tmp_path / "a" / "other name")
    (tmp_path / "b" / "deep" / "er").mkdir(parents=True)
    _again(
        original, "deep/er/out", model="../a/other name",
        cwd=tmp_path / "b",
    )
    assert tools.digests(tmp_path / "b/deep/er/out") == original[1]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads(original, tmp_path, threads):
    _again(original, tmp_path / "out", flags=[f"--threads={threads}"])
    assert tools.digests(tmp_path / "out") == original[1]


def test_one_processor(original, tmp_path):
    _again(original, tmp_path / "out", "taskset", "-c", "0")
    assert tools.digests(tmp_path / "out") == original[1]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "de_DE.UTF-8"])
def test_locale_and_time_zone(original, tmp_path, locale):
    environment = dict(
        os.environ, LC_ALL=locale, LANG=locale, TZ="Asia/Tokyo",
        TMPDIR=str(tmp_path),
    )
    _again(original, tmp_path / "out", env=environment)
    assert tools.digests(tmp_path / "out") == original[1]


def test_user_without_a_home(original, tmp_path):
    for parent in (tmp_path, *tmp_path.parents):
        if os.stat(parent).st_uid == os.getuid() and parent != parent.parent:
            os.chmod(parent, os.stat(parent).st_mode | 0o055)
    os.chmod(tmp_path, 0o777)
    _again(
        original, tmp_path / "out", "env", "-i", "setpriv", "--reuid=65534",
        "--regid=65534", "--clear-groups",
    )
    assert tools.digests(tmp_path / "out") == original[1]


def test_nothing_of_the_machine_is_inside(original, tmp_path):
    """No path, user or host name, and no time."""
    host = "name-of-the-machine"
    _again(
        original, tmp_path / "out", "unshare", "--uts", "sh", "-c",
        f'echo {host} >/proc/sys/kernel/hostname && exec "$@"', "sh",
    )
    needles = [str(original[0]), str(tmp_path), str(tools.ROOT), host]
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for needle in needles:
                assert needle.encode() not in content, (path, needle)
    assert tools.digests(tmp_path / "out") == original[1]
