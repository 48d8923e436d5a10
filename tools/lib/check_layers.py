"""Holds the C++ targets to what they declare and to tools/layers.txt.

usage: check_layers.py ROOT BAZEL

1. What a file includes comes from its own target or from a direct dependency.
2. A direct dependency on this tree is one that some file includes from; tests
   may share a list of dependencies.
3. Dependencies follow the arrows of tools/layers.txt.
4. Packages of one room do not use each other in a circle.
5. A source includes the header of its name before any other, so that it proves
   that the header includes what it uses (tools/check-headers has the others).

Prints one line for each violation; exits with 1 if there is one.
"""

import os
import re
import sys

import build_graph

# Where the headers of a library of Debian's are, and the targets that bring
# them. A name that ends in a slash is a folder.
_SYSTEM = {
    "absl/": ("absl",),
    "benchmark/": ("benchmark", "benchmark_main"),
    "boost/asio/": ("boost_beast",),
    "boost/beast/": ("boost_beast",),
    "boost/graph/": ("boost_graph",),
    "boost/iostreams/": ("boost_iostreams",),
    "CLI/": ("cli11",),
    "gmock/": ("gmock",),
    "gtest/": ("gtest", "gtest_main", "gmock"),
    "gperftools/": ("tcmalloc",),
    "httplib.h": ("httplib",),
    "nlohmann/": ("json",),
    "openssl/": ("openssl",),
    "prometheus/": ("prometheus",),
    "simdjson.h": ("simdjson",),
    "spdlog/": ("spdlog",),
    "yaml-cpp/": ("yaml_cpp",),
}


def system_targets(header):
    """The @sys targets that bring a header; () when none has to."""
    for place, names in _SYSTEM.items():
        if header == place or (place.endswith("/") and header.startswith(place)):
            return tuple("@sys//:" + name for name in names)
    return ()


