# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large ONNX files: import, raise, write again, beside `cp` and other tools.

A checkpoint of the shape of Llama 3.2 1B with random weights is exported by
torch (dynamo, opset 18, cache as inputs and outputs). In a tmpfs, in turns:
`qeff-compile --target=onnx`, `cp` of the model's files, then onnxsim, onnxslim
and ONNX Runtime's offline optimizer on the same file. ONNX Runtime then decodes
with what each wrote. At last graphs of 100,000 nodes.

    python bench/run.py BUILD onnx [--part=PART...] [--pairs=15]

Parts: export (makes the model), float32 (5 GB, cp and ours alone), float16,
peers, decode, large. Each adds to the same result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import common
import export
import onnx_peers

PARTS = ("export", "float32", "float16", "peers", "decode", "large")
PAST, STEPS = 512, 10


def bytes_of(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)


def files_of(model: Path) -> tuple[Path, Path]:
    return model, Path(f"{model}.data")


def count_nodes(model: Path) -> int:
    code = ("import sys, onnx; print(len(onnx.load(sys.argv[1], "
            "load_external_data=False).graph.node))")
    return int(subprocess.run(
        [onnx_peers.PYTHON, "-c", code, model], check=True,
        capture_output=True, text=True,
    ).stdout)


def failing(*command) -> dict:
    """As common.measured, but a failure is a result."""
    result = subprocess.run(
        [sys.executable, "-SE", str(common.BENCH / "measure.py"),
         *map(str, command)],
        capture_output=True, text=True,
    )
    said = json.loads(result.stdout.splitlines()[-1])
    run = {"seconds": said["seconds"], "peak_mib": said["peak_kib"] / 1024}
    if said["exit"] != 0:
        run["error"] = (result.stderr or result.stdout).strip()[-400:]
    return run


class Bench:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.memory = options.tmpfs / "qeff-bench-onnx"
        self.disk = options.work
        self.disk.mkdir(parents=True, exist_ok=True)
        self.path = options.results / "onnx.json"
        self.result = (
            json.loads(self.path.read_text()) if self.path.exists() else {}
        )

    def keep(self, key: str, value) -> None:
        self.result[key] = value
        self.result["machine"] = common.machine()
        self.result["versions"] = {
            name: common.version_of(name) for name in ("torch", "transformers")
        } | {"peers": list(onnx_peers.PACKAGES)}
        common.write_result("onnx", self.result, self.path.parent)

    def model(self, dtype: str) -> Path:
        return self.disk / f"{dtype}.onnx"

    # Parts ------------------------------------------------------------------

    def export(self) -> None:
        checkpoint = self.disk / "checkpoint"
        if not checkpoint.exists():
            export.make_checkpoint(checkpoint, "float16")
        for dtype in self.options.dtype:
            if not self.model(dtype).exists():
                subprocess.run(
                    [sys.executable, str(common.BENCH / "onnx_export.py"),
                     checkpoint, self.model(dtype), dtype],
                    check=True, env=dict(os.environ, HF_HUB_OFFLINE="1"),
                )
        shutil.rmtree(checkpoint)

    def load(self, dtype: str) -> Path:
        """The model in memory."""
        shutil.rmtree(self.memory, ignore_errors=True)
        self.memory.mkdir()
        for path in files_of(self.model(dtype)):
            shutil.copy(path, self.memory)
        return self.memory / self.model(dtype).name

    def pairs(self, dtype: str) -> None:
        model, out = self.load(dtype), self.memory / "out"
        runs = {"ours": [], "cp": []}
        for _ in range(self.options.pairs):
            runs["ours"].append(common.measured(
                common.tool("qeff-compile"), model, "-o", out, "--target=onnx",
                "--require-raised",
            ))
            written = out / "onnx" / "model.onnx"
            runs["written_bytes"] = bytes_of(*files_of(written))
            if not self.kept("ours").exists() and dtype == "float16":
                shutil.copytree(out / "onnx", self.kept("ours").parent)
            shutil.rmtree(out)
            out.mkdir()
            runs["cp"].append(
                common.measured("cp", *files_of(model), out)
            )
            shutil.rmtree(out)
        runs["model_bytes"] = bytes_of(*files_of(model))
        self.keep(dtype, runs)

    def float16(self) -> None:
        self.pairs("float16")

    def float32(self) -> None:
        self.pairs("float32")

    def kept(self, name: str) -> Path:
        """What a tool wrote, for the decode."""
        return self.disk / name.replace(" ", "") / "model.onnx"

    def peers(self) -> None:
        model, out = self.load("float16"), self.memory / "out"
        runs = {}
        for _ in range(self.options.peer_runs):
            for name, command in onnx_peers.commands(
                model, out / "model.onnx"
            ).items():
                out.mkdir()
                runs.setdefault(name, []).append(failing(*command))
                if (out / "model.onnx").exists():
                    shutil.rmtree(self.kept(name).parent, ignore_errors=True)
                    shutil.copytree(out, self.kept(name).parent)
                shutil.rmtree(out)
        self.keep("peers", runs)
        self.keep("nodes", {
            "before": count_nodes(self.model("float16")),
            **{name: count_nodes(self.kept(name))
               for name in ("ours", *runs) if self.kept(name).exists()},
        })

    def decode(self) -> None:
        models = {"as exported": self.model("float16")} | {
            name: self.kept(name)
            for name in ("ours", *onnx_peers.commands(Path(), Path()))
            if self.kept(name).exists()
        }
        runs = {name: [] for name in models}
        for _ in range(self.options.decode_rounds):
            for name, model in models.items():
                result = subprocess.run(
                    [onnx_peers.PYTHON, common.BENCH / "onnx_decode.py", model,
                     str(PAST), str(STEPS), str(self.options.threads)],
                    capture_output=True, text=True,
                )
                runs[name].append(
                    json.loads(result.stdout) if result.returncode == 0
                    else {"error": result.stderr.strip()[-400:]}
                )
        self.keep("decode", runs)

    def large(self) -> None:
        runs = {}
        for kind in ("decoder", "pointwise"):
            model = self.disk / f"{kind}.onnx"
            subprocess.run(
                [sys.executable, str(common.BENCH / "onnx_large.py"), kind,
                 "100000", str(model)], check=True,
            )
            runs[kind] = {"nodes": count_nodes(model)}
            for name, flags in (
                ("canonical", ["--compile-to=canonical", "-o",
                               self.disk / "canonical.mlirbc"]),
                ("onnx", ["--target=onnx", "-o", self.disk / "large"]),
            ):
                runs[kind][name] = [
                    common.measured(common.tool("qeff-compile"), model, *flags)
                    for _ in range(self.options.large_runs)
                ]
        self.keep("large", runs)

    def run(self) -> None:
        try:
            for part in self.options.part or PARTS:
                getattr(self, part)()
        finally:
            shutil.rmtree(self.memory, ignore_errors=True)


