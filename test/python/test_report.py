# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page of `qeff-compile --report`, in a browser."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from oracles import raw_files, tools

import qeff

SHAPE = ("--prefill-seq-len=8", "--ctx-len=32")
BACKGROUNDS = {"light": "rgb(251, 251, 249)", "dark": "rgb(22, 23, 25)"}
SECTIONS = ["model", "weights", "fused", "left", "phases", "time", "files",
            "options"]
# A name that does everything wrong that a name can do.
WILD = "\"'&<script>document.title='owned'</script><img src=x onerror=a()>"

# Opens the page in frames of the widths under test, all details open, and
# leaves what it found as the text of its own body.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><body><script>
const found = {}, widths = [400, 1400];
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    const page = frame.contentDocument, root = page.documentElement;
    page.querySelectorAll("details").forEach(d => { d.open = true; });
    found[width] = {
      scroll: root.scrollWidth, client: root.clientWidth, title: page.title,
      sections: [...page.querySelectorAll("section")].map(s => s.id),
      links: [...page.querySelectorAll("nav a")].map(
        a => page.querySelector(a.getAttribute("href")) !== null),
      active: page.querySelectorAll("script, img, link, iframe").length,
      heading: page.querySelector("h1").textContent,
      text: page.body.innerText, background:
        getComputedStyle(page.body).backgroundColor,
      focusable: [...page.querySelectorAll("summary, a")].every(
        e => e.tabIndex === 0),
    };
    if (Object.keys(found).length === widths.length) {
      document.body.textContent =
        "FOUND" + btoa(encodeURIComponent(JSON.stringify(found))) + "END";
    }
  };
  frame.src = "page.html";
  document.body.append(frame);
}
</script>"""


def _browser() -> str:
    path = shutil.which("chromium")
    assert path, "chromium is missing: ./dev setup installs it"
    return path


def _look(page: Path, folder: Path, *flags: str) -> dict:
    """What the browser makes of the page, by width."""
    folder.mkdir(exist_ok=True)
    shutil.copy(page, folder / "page.html")
    (folder / "harness.html").write_text(HARNESS)
    done = tools.run(
        _browser(), "--headless", "--no-sandbox", "--disable-gpu",
        "--allow-file-access-from-files", "--enable-logging=stderr",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000",
        *flags, "--dump-dom", (folder / "harness.html").as_uri(),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "CONSOLE" not in done.stderr, done.stderr[-2000:]
    code = re.search(r"FOUND([A-Za-z0-9+/=]+)END", done.stdout)
    assert code, done.stdout[-2000:]
    return json.loads(urllib.parse.unquote(base64.b64decode(code[1]).decode()))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "tiny"
    config = dict(raw_files.CONFIG, num_hidden_layers=5)
    return raw_files.write_checkpoint(
        folder, config, raw_files.tensors(layers=5)
    )


@pytest.fixture(scope="module")
def page(model, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    report = folder / "report.html"
    tools.compile_model(
        model, folder / "out", *SHAPE, f"--report={report}"
    )
    return report


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(page, tmp_path, scheme):
    flags = ["--force-dark-mode"] if scheme == "dark" else []
    seen = _look(page, tmp_path / "look", *flags)
    for width, found in seen.items():
        assert found["client"] == int(width)
        assert found["scroll"] <= found["client"], width
        assert found["sections"] == SECTIONS
        assert all(found["links"]) and len(found["links"]) == len(SECTIONS)
        assert found["active"] == 0
        assert found["focusable"]
        assert found["background"] == BACKGROUNDS[scheme]
        assert found["heading"] == "tiny"
        for text in ("0-4 ×5", "attention", "layers.*.mlp.up_proj", "host",
                     "aic100", "host/weights.bin", "phase host", "prefill-seq-len",
                     "Nothing was left out", qeff.__version__):
            assert text in found["text"], text


def test_page_stands_alone(page):
    text = page.read_text()
    assert "<script" not in text and "http" not in text.replace(
        "http-equiv", ""
    )
    assert "default-src 'none'" in text
    assert "src=" not in text and "url(" not in text and "@import" not in text


def _without_times(page: Path) -> str:
    return re.sub(
        r'<section id="time">.*?</section>', "", page.read_text(), flags=re.S
    )


def test_page_is_reproducible(model, page, tmp_path):
    """But for times and memory; and Python writes the same one."""
    out = page.parent / "out"
    first = _without_times(page)
    shutil.rmtree(out)
    tools.compile_model(
        model, out, *SHAPE, "--threads=1", f"--report={page}"
    )
    assert _without_times(page) == first
    shutil.rmtree(out)
    qeff.compile(
        model, out, prefill_seq_len=8, ctx_len=32, report=page,
        note=lambda text: None,
    )
    assert _without_times(page) == first
    shutil.rmtree(out)
    done = subprocess.run(
        [sys.executable, "-m", "qeff", "compile", str(model), "-o", str(out),
         *SHAPE, f"--report={page}"],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    # The command names more options than it was given.
    assert "0-4" in _without_times(page)


def test_report_changes_nothing(model, page, tmp_path):
    plain = tools.compile_model(model, tmp_path / "out", *SHAPE)
    assert tools.digests(plain) == tools.digests(page.parent / "out")


def test_wild_names(model, tmp_path):
    """Of files, modules, weights and what an error repeats."""
    folder = tmp_path / WILD.replace("/", "")
    shutil.copytree(model, folder)
    module = folder / "canonical.mlir"
    tools.run_ok(
        tools.tool("qeff-compile"), folder, "-o", module,
        "--compile-to=canonical",
    )
    quoted = WILD.replace("\"", "\\22")
    module.write_text(
        module.read_text()
        .replace('scope("lm_head")', f'scope("{quoted}")')
        .replace("@lm_head.weight", f'@"{quoted}"')
    )
    report = tmp_path / "report.html"
    tools.compile_model(
        module, tmp_path / "out", *SHAPE, f"--report={report}"
    )
    for found in _look(report, tmp_path / "look").values():
        assert found["active"] == 0
        assert found["title"] == "canonical.mlir - qeff report"
        assert found["scroll"] <= found["client"]
        assert WILD in found["text"]
        assert folder.name in found["text"]


def test_page_of_a_failure(model, tmp_path):
    report = tmp_path / "report.html"
    result = tools.run(
        tools.tool("qeff-compile"), model, "-o", tmp_path / "out",
        "--adapter=x=/no<where>", "--adapter-mode=merge",
        f"--report={report}",
    )
    assert result.returncode == 1 and not (tmp_path / "out").exists()
    for found in _look(report, tmp_path / "look").values():
        assert "Not compiled" in found["text"]
        assert "/no<where>" in found["text"]
        assert found["sections"] == SECTIONS


def test_where_a_report_may_be(model, tmp_path):
    def compile_with(report):
        return tools.run(
            tools.tool("qeff-compile"), model, "-o", tmp_path / "out", *SHAPE,
            f"--report={report}",
        )

    before = tools.digests(model)
    for report, message in [
        (tmp_path / "out", "outside of"),
        (model / "model.safetensors", "part of the model"),
        (tmp_path / "nowhere" / "report.html", "a folder that is there"),
    ]:
        result = compile_with(report)
        assert result.returncode == 1, report
        assert message in result.stderr, result.stderr
        assert not list(tmp_path.iterdir())
    assert tools.digests(model) == before
    # A model that cannot be read is not written over either.
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    result = tools.run(
        tools.tool("qeff-compile"), broken, "-o", tmp_path / "out",
        f"--report={broken}",
    )
    assert result.returncode == 1 and broken.read_bytes() == b"GGUF"
    broken.unlink()
    assert compile_with(tmp_path / "beside.html").returncode == 0
    packaged = tools.digests(tmp_path / "out")
    for inside in ("report.html", "host/report.html", "host/../a.html"):
        result = compile_with(f"{tmp_path}/out/{inside}")
        assert result.returncode == 1 and "outside of" in result.stderr
        assert tools.digests(tmp_path / "out") == packaged
