# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full disks, places that cannot be written, kills in the middle: the old
result or the new one, and nothing else."""

import contextlib
import fcntl
import os
import resource
import shutil
import signal
import stat
import subprocess
import threading
import time

import pytest

from oracles import raw_files, tools
from oracles.raw_files import check_refused, listing

FLAGS = ("--prefill-seq-len=8", "--ctx-len=32")


@contextlib.contextmanager
def mounted(path, options):
    """A tmpfs of its own at `path`; the tests run as root."""
    path.mkdir()
    tools.run_ok("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
    try:
        yield path
    finally:
        tools.run_ok("umount", path)


def _compile(model, output, *flags, **kwargs):
    return tools.run(
        tools.tool("qeff-compile"), model, "-o", output, *FLAGS, *flags,
        **kwargs,
    )


@pytest.mark.parametrize("size", ["4k", "40k", "100k"])
@pytest.mark.parametrize("target", ["host", "aic100"])
def test_disk_full(checkpoint, tmp_path, size, target):
    with mounted(tmp_path / "small", f"size={size}") as small:
        result = _compile(checkpoint, small / "out", f"--target={target}")
        check_refused(result, "(?i)no space left")
        assert listing(small) == []


def test_disk_full_keeps_the_old_package(checkpoint, tmp_path):
    with mounted(tmp_path / "small", "size=2m") as small:
        _compile(checkpoint, small / "out", "--target=aic100")
        before = tools.digests(small)
        assert before
        free = os.statvfs(small).f_bavail * os.statvfs(small).f_bsize
        (small / "filler").write_bytes(b"\0" * (free - 8192))
        result = _compile(
            checkpoint, small / "out", "--target=aic100", "--ctx-len=24"
        )
        check_refused(result, "(?i)no space left")
        (small / "filler").unlink()
        assert tools.digests(small) == before


def test_disk_full_for_one_file(checkpoint, tmp_path):
    with mounted(tmp_path / "small", "size=4k") as small:
        result = _compile(
            checkpoint, small / "module.mlir", "--compile-to=stateful"
        )
        check_refused(result, "(?i)no space left")
        assert listing(small) == []


def test_full_standard_output(checkpoint):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [tools.tool("qeff-compile"), checkpoint, "-o", "-",
             "--compile-to=canonical"],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )
    check_refused(result)


def test_read_only_file_system(checkpoint, tmp_path):
    with mounted(tmp_path / "sealed", "size=1m,ro") as sealed:
        check_refused(_compile(checkpoint, sealed / "out"), "(?i)read-only")


def test_output_below_a_file(checkpoint, tmp_path):
    (tmp_path / "file").write_text("mine")
    check_refused(_compile(checkpoint, tmp_path / "file" / "out"), "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_output_not_permitted(tmp_path):
    """Another user may not write into root's directory."""
    model = raw_files.write_checkpoint(tmp_path / "model")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    for folder in [model, *tmp_path.parents]:
        if os.stat(folder).st_uid == os.getuid() and folder != folder.parent:
            with contextlib.suppress(PermissionError):
                os.chmod(folder, os.stat(folder).st_mode | 0o055)
    os.chmod(tmp_path, 0o755)
    result = tools.run(
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
        tools.tool("qeff-compile"), model, "-o", closed / "out", *FLAGS,
    )
    check_refused(result, "(?i)permission denied")
    assert listing(closed) == []


@pytest.mark.parametrize("kind", ["file", "folder", "half", "deep"])
def test_output_that_is_not_ours(checkpoint, tmp_path, kind):
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "thesis.tex").write_text("mine")
        if kind == "half":  # names like ours do not make it ours
            (out / "host").mkdir()
            (out / "qeff.json").write_text("{}")
        if kind == "deep":  # more than a parser's stack holds
            (out / "qeff.json").write_text("[" * 300_000)
    before = tools.digests(tmp_path)
    check_refused(_compile(checkpoint, out), "out")
    assert tools.digests(tmp_path) == before


def test_output_that_is_ours_is_replaced(checkpoint, tmp_path):
    out = tmp_path / "out"
    assert _compile(checkpoint, out, "--target=aic100").returncode == 0
    assert _compile(checkpoint, out, "--target=host").returncode == 0
    assert (out / "host").is_dir() and not (out / "aic100").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "out"]


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "model/config.json", "host/notes.txt", "aic100/notes.txt"],
)
def test_package_that_holds_what_is_not_ours(checkpoint, tmp_path, name):
    """A model or a note that was put into a package is not deleted."""
    out = tmp_path / "out"
    assert _compile(checkpoint, out).returncode == 0
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    before = tools.digests(tmp_path)
    kept = out / name.replace("/config.json", "")
    check_refused(_compile(checkpoint, out), f"{kept}: is no part")
    assert tools.digests(tmp_path) == before


