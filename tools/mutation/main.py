"""tools/mutate: see there.

usage: main.py ROOT BAZEL [option ...]
"""

import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import random
import subprocess
import sys
import time

import build_graph
import instrumented
import find
import schemata
import tests


def say(text):
    print("==> " + text, flush=True)


def options():
    parser = argparse.ArgumentParser(prog="tools/mutate", description="Seeds small bugs and reports those that no test catches.")
    parser.add_argument("--paths", nargs="+", default=["quota/", "scheduler/"], help="folders or files to seed bugs into")
    parser.add_argument("--tests", nargs="+", default=["//..."], metavar="PATTERN",
                        help="only these tests, as Bazel names them; all that may reach the paths by default")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, chosen at random; all by default")
    parser.add_argument("--seed", type=int, default=1, help="of the choice (1)")
    parser.add_argument("--jobs", type=int, default=1, help="tests run at a time (1)")
    parser.add_argument("--output", default="out/mutation", help="folder of the copy and the reports (out/mutation)")
    parser.add_argument("--accepted", default="tools/mutation/accepted.txt", help="survivors that are no gap of the tests")
    parser.add_argument("--again", metavar="REPORT", help="only the survivors that an earlier report.txt lists")
    parser.add_argument("--expect", metavar="FILE", help="fail unless the survivors are those that FILE lists")
    return parser.parse_args(sys.argv[3:])


def wanted_files(targets, paths):
    """The sources below `paths` that are not for tests alone."""
    paths = [os.path.normpath(path) for path in paths]
    found = set()
    for target in targets.values():
        if not target.testonly:
            files = (build_graph.path_of(label) for label in target.files)
            found.update(f for f in files if f and any(f == p or f.startswith(p + "/") for p in paths))
    return sorted(f for f in found if f.endswith((".h", ".cc")))


def find_mutants(root, files, cache):
    """Returns (mutants with their numbers, {file: text}). Clang is slow: the file `cache` has what it said last time."""
    key = hashlib.sha256()
    for file in files + [os.path.join(os.path.dirname(os.path.abspath(__file__)), "find.py")]:
        with open(file, "rb") as text:
            key.update(file.encode() + b"\0" + text.read() + b"\0")
    try:
        with open(cache, encoding="utf-8") as text:
            stored = json.load(text)
    except (OSError, ValueError):
        stored = {}
    if stored.get("key") == key.hexdigest():
        finder = find.Finder(root, files)
        return [schemata.Mutant(**one) for one in stored["mutants"]], {file: finder.read(file) for file in files}
    with open(os.path.join(root, "compile_commands.json"), encoding="utf-8") as text:
        commands = {entry["file"]: entry["arguments"] for entry in json.load(text)}
    finder = find.Finder(root, files)
    for file in files:
        if file in commands:
            arguments = commands[file][1:]
            at = arguments.index("-c")
            finder.parse(file, arguments[:at] + arguments[at + 2:])
    mutants = sorted(finder.mutants, key=lambda m: (m.file, m.start, -m.end))
    for number, mutant in enumerate(mutants):
        mutant.ident = number
    with open(cache, "w", encoding="utf-8") as text:
        json.dump({"key": key.hexdigest(), "mutants": [dataclasses.asdict(mutant) for mutant in mutants]}, text)
    return mutants, {file: finder.read(file) for file in files}


def candidates(mutants, sources, given):
    """The mutants to compile, in the order in which they are run: of a sample those that may get into it."""
    if given.again:
        with open(given.again, encoding="utf-8") as text:
            entries = schemata.parse_report(text.read())
        mutants = [m for m in mutants if (m.file,) + schemata.change(m, sources[m.file]) in entries]
    if given.sample is None:
        return mutants
    # Some do not compile; others take their place.
    spare = given.sample // 5 + 5
    return random.Random(given.seed).sample(mutants, min(len(mutants), given.sample + spare))


def run_all(parts, chosen, sources, accepted, jobs):
    """Yields (mutant, outcome, by whom) as they come; outcomes: caught, survived, accepted, not reached."""
    def one(mutant):
        if schemata.is_accepted(mutant, sources[mutant.file], accepted):
            return mutant, "accepted", None, 0.0
        if not any(part.reaches[mutant.ident] for part in parts):
            return mutant, "not reached", None, 0.0
        by, seconds = tests.catch(parts, mutant.ident)
        return mutant, "caught" if by else "survived", by, seconds

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one, chosen)


OUTCOMES = ("caught", "survived", "not reached", "accepted")


