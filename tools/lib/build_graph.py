"""The C++ targets of the tree and what they are made of, as Bazel tells them."""

import dataclasses
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

# Quoted and angled includes alike, as the preprocessor of a plain source sees them.
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]')


@dataclasses.dataclass
class Target:
    """One cc_library, cc_binary or cc_test; an alias is one that has no files and one dependency."""

    label: str
    kind: str
    location: str
    testonly: bool
    alwayslink: bool
    srcs: list
    hdrs: list
    deps: list

    @property
    def package(self):
        return self.label[2:].split(":")[0]

    @property
    def files(self):
        return self.srcs + self.hdrs


def path_of(label):
    """//quota:forest.h -> quota/forest.h; None when the label is not of this tree."""
    if not label.startswith("//"):
        return None
    package, name = label[2:].split(":")
    return package + "/" + name if package else name


def parse(xml, root):
    """Returns {label: Target} from the answer of `bazel query --output=xml`."""
    # Bazel says XML 1.1, which Python's parser does not know; nothing here needs it.
    tree = ET.fromstring(xml.replace('version="1.1"', 'version="1.0"', 1))
    targets = {}
    for rule in tree.iter("rule"):
        lists = {part.get("name"): [label.get("value") for label in part.iter("label")]
                 for part in rule.iter("list")}
        flags = {part.get("name"): part.get("value") == "true" for part in rule.iter("boolean")}
        # Bazel prints the place of the macro's inside; who writes BUILD files looks for the call.
        strings = {part.get("name"): part.get("value") for part in rule.iter("string")}
        location = rule.get("location", "")
        if "generator_location" in strings:
            location = strings["generator_location"]
        location = os.path.relpath(location, root) if os.path.isabs(location) else location
        kind = rule.get("class")
        actual = [part.get("value") for part in rule.iter("label") if part.get("name") == "actual"]
        targets[rule.get("name")] = Target(
            label=rule.get("name"),
            kind=kind,
            location=":".join(location.split(":")[:2]),
            # A cc_test is testonly unless it says otherwise.
            testonly=flags.get("testonly", kind == "cc_test"),
            alwayslink=flags.get("alwayslink", False),
            srcs=lists.get("srcs", []),
            hdrs=lists.get("hdrs", []),
            deps=actual or lists.get("deps", []))
    return targets


def load(root, bazel):
    """Asks Bazel for all C++ targets of the tree at `root`."""
    run = subprocess.run(
        [bazel, "query", "--output=xml", "--noimplicit_deps", 'kind("^(cc_.*|alias) rule$", //...)'],
        cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.stderr.write(run.stderr)
        sys.exit("bazel query failed")
    return parse(run.stdout, root)


def expand(targets, labels):
    """The labels, and in place of an alias or of a library without files also what it stands for."""
    found, todo = set(), list(labels)
    while todo:
        label = todo.pop()
        if label not in found:
            found.add(label)
            if label in targets and not targets[label].files:
                todo += targets[label].deps
    return found


def includes(path):
    """Yields (line number, name, quoted) of each #include of a file."""
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = _INCLUDE.match(line)
            if match:
                yield number, match.group(2), match.group(1) == '"'