def test_model_inside_the_package(checkpoint, tmp_path):
    out = tmp_path / "out"
    assert _compile(checkpoint, out, "--target=host").returncode == 0
    shutil.copytree(checkpoint, out / "model")
    before = tools.digests(tmp_path)
    check_refused(_compile(out / "model", out, "--target=host"), "model")
    assert tools.digests(tmp_path) == before


def test_adapters_are_kept(checkpoint, tmp_path):
    out = tmp_path / "out"
    assert _compile(checkpoint, out, "--target=host").returncode == 0
    mine = {
        "adapters/math.safetensors": "math",
        "adapters/peft/code/adapter_config.json": "{}",
        "host/adapters/more.safetensors": "more",
    }
    for name, text in mine.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    os.symlink("math.safetensors", out / "adapters" / "link.safetensors")
    # What the compiler itself says of the old package does not stay.
    (out / "adapters" / "targets.json").write_text("{}")
    for target in ("host", "aic100", "host"):
        assert _compile(checkpoint, out, f"--target={target}").returncode == 0
        for name, text in mine.items():
            assert (out / name).read_text() == text
        link = out / "adapters" / "link.safetensors"
        assert os.readlink(link) == "math.safetensors"
        assert not (out / "adapters" / "targets.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "out"]


def test_adapters_survive_runs_at_once(checkpoint, tmp_path):
    out = tmp_path / "out"
    assert _compile(checkpoint, out, "--target=host").returncode == 0
    (out / "adapters").mkdir()
    (out / "adapters" / "math.safetensors").write_text("math")
    command = [tools.tool("qeff-compile"), checkpoint, "-o", out,
               "--target=host", *FLAGS]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert (out / "adapters" / "math.safetensors").read_text() == "math"


def _modes(folder):
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_follow_the_umask(checkpoint, tmp_path, mask):
    out = tmp_path / "out"
    result = _compile(checkpoint, out, umask=mask)
    assert result.returncode == 0, result.stderr
    programs = {"host/program.so", "aic100/compile.sh"}
    modes = _modes(out)
    assert programs < set(modes) and "host/tokenizer" in modes
    for name, mode in modes.items():
        is_open = (out / name).is_dir() or name in programs
        assert mode == (0o777 if is_open else 0o666) & ~mask, name


def test_package_of_another_user(checkpoint, tmp_path):
    """One that cannot be read is not said to be of another kind."""
    out = tmp_path / "out"
    assert _compile(checkpoint, out).returncode == 0
    folder = tmp_path
    while os.stat(folder).st_uid == os.getuid() and folder != folder.parent:
        os.chmod(folder, os.stat(folder).st_mode | 0o055)
        folder = folder.parent
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    run = [*other, tools.tool("qeff-run"), out, "--tokens=1,2",
           "--max-new-tokens=2"]
    tools.run_ok(*run)
    os.chmod(out / "host", 0o700)
    message = check_refused(tools.run(*run), "(?i)permission denied")
    assert "AI 100" not in message


# --- one file -----------------------------------------------------------------

TO_FILE = "--compile-to=stateful"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("kind", ["itself", "link", "hard link"])
def test_one_file_is_not_the_model(checkpoint, tmp_path, name, kind):
    out = checkpoint / name
    if kind != "itself":
        out = tmp_path / "other"
        (os.symlink if kind == "link" else os.link)(checkpoint / name, out)
    before = tools.digests(tmp_path)
    check_refused(_compile(checkpoint, out, TO_FILE), "cannot write", out.name)
    assert tools.digests(tmp_path) == before
    assert out.is_symlink() == (kind == "link")


@pytest.mark.parametrize("suffix", ["mlir", "safetensors"])
def test_one_file_is_not_what_a_module_takes(checkpoint, tmp_path, suffix):
    module = checkpoint / "module.mlir"
    # A module in the model's folder may be written again.
    for _ in range(2):
        assert _compile(checkpoint, module, TO_FILE).returncode == 0
    out = next(checkpoint.glob(f"*.{suffix}"))
    before = tools.digests(tmp_path)
    # The module's shape is settled: FLAGS would be refused first.
    result = tools.run(tools.tool("qeff-compile"), module, "-o", out, TO_FILE)
    check_refused(result, "cannot write", out.name)
    assert tools.digests(tmp_path) == before


@pytest.mark.parametrize("is_there", [True, False])
def test_one_file_through_a_link(checkpoint, tmp_path, is_there):
    """A link stays one."""
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "module.mlir"
    if is_there:
        target.write_text("old")
    link = tmp_path / "link.mlir"
    os.symlink("folder/module.mlir", link)
    assert _compile(checkpoint, link, TO_FILE).returncode == 0
    assert os.readlink(link) == "folder/module.mlir"
    assert target.read_text().startswith("module")


def test_one_file_to_a_pipe(checkpoint, tmp_path):
    """A pipe stays one, and gets the module."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    parts = []
    reader = threading.Thread(
        target=lambda: parts.append(pipe.read_text()), daemon=True
    )
    reader.start()
    assert _compile(checkpoint, pipe, TO_FILE).returncode == 0
    reader.join(timeout=10)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert parts[0].startswith("module")


def test_one_file_to_an_open_descriptor(checkpoint, tmp_path):
    """What is there stays, as it does with a redirection that appends."""
    path = tmp_path / "log"
    path.write_text("mine\n")
    with open(path, "a") as log:
        result = subprocess.run(
            [tools.tool("qeff-compile"), checkpoint, "-o", "/proc/self/fd/1",
             TO_FILE],
            stdout=log, stderr=subprocess.PIPE, text=True,
        )
    assert result.returncode == 0, result.stderr
    assert path.read_text().startswith("mine\nmodule")


def test_one_file_and_its_neighbours(checkpoint, tmp_path):
    """Leftovers of killed runs go; the work of others and what only sounds
    like ours does not."""
    (tmp_path / "m.mlir.partial").write_text("mine")
    (tmp_path / "m.mlir.qeff-tmp-notes").write_text("mine")
    (tmp_path / "m.mlir.qeff-tmp-00000000").write_text("left")
    with open(tmp_path / "m.mlir.qeff-tmp-11111111", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = _compile(checkpoint, tmp_path / "m.mlir", TO_FILE)
        assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "m.mlir", "m.mlir.partial", "m.mlir.qeff-tmp-11111111",
        "m.mlir.qeff-tmp-notes", "model",
    ]


@pytest.mark.parametrize("limit", [1000, 20000, 40000, 60000])
def test_killed_by_the_file_size_limit(checkpoint, tmp_path, limit):
    """SIGXFSZ, or EFBIG where it is ignored, in the middle of a file."""

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    out = tmp_path / "out"
    result = _compile(checkpoint, out, preexec_fn=lower)
    assert result.returncode in (1, -signal.SIGXFSZ), result.stderr
    assert not out.exists()
    _check_rerun(checkpoint, tmp_path)


def _check_rerun(model, tmp_path):
    """The rerun succeeds, equals a fresh result and cleans up."""
    assert _compile(model, tmp_path / "out").returncode == 0
    fresh = tmp_path / "fresh"
    assert _compile(model, fresh).returncode == 0
    assert tools.digests(tmp_path / "out") == tools.digests(fresh)
    shutil.rmtree(fresh)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["model", "out"], "leftovers of the killed run"


@pytest.mark.parametrize("fraction", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_killed(checkpoint, tmp_path, fraction):
    """SIGKILL somewhere between the start and the end."""
    out = tmp_path / "out"
    start = time.monotonic()
    assert _compile(checkpoint, out).returncode == 0
    took = time.monotonic() - start
    before = tools.digests(out)
    process = subprocess.Popen(
        [tools.tool("qeff-compile"), checkpoint, "-o", out, *FLAGS],
        stderr=subprocess.DEVNULL,
    )
    time.sleep(took * fraction)
    process.kill()
    process.wait()
    assert tools.digests(out) == before  # old and new are equal here
    _check_rerun(checkpoint, tmp_path)


def test_killed_while_it_writes(checkpoint, tmp_path):
    """SIGKILL as soon as anything shows up beside OUT."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [tools.tool("qeff-compile"), checkpoint, "-o", out, *FLAGS],
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and len(os.listdir(tmp_path)) == 1:
        pass
    process.kill()
    process.wait()
    assert not out.exists() or (out / "qeff.json").exists()
    _check_rerun(checkpoint, tmp_path)


def test_two_at_once(checkpoint, tmp_path):
    """Runs with one OUT do not take each other's work for leftovers."""
    out = tmp_path / "out"
    for _ in range(3):
        processes = [
            subprocess.Popen(
                [tools.tool("qeff-compile"), checkpoint, "-o", out, *FLAGS],
                stderr=subprocess.PIPE, text=True,
            )
            for _ in range(3)
        ]
        errors = [process.communicate()[1] for process in processes]
        codes = [process.returncode for process in processes]
        assert codes == [0, 0, 0], errors
    _check_rerun(checkpoint, tmp_path)
