"""Mutants of a source, and the source that holds all of them at once.

A mutant is a small change of one range of a file. `instrument` writes a file in
which every mutant is compiled in and one is chosen when the program starts, so
that one build serves all of them: in place of `a < b` stands, on the same line,

    (::muster_mutation::On(17) ? (a <= b) : (a < b))

Only one mutant is chosen at a time, so the changed text is always made of the
original one; what is inside of a range keeps the mutants of its own parts.
Files are handled as Latin-1, in which every byte is a character: clang counts
bytes, and what is not ASCII passes through unchanged.
"""

import dataclasses
import re

# How a mutant gets into its range.
REPLACE = "replace"  # the range is an expression, and becomes `text`
NEGATE = "negate"  # the range is a condition, and becomes its opposite
NEVER = "never"  # the range is a condition, and becomes false
DROP = "drop"  # the range is a statement with its semicolon, and goes
_INSIDE_OUT = (REPLACE, NEGATE, NEVER, DROP)


@dataclasses.dataclass
class Mutant:
    """One small bug. Offsets are bytes of the original file; `text` is what stands there instead."""

    file: str
    start: int
    end: int
    way: str
    kind: str  # for the reader: "comparison", "condition", ...
    text: str
    ident: int = -1

    @property
    def range(self):
        return (self.start, self.end)


def one_line(text):
    """The text without comments and line breaks, so that a copy of it moves no line."""
    return " ".join(re.sub(r"[ \t]*//[^\n]*", "", line).strip() for line in text.split("\n")) if "\n" in text else text


def _wrapped(mutant, inner):
    on = "::muster_mutation::On(%d)" % mutant.ident
    if mutant.way == REPLACE:
        return "(%s ? (%s) : (%s))" % (on, one_line(mutant.text), inner)
    if mutant.way == NEGATE:
        return "(%s != static_cast<bool>(%s))" % (on, inner)
    if mutant.way == NEVER:
        return "(!%s && static_cast<bool>(%s))" % (on, inner)
    return "{ if (!%s) { %s } }" % (on, inner)


def instrument(source, mutants, runtime, name):
    """The text of file `name` with all `mutants` compiled in, behind `runtime`; lines keep their numbers."""
    by_range = {}
    for mutant in mutants:
        by_range.setdefault(mutant.range, []).append(mutant)
    # Outer ranges before inner ones; ranges come from a syntax tree and nest.
    ranges = sorted(by_range, key=lambda r: (r[0], -r[1]))

    def render(start, end, first):
        """Returns the text of [start, end) and the first of `ranges` that is not in it."""
        parts, at = [], start
        while first < len(ranges) and ranges[first][0] < end:
            inner_start, inner_end = ranges[first]
            parts.append(source[at:inner_start])
            inner, following = render(inner_start, inner_end, first + 1)
            here = sorted(by_range[ranges[first]], key=lambda m: _INSIDE_OUT.index(m.way))
            for mutant in here:
                inner = _wrapped(mutant, inner)
            parts.append(inner)
            at, first = inner_end, following
        parts.append(source[at:end])
        return "".join(parts), first

    body, _ = render(0, len(source), 0)
    return '%s\n#line 1 "%s"\n%s' % (runtime.rstrip("\n"), name, body)


def nested(mutants):
    """The mutants without those whose ranges overlap the range of another, neither inside of the other."""
    kept, open_ends = [], []
    for mutant in sorted(mutants, key=lambda m: (m.start, -m.end)):
        while open_ends and open_ends[-1] <= mutant.start:
            open_ends.pop()
        if open_ends and mutant.end > open_ends[-1]:
            continue
        open_ends.append(mutant.end)
        kept.append(mutant)
    return kept


def lines_of(mutant, source):
    """(first line, last line) of the mutant's range, from 1."""
    return source.count("\n", 0, mutant.start) + 1, source.count("\n", 0, max(mutant.start, mutant.end - 1)) + 1


def change(mutant, source):
    """(before, after): the lines that the mutant changes, each as one line."""
    start = source.rfind("\n", 0, mutant.start) + 1
    end = source.find("\n", mutant.end)
    end = len(source) if end < 0 else end
    before = source[start:end]
    after = source[start:mutant.start] + mutant.text + source[mutant.end:end]
    before, after = before.split("\n"), after.split("\n")
    # Of a range over several lines, only those that differ.
    while len(before) > 1 and len(after) > 1 and before[0] == after[0]:
        before.pop(0), after.pop(0)
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        before.pop(), after.pop()
    return tuple(" ".join(" ".join(lines).split()) for lines in (before, after))


def report_entry(mutant, source):
    """How a mutant is shown, and how tools/mutation/accepted.txt names it."""
    before, after = change(mutant, source)
    return "%s:%d\n- %s\n+ %s" % (mutant.file, lines_of(mutant, source)[0], before, after)


def parse_accepted(text):
    """Returns {(file, before, after): reason} of accepted.txt; raises ValueError for an entry without a reason."""
    accepted = {}
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in block.strip().split("\n") if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        # The line number is for people and may be missing or old.
        if len(lines) < 4 or not lines[1].startswith("-") or not lines[2].startswith("+"):
            raise ValueError("not FILE, - line, + line, reason:\n" + "\n".join(lines))
        key = (lines[0].split(":")[0], lines[1][1:].strip(), lines[2][1:].strip())
        accepted[key] = " ".join(lines[3:])
    return accepted


def parse_report(text):
    """Returns the set of (file, before, after) that a report lists, or a file like it."""
    entries = re.findall(r"^(\S+?)(?::\d+)?\n-[ ]?(.*)\n\+[ ]?(.*)$", text, flags=re.M)
    return {(file, before.strip(), after.strip()) for file, before, after in entries}


def is_accepted(mutant, source, accepted):
    return (mutant.file,) + change(mutant, source) in accepted
