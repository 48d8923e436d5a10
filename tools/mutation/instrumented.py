"""The instrumented copy of the tree: written, built, and freed of mutants that do not compile."""

import os
import re
import shutil
import subprocess

import schemata

_RUNTIME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime.h")
_MOST_ROUNDS = 15
# What gcc says about a place: an error, or where the template that has one is used.
_PLACE = re.compile(r"^(?:In file included from |                 from )?([\w./+-]+):(\d+)(?::\d+)?[:,]"
                    r"(?: (error|fatal error):|\s+required from)?(.*)$")


def tracked(root):
    """What git knows of, or would."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                             stdout=subprocess.PIPE, check=True).stdout.decode()
    return [name for name in listing.split("\0") if name and os.path.exists(os.path.join(root, name))]


def _write(path, text):
    """Writes unless that is there already, so that Bazel sees what changed."""
    try:
        with open(path, encoding="latin-1", newline="") as old:
            if old.read() == text:
                return
    except OSError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="latin-1", newline="") as new:
        new.write(text)


def write_tree(root, tree, instrumented):
    """Makes `tree` a copy of the tree at `root`, apart from the files {name: text} in `instrumented`."""
    os.makedirs(tree, exist_ok=True)
    names = tracked(root)
    known = set(names)
    for folder, _, files in os.walk(tree):
        for file in files:
            path = os.path.join(folder, file)
            if os.path.relpath(path, tree) not in known:
                os.unlink(path)
    for name in names:
        source, target = os.path.join(root, name), os.path.join(tree, name)
        if name in instrumented:
            _write(target, instrumented[name])
        elif os.path.islink(source) or not os.path.exists(target) or not _same(source, target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)


def _same(first, second):
    with open(first, "rb") as a, open(second, "rb") as b:
        return a.read() == b.read()


def instrumented_sources(mutants, sources):
    with open(_RUNTIME, encoding="latin-1") as text:
        runtime = text.read()
    by_file = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    # Warnings about what mutants would do are no news. (In the .cc files they are off: see build.)
    quiet = {True: "#pragma GCC system_header\n", False: ""}
    return {file: schemata.instrument(sources[file], here, quiet[file.endswith(".h")] + runtime, file)
            for file, here in by_file.items()}


def blamed(output, mutants, sources):
    """The mutants on the lines that the compiler complains about; of an error elsewhere, those that led to it."""
    lines = {}
    for mutant in mutants:
        first, last = schemata.lines_of(mutant, sources[mutant.file])
        for line in range(first, last + 1):
            lines.setdefault((mutant.file, line), []).append(mutant)
    found, context = [], []
    for text in output.splitlines():
        match = _PLACE.match(text)
        if not match:
            continue
        place = (match.group(1), int(match.group(2)))
        if match.group(3):
            if place in lines:
                found += lines[place]
            else:
                # The innermost of our own lines on the way to it.
                found += next((lines[used] for used in reversed(context) if used in lines), [])
            context = []
        elif "required from" in text:
            context.append(place)
    return {mutant.ident for mutant in found}


def build(bazel, root, tree, labels, mutants, sources, say):
    """Builds the tests `labels` in the copy; returns the mutants that compile."""
    # All else is compiled as ever, so that it need not be where nothing has changed.
    changed = sorted({mutant.file for mutant in mutants if mutant.file.endswith(".cc")})
    quiet = "--per_file_copt=^(%s)$@-w" % "|".join(re.escape(file) for file in changed)
    for _ in range(_MOST_ROUNDS):
        write_tree(root, tree, instrumented_sources(mutants, sources))
        run = subprocess.run(bazel + ["build", "--keep_going", "--symlink_prefix=/", quiet] + labels, cwd=tree,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace")
        if run.returncode == 0:
            return mutants
        out = blamed(run.stdout, mutants, sources)
        if not out:
            raise RuntimeError("the instrumented copy in %s does not build:\n%s" % (tree, run.stdout[-6000:]))
        say("%d mutants do not compile; building without them" % len(out))
        mutants = [mutant for mutant in mutants if mutant.ident not in out]
    raise RuntimeError("the instrumented copy in %s does not build after %d rounds" % (tree, _MOST_ROUNDS))