def line(name: str, runs: list[dict]) -> str:
    good = [run for run in runs if "error" not in run]
    if not good:
        return f"{name:26} failed: {runs[0]['error'] if runs else 'no run'}"
    seconds = common.summary(run["seconds"] for run in good)
    peak = max(run["peak_mib"] for run in good)
    return (f"{name:26}{seconds['median']:9.2f}{seconds['worst']:9.2f}"
            f"{peak:9.0f}{len(good):6}")


def report(result: dict) -> None:
    head = f"{'':26}{'median s':>9}{'worst s':>9}{'peak MiB':>9}{'runs':>6}"
    for dtype in ("float32", "float16"):
        if dtype in result:
            runs = result[dtype]
            print(f"\n{dtype}, {runs['model_bytes'] / 1e9:.2f} GB read, "
                  f"{runs['written_bytes'] / 1e9:.2f} GB written\n{head}")
            print(line("ours", runs["ours"]), line("cp", runs["cp"]), sep="\n")
            spare = common.summary(
                a["seconds"] - 2 * b["seconds"] - 1
                for a, b in zip(runs["ours"], runs["cp"])
            )
            print(f"seconds beyond 2 cp + 1: {spare['median']:.2f} "
                  f"[{spare['best']:.2f}, {spare['worst']:.2f}]")
    for name, runs in result.get("peers", {}).items():
        print(line(name, runs))
    if "nodes" in result:
        print("nodes:", result["nodes"])
    for name, runs in result.get("decode", {}).items():
        steps = [s for run in runs for s in run.get("seconds", [])]
        if steps:
            of = common.summary(steps)
            print(f"decode {name:26} {1e3 * of['median']:8.1f} ms "
                  f"[{1e3 * of['best']:.1f}, {1e3 * of['worst']:.1f}], "
                  f"largest logit {runs[0]['largest']:.4f}")
        else:
            print(f"decode {name:26} {runs}")
    for kind, runs in result.get("large", {}).items():
        print(f"\n{kind}, {runs['nodes']} nodes\n{head}")
        print(line("canonical", runs["canonical"]), line("onnx", runs["onnx"]),
              sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--dtype", choices=["float16", "float32"],
                        nargs="+", default=["float16", "float32"])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--peer-runs", type=int, default=15)
    parser.add_argument("--decode-rounds", type=int, default=15)
    parser.add_argument("--large-runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tmpfs", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--work", type=Path,
                        default=common.ROOT / "build" / "bench-onnx")
    parser.add_argument("--results", type=Path,
                        default=common.BENCH / "results")
    options = parser.parse_args()
    onnx_peers.make()
    bench = Bench(options)
    bench.run()
    report(bench.result)


if __name__ == "__main__":
    main()