class Layers:
    """What tools/layers.txt says."""

    def __init__(self, text):
        self.uses, self.orders, self.pure = {}, {}, {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            match = re.fullmatch(r"(order |pure )?([\w./-]+):(.*)", line)
            if not match:
                sys.exit("tools/layers.txt:%d: not a rule: %s" % (number, line))
            kind, room, rest = (match.group(1) or "").strip(), match.group(2), match.group(3)
            if kind == "order":
                self.orders[room] = [level.split() for level in rest.split("<")]
            elif kind == "pure":
                self.pure[room] = rest.split()
            else:
                self.uses[room] = rest.split()

    def room(self, package):
        """The room that a package belongs to, or None."""
        while package and package not in self.uses:
            package = os.path.dirname(package)
        return package or None

    def allows(self, target, dep):
        """Whether a line of the file permits `target` to use `dep`, of another room."""
        for use in self.uses[self.room(target.package)]:
            if use.startswith("test:"):
                if not target.testonly:
                    continue
                use = use[len("test:"):]
            if use.startswith("@"):
                matches = dep == "@sys//:" + use[1:]
            elif use.startswith("//"):
                matches = dep == use
            else:
                package = dep[2:].split(":")[0] if dep.startswith("//") else None
                folder = use[:-len("/...")] if use.endswith("/...") else None
                matches = package is not None and (
                    package == use or package == folder
                    or (folder is not None and package.startswith(folder + "/")))
            if matches:
                return True
        return False

    def backwards(self, package, dep_package):
        """The order line that the arrow breaks, as text; None when it breaks none."""
        for room, levels in self.orders.items():
            places = {}
            for level, names in enumerate(levels):
                places.update({room + "/" + name: level for name in names})
            # A folder below a place of the order belongs to it.
            here, there = (max((p for p in places if (q + "/").startswith(p + "/")), key=len, default=None)
                           for q in (package, dep_package))
            if here and there and here != there and places[there] >= places[here]:
                return "order %s: %s" % (room, " < ".join(" ".join(names) for names in levels))
        return None


def short(label):
    """//quota:quota -> //quota."""
    package, name = label.split(":")
    return package if package.rsplit("/", 1)[-1] == name else label


def check_includes(root, targets, layers):
    """Yields violations of rules 1 and 2, and of `pure`."""
    owners = {}
    for target in targets.values():
        for label in target.files:
            owners.setdefault(build_graph.path_of(label), []).append(target)
    read = {}
    for target in targets.values():
        within = build_graph.expand(targets, target.deps)
        used = set()
        for label in target.files:
            path = build_graph.path_of(label)
            if path is None or not os.path.exists(os.path.join(root, path)):
                continue  # Generated; what it includes is not ours to read.
            if path not in read:
                read[path] = list(build_graph.includes(os.path.join(root, path)))
            for number, header, quoted in read[path]:
                here = "%s:%d" % (path, number)
                room = layers.room(target.package)
                if not target.testonly and "<%s>" % header in layers.pure.get(room, ()):
                    yield "%s: %s/ is pure: <%s> is for tests alone" % (here, room, header)
                if header in owners:
                    used.update(owner.label for owner in owners[header])
                    if target in owners[header] or any(o.label in within for o in owners[header]):
                        continue
                    names = " or ".join(sorted(short(o.label) for o in owners[header]))
                    yield "%s: includes \"%s\" of %s, which is no direct dependency of %s (%s)" % (
                        here, header, names, short(target.label), target.location)
                elif quoted and os.path.exists(os.path.join(root, header)):
                    yield "%s: includes \"%s\", which belongs to no target" % (here, header)
                else:
                    bringers = system_targets(header)
                    if bringers and not any(dep in bringers for dep in within):
                        yield "%s: includes <%s>, but %s (%s) does not depend on %s" % (
                            here, header, short(target.label), target.location, " or ".join(bringers))
        if not target.files or target.testonly:
            continue  # Stands for its dependencies; or tests, which share a list of them.
        for dep in target.deps:
            known = targets.get(dep)
            if known is None or not dep.startswith("//") or known.kind == "cc_binary":
                continue
            brought = build_graph.expand(targets, [dep])
            headers = any(targets[label].hdrs for label in brought if label in targets)
            silent = any(targets[label].alwayslink for label in brought if label in targets)
            if headers and not silent and not used & brought:
                yield "%s: %s depends on %s, but includes nothing of it" % (
                    target.location, short(target.label), short(dep))


def check_own_header_first(root, targets):
    """Yields violations of rule 5."""
    for target in targets.values():
        files = {build_graph.path_of(label) for label in target.files}
        for path in sorted(f for f in files if f and f.endswith(".cc")):
            header = path[:-len(".cc")] + ".h"
            if header not in files or not os.path.exists(os.path.join(root, path)):
                continue
            first = next(((number, name) for number, name, _ in build_graph.includes(os.path.join(root, path))), None)
            if first is None or first[1] != header:
                yield "%s:%d: a source includes the header of its name first: \"%s\"" % (
                    path, first[0] if first else 1, header)


def check_arrows(targets, layers):
    """Yields violations of rules 3 and 4."""
    arrows = {}
    for target in targets.values():
        room = layers.room(target.package)
        if room is None:
            if target.files:
                yield "%s: no line of tools/layers.txt is about //%s" % (target.location, target.package)
            continue
        for dep in target.deps:
            place = "%s: %s uses %s" % (target.location, short(target.label), short(dep))
            if dep.startswith("@"):
                if not layers.allows(target, dep):
                    yield "%s: tools/layers.txt does not let %s/ do that" % (place, room)
                continue
            package = dep[2:].split(":")[0]
            if package == target.package:
                continue
            if layers.room(package) != room:
                if not layers.allows(target, dep):
                    yield "%s: tools/layers.txt does not let %s/ do that" % (place, room)
                continue
            if target.testonly or not target.files:
                continue  # Tests of a room may use all of it; a target without files only gathers others.
            order = layers.backwards(target.package, package)
            if order:
                yield "%s: against \"%s\" of tools/layers.txt" % (place, order)
            arrows.setdefault(target.package, {}).setdefault(package, place)
    yield from circles(arrows)


def circles(arrows):
    """Yields a line for each circle of packages that a depth-first walk closes."""
    state = {}

    def walk(package, path):
        state[package] = "open"
        for dep in sorted(arrows.get(package, ())):
            if state.get(dep) == "open":
                circle = path[path.index(dep):] + [dep]
                yield "%s: packages in a circle: %s" % (
                    arrows[package][dep], " -> ".join("//" + name for name in circle))
            elif dep not in state:
                yield from walk(dep, path + [dep])
        state[package] = "done"

    for package in sorted(arrows):
        if package not in state:
            yield from walk(package, [package])


def check(root, targets, layers):
    return sorted(set(check_includes(root, targets, layers)) | set(check_arrows(targets, layers))
                  | set(check_own_header_first(root, targets)))


def main():
    root, bazel = sys.argv[1:]
    with open(os.path.join(root, "tools/layers.txt"), encoding="utf-8") as text:
        layers = Layers(text.read())
    # third_party/ is Bazel's glue: it is linked into everything, and knows nothing.
    targets = {label: target for label, target in build_graph.load(root, bazel).items()
               if target.package.split("/")[0] != "third_party"}
    problems = check(root, targets, layers)
    for line in problems:
        print(line)
    if problems:
        sys.exit("%d violations of the layers: see tools/layers.txt" % len(problems))
    print("==> The includes of %d targets follow the layers" % len(targets))


if __name__ == "__main__":
    main()
