"""Writes compile_commands.json from the actions that Bazel would run.

usage: compile_commands.py ROOT BAZEL

One entry for each source of the tree, also of targets tagged "manual". Nothing
is compiled; headers that a rule generates are there after the first build.
"""

import json
import os
import subprocess
import sys

import build_graph

# What only gcc understands, what only Bazel wants, and, each with the argument
# that follows it, what would write files. Warnings are for reading here.
_DROP = {"-fno-canonical-system-headers", "-MD", "-Werror", "-Wunused-but-set-parameter",
         "-Wno-free-nonheap-object", "-std=c++0x"}
_DROP_WITH_NEXT = {"-MF", "-o"}


def clean(arguments):
    """The arguments of a compilation without what is of no use to clang's tools."""
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in _DROP_WITH_NEXT:
            skip = True
        elif argument not in _DROP and not argument.startswith("-frandom-seed="):
            kept.append(argument)
    return kept


def entries(actions, root):
    """The entries for the actions of `bazel aquery`, one for each source, in the order of their names."""
    found = {}
    for action in actions:
        arguments = clean(action["arguments"])
        source = arguments[arguments.index("-c") + 1]
        # A source of several targets is compiled alike for all of them.
        found.setdefault(source, {"directory": root, "file": source, "arguments": arguments})
    return [found[source] for source in sorted(found)]


def main():
    root, bazel = sys.argv[1:]
    labels = sorted(label for label, target in build_graph.load(root, bazel).items() if target.files)
    run = subprocess.run(
        [bazel, "aquery", "--output=jsonproto", 'mnemonic("CppCompile", set(%s))' % " ".join(labels)],
        cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.stderr.write(run.stderr)
        sys.exit("bazel aquery failed")
    written = entries(json.loads(run.stdout)["actions"], root)
    target = os.path.join(root, "compile_commands.json")
    with open(target + ".new", "w", encoding="utf-8") as out:
        json.dump(written, out, indent=1)
        out.write("\n")
    os.rename(target + ".new", target)
    print("==> compile_commands.json has %d sources" % len(written))


if __name__ == "__main__":
    main()
