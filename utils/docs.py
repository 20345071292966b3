#!/usr/bin/env python3
"""Generates docs/generated from the TableGen definitions: dialects and passes.
With --check only compares, and fails where a page is out of date."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read_pages(folder):
    """Relative path → text of every Markdown page under `folder`."""
    pages = {}
    for directory, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".md"):
                path = os.path.join(directory, name)
                with open(path, encoding="utf-8") as file:
                    pages[os.path.relpath(path, folder)] = file.read()
    return pages


def main():
    build = os.path.abspath(sys.argv[1])
    check = "--check" in sys.argv[2:]
    subprocess.run(["cmake", "--build", build, "--target", "qeff-doc"],
                   check=True, stdout=subprocess.DEVNULL)
    made = read_pages(os.path.join(build, "docs"))
    target = os.path.join(ROOT, "docs", "generated")
    if check:
        kept = read_pages(target)
        stale = sorted(name for name in made.keys() | kept.keys()
                       if made.get(name) != kept.get(name))
        if stale:
            sys.exit("out of date: " + ", ".join(stale) + "; run ./dev docs")
        return
    for name, text in made.items():
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    print(f"{len(made)} pages in docs/generated", file=sys.stderr)


if __name__ == "__main__":
    main()
