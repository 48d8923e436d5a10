"""The tests that may catch a mutant: which they are, what each reaches, and running them."""

import dataclasses
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import xml.etree.ElementTree as ET

# A test that needs this much more than without a mutant hangs.
_SLOWER = 5
_GRACE_SECONDS = 5
# Enough for every test without a mutant; a mutant that asks for more is stopped.
_MEMORY_BYTES = 6 << 30


@dataclasses.dataclass
class Test:
    """A cc_test of the instrumented copy."""

    label: str
    program: str  # absolute
    arguments: list
    runfiles: str  # the folder it runs in


@dataclasses.dataclass
class Part:
    """Some cases of a test, which run in one process; no cases: all of it."""

    test: Test
    cases: list
    seconds: float = 0.0  # CPU time without a mutant
    reaches: bytes = b""


def query(bazel, tree, packages, pattern="//..."):
    """Returns {label: [argument]} of the tests of `pattern` that may run code of `packages`."""
    among = " + ".join("//%s/..." % package for package in packages)
    # The inputs that a fuzz test makes up differ from run to run.
    expression = ('kind("cc_test rule", set(%s) intersect rdeps(//..., %s)) - attr(tags, "manual", //...) '
                  "- rdeps(//..., //tools/fuzzing:driver)" % (pattern, among))
    run = subprocess.run(bazel + ["query", "--output=xml", expression], cwd=tree, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise RuntimeError("bazel query failed:\n" + run.stderr)
    found = {}
    for rule in ET.fromstring(run.stdout.replace('version="1.1"', 'version="1.0"', 1)).iter("rule"):
        arguments = [s.get("value") for part in rule.iter("list") if part.get("name") == "args" for s in part.iter("string")]
        found[rule.get("name")] = arguments
    return found


def expand(argument):
    """Bazel's $(rootpath LABEL), for files of the tree."""
    return re.sub(r"\$\((?:rootpath|location) (?://)?([^)]+)\)", lambda m: m.group(1).replace(":", "/").lstrip("/"), argument)


def locate(label, arguments, bin_folder):
    package, name = label[2:].split(":")
    program = os.path.join(bin_folder, package, name)
    return Test(label, program, [expand(a) for a in arguments], os.path.join(program + ".runfiles", "muster"))


def _environment(scratch, test, extra):
    # As bare as Bazel's own, so that a test behaves as it does there.
    environment = {"PATH": "/bin:/usr/bin:/usr/local/bin", "TEST_TMPDIR": scratch, "HOME": scratch, "USER": "muster",
                   "TEST_SRCDIR": test.program + ".runfiles", "RUNFILES_DIR": test.program + ".runfiles",
                   "TEST_WORKSPACE": "muster", "TZ": "UTC", "TEST_TARGET": test.label}
    environment.update(extra)
    return environment


def run(test, cases, extra=None, limit=None):
    """Runs cases of a test; returns (passed, CPU seconds). Over `limit` CPU seconds it has not passed."""
    command = [test.program] + test.arguments
    if cases:
        command += ["--gtest_filter=" + ":".join(cases), "--gtest_fail_fast"]

    def limits():
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))

    scratch = tempfile.mkdtemp(prefix="muster-mutation-")
    try:
        process = subprocess.Popen(
            command, cwd=test.runfiles, env=_environment(scratch, test, extra or {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limits, start_new_session=True)
        # Wall time is for deadlocks alone: the machine may be busy with other things.
        timer = None
        if limit is not None:
            timer = threading.Timer(60 + 20 * limit, _kill_group, [process.pid])
            timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status  # Popen need not wait again.
        if timer:
            timer.cancel()
        _kill_group(process.pid)
        return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, usage.ru_utime + usage.ru_stime
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _kill_group(pid):
    """Ends what a test started and left running."""
    try:
        os.killpg(pid, 9)
    except (ProcessLookupError, PermissionError):
        pass


def cases_of(test):
    """The names of the gtest cases of a test; [] when it is not one."""
    if test.arguments:
        return []
    listing = subprocess.run([test.program, "--gtest_list_tests"], cwd=test.runfiles, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             env=_environment(tempfile.gettempdir(), test, {}))
    names, suite = [], ""
    for line in listing.stdout.splitlines():
        line = line.split("#")[0].rstrip()
        if line.startswith("  "):
            names.append(suite + line.strip())
        elif line.endswith("."):
            suite = line
    return names if listing.returncode == 0 else []


def reach(test, cases, mutants):
    """Runs cases without a mutant and says which places they come by; raises RuntimeError if they fail."""
    with tempfile.NamedTemporaryFile(prefix="muster-reached-") as file:
        file.write(bytes(mutants))
        file.flush()
        passed, seconds = run(test, cases, {"MUSTER_MUTANTS_REACHED": file.name})
        if not passed:
            raise RuntimeError("%s %s fails without any mutant" % (test.label, " ".join(cases)))
        with open(file.name, "rb") as reached:
            return Part(test, cases, seconds, reached.read())


def plan(parts, mutant):
    """What to run for a mutant: the parts that reach it, the short ones of a test together, the shortest first."""
    together, alone = {}, []
    for part in parts:
        if not part.reaches[mutant]:
            continue
        if part.cases and part.seconds < 0.3:
            together.setdefault(part.test.label, []).append(part)
        else:
            alone.append(part)
    for same in together.values():
        alone.append(Part(same[0].test, [case for part in same for case in part.cases],
                          sum(part.seconds for part in same)))
    return sorted(alone, key=lambda part: part.seconds)


def catch(parts, mutant):
    """Returns the label of the first test that fails with the mutant on, or None; and the CPU seconds it took."""
    spent = 0.0
    for part in plan(parts, mutant):
        passed, seconds = run(part.test, part.cases, {"MUSTER_MUTANT": str(mutant)},
                              limit=_GRACE_SECONDS + _SLOWER * part.seconds)
        spent += seconds
        if not passed:
            return part.test.label, spent
    return None, spent