def table(outcomes):
    """Lines of figures, one for each file and one for all."""
    rows = {}
    for mutant, outcome in outcomes:
        for name in (mutant.file, "all"):
            rows.setdefault(name, dict.fromkeys(OUTCOMES, 0))[outcome] += 1
    total = rows.pop("all", dict.fromkeys(OUTCOMES, 0))
    width = max(map(len, rows), default=4)
    lines = ["%-*s %8s %8s %12s %8s" % ((width, "file") + OUTCOMES)]
    for name in sorted(rows) + ["all"]:
        row = rows.get(name, total)
        lines.append("%-*s %8d %8d %12d %8d" % ((width, name) + tuple(row[o] for o in OUTCOMES)))
    judged = sum(total.values()) - total["accepted"]
    if judged:
        lines.append("%d of %d caught: %.1f %%" % (total["caught"], judged, 100.0 * total["caught"] / judged))
    return lines


def main():
    root, bazel = os.path.realpath(sys.argv[1]), sys.argv[2]
    given = options()
    os.chdir(root)
    output = os.path.abspath(given.output)
    tree = os.path.join(output, "tree")
    own = [bazel, "--output_base=" + os.environ.get(
        "MUSTER_MUTATION_OUTPUT_BASE", os.path.expanduser("~/.cache/muster-mutation"))]
    began = time.monotonic()

    accepted = {}
    if os.path.exists(given.accepted):
        with open(given.accepted, encoding="utf-8") as text:
            accepted = schemata.parse_accepted(text.read())
    files = wanted_files(build_graph.load(root, bazel), given.paths)
    if not files:
        sys.exit("no sources in " + " ".join(given.paths))
    subprocess.run([os.path.join(root, "tools/compile-commands")], check=True, stdin=subprocess.DEVNULL)
    os.makedirs(output, exist_ok=True)
    mutants, sources = find_mutants(root, files, os.path.join(output, "mutants.json"))
    say("%d mutants in %d files" % (len(mutants), len(files)))

    places = len(mutants)
    mutants = candidates(mutants, sources, given)
    packages = sorted({path if os.path.isdir(path) else os.path.dirname(path)
                       for path in map(os.path.normpath, given.paths)})
    instrumented.write_tree(root, tree, instrumented.instrumented_sources(mutants, sources))
    found = tests.query(own, tree, packages, " ".join(given.tests))
    say("Building %d tests with %d mutants in them" % (len(found), len(mutants)))
    compiled = instrumented.build(own, root, tree, sorted(found), mutants, sources, say)
    bin_folder = subprocess.run(own + ["info", "bazel-bin"], cwd=tree, check=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    say("%d mutants compile (%d s so far); looking which tests reach them" % (len(compiled), time.monotonic() - began))

    parts = []
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        todo = []
        for label, arguments in sorted(found.items()):
            test = tests.locate(label, arguments, bin_folder)
            for case in tests.cases_of(test) or [None]:
                todo.append((test, [case] if case else []))
        for part in pool.map(lambda one: tests.reach(*one, places), todo):
            parts.append(part)
    say("%d test cases, %.0f s of CPU time for all" % (len(parts), sum(part.seconds for part in parts)))

    chosen = compiled[:given.sample]
    say("Running %d mutants" % len(chosen))
    outcomes, survivors, unreached = [], [], []
    log_path = os.path.join(output, "report.txt")
    with open(os.path.join(output, "progress.txt"), "w", encoding="utf-8") as progress:
        for mutant, outcome, by, seconds in run_all(parts, chosen, sources, accepted, given.jobs):
            outcomes.append((mutant, outcome))
            entry = schemata.report_entry(mutant, sources[mutant.file])
            if outcome == "survived":
                survivors.append(entry)
            elif outcome == "not reached":
                unreached.append(entry)
            progress.write("%s%s (%s, %.1f s)\n%s\n\n" % (outcome, " by " + by if by else "", mutant.kind, seconds, entry))
            progress.flush()
    for entries in (survivors, unreached):
        entries.sort()
    lines = table(outcomes)
    with open(log_path, "w", encoding="utf-8") as report:
        report.write("\n".join(lines) + "\n")
        for title, entries in (("Survived", survivors), ("Not reached by any test", unreached)):
            report.write("\n# %s\n\n" % title + "\n\n".join(entries) + "\n")
    with open(log_path, encoding="utf-8") as report:
        print(report.read())
    say("%s, after %d s" % (os.path.relpath(log_path, root), time.monotonic() - began))

    if given.expect:
        with open(given.expect, encoding="utf-8") as text:
            expected = schemata.parse_report(text.read())
        seen = schemata.parse_report("\n\n".join(survivors + unreached))
        for entry in sorted(expected ^ seen):
            print("%s: %s\n- %s\n+ %s" % (("expected to survive, but did not" if entry in expected else
                                            "survived unexpectedly",) + entry))
        sys.exit(1 if expected != seen else 0)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("mutate: %s" % error)
