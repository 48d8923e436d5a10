"""Finds the mutants of C++ sources in clang's syntax tree.

Needs python3-clang-14. What must be constant when the program is compiled, and
what comes out of a macro, is left alone.
"""

import os
import re

import clang.cindex
from clang.cindex import CursorKind as Kind

import schemata
from schemata import Mutant

_COMPARISONS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}
_LOGIC = {"&&": "||", "||": "&&"}
# A function and the one it is easily mistaken for.
_OTHER_FUNCTION = {
    "min": "max", "max": "min", "min_element": "max_element", "max_element": "min_element",
    "lower_bound": "upper_bound", "upper_bound": "lower_bound", "any_of": "all_of", "all_of": "any_of",
    "front": "back", "back": "front",
}
# Statements of no consequence but speed.
_SPEED_ALONE = {"reserve", "shrink_to_fit"}
_INTEGER = re.compile(r"(\d[\d']*)([uUlLzZ]*)$")
_FLOAT = re.compile(r"(\d+\.\d*|\d*\.\d+|\d+(?:\.\d*)?[eE][+-]?\d+)([fFlL]?)$")


class Finder:
    """Mutants of the files in `wanted`, relative to `root`; each file is read in the first source that includes it."""

    def __init__(self, root, wanted):
        self.root = root
        self.wanted = set(wanted)
        self.done = set()
        self.mutants = []
        self.sources = {}
        self._index = clang.cindex.Index.create()

    def read(self, file):
        if file not in self.sources:
            with open(os.path.join(self.root, file), encoding="latin-1", newline="") as text:
                self.sources[file] = text.read()
        return self.sources[file]

    def parse(self, source, arguments):
        """Adds the mutants of `source` and of those wanted files it includes that are not done."""
        unit = self._index.parse(
            os.path.join(self.root, source), arguments,
            options=clang.cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        errors = [str(d) for d in unit.diagnostics if d.severity >= clang.cindex.Diagnostic.Error]
        if errors:
            raise RuntimeError("clang cannot read %s: %s" % (source, errors[0]))
        todo = {}
        macros = {}
        names = {}
        for cursor in unit.cursor.get_children():
            where = cursor.location.file
            if where is None:
                continue
            if where.name not in names:
                names[where.name] = os.path.relpath(os.path.realpath(where.name), os.path.realpath(self.root))
            file = names[where.name]
            if file not in self.wanted or file in self.done:
                continue
            if cursor.kind == Kind.MACRO_INSTANTIATION:
                macros.setdefault(file, []).append((cursor.extent.start.offset, cursor.extent.end.offset))
            elif not cursor.kind.is_preprocessing():
                todo.setdefault(file, []).append(cursor)
        for file, cursors in todo.items():
            walker = _Walker(file, self.read(file), macros.get(file, []))
            for cursor in cursors:
                walker.visit(cursor, None)
            self.mutants += walker.result()
        self.done.update(todo)
        self.done.add(source)


class _Walker:
    """The mutants of one file."""

    def __init__(self, file, source, macros):
        self.file = file
        self.source = source
        self.macros = macros
        self.found = {}

    def result(self):
        return schemata.nested(self.found.values())

    # -- helpers

    def text(self, start, end):
        return self.source[start:end]

    def of(self, cursor):
        return self.source[cursor.extent.start.offset:cursor.extent.end.offset]

    def add(self, start, end, way, kind, text):
        if start >= end or any(first <= start and end <= last for first, last in self.macros):
            return
        if "\n#" in self.source[start:end]:
            return  # Directives cannot be copied into one line.
        mutant = Mutant(self.file, start, end, way, kind, text)
        # The same change is found once, whatever the rule.
        self.found.setdefault((start, end, text), mutant)

    @staticmethod
    def core(cursor):
        """Without the implicit conversions around it."""
        while cursor.kind in (Kind.UNEXPOSED_EXPR, Kind.CALL_EXPR):
            children = list(cursor.get_children())
            if len(children) != 1 or children[0].extent != cursor.extent:
                break
            cursor = children[0]
        return cursor

    def between(self, first, second):
        """The operator between two operands, with its place."""
        start, end = first.extent.end.offset, second.extent.start.offset
        text = re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: " " * len(m.group()), self.text(start, end), flags=re.S)
        stripped = text.strip()
        at = start + len(text) - len(text.lstrip())
        return stripped, at

    # -- the walk

    def visit(self, cursor, parent):
        kind = cursor.kind
        if self.constant(cursor):
            return
        handler = getattr(self, "on_" + kind.name.lower(), None)
        if handler:
            handler(cursor, parent)
        children = list(cursor.get_children())
        if kind == Kind.CASE_STMT:
            children = children[1:]  # The label is a constant.
        elif kind in (Kind.VAR_DECL, Kind.FIELD_DECL, Kind.PARM_DECL):
            # What stands before the name belongs to the type.
            name = cursor.location.offset
            children = [child for child in children if child.extent.start.offset >= name]
        self.statements(cursor, children)
        for child in children:
            self.visit(child, cursor)

    def constant(self, cursor):
        """Whether what is below has to be constant, or was not written by anyone."""
        kind = cursor.kind
        if kind in (Kind.ENUM_DECL, Kind.STATIC_ASSERT, Kind.TEMPLATE_NON_TYPE_PARAMETER,
                    Kind.CXX_UNARY_EXPR):
            return True
        if kind in (Kind.VAR_DECL, Kind.FUNCTION_DECL, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.FUNCTION_TEMPLATE,
                    Kind.CONVERSION_FUNCTION):
            head = re.split(r"[{=]", self.of(cursor), maxsplit=1)[0]
            if re.search(r"\b(constexpr|consteval|constinit)\b", head):
                return True
            if re.search(r"=\s*(default|delete)\s*$", self.of(cursor)):
                return True
        if kind == Kind.FIELD_DECL and (cursor.is_bitfield() or self.in_literal_class(cursor)):
            return True
        if kind == Kind.IF_STMT and re.match(r"if\s+constexpr\b", self.of(cursor)):
            return True
        return False

    def in_literal_class(self, field):
        """Whether the field's initializer is used by a constexpr constructor."""
        return any(child.kind == Kind.CONSTRUCTOR and re.match(r"constexpr\b", self.of(child))
                   for child in field.semantic_parent.get_children())

    def statements(self, cursor, children):
        """Dropped statements."""
        bodies = children
        if cursor.kind in (Kind.IF_STMT, Kind.WHILE_STMT, Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT):
            head_end = self.head_end(cursor)
            bodies = [child for child in children if head_end is not None and child.extent.start.offset >= head_end]
        elif cursor.kind not in (Kind.COMPOUND_STMT, Kind.CASE_STMT, Kind.DEFAULT_STMT):
            return
        for statement in bodies:
            inner = statement
            while inner.kind == Kind.UNEXPOSED_EXPR:
                below = list(inner.get_children())
                if len(below) != 1:
                    break
                inner = below[0]
            if inner.kind in (Kind.CALL_EXPR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.BREAK_STMT, Kind.CONTINUE_STMT):
                if inner.spelling in _SPEED_ALONE:
                    continue
            elif inner.kind == Kind.BINARY_OPERATOR:
                operands = list(inner.get_children())
                if len(operands) != 2 or self.between(*operands)[0] != "=":
                    continue
            elif inner.kind == Kind.UNARY_OPERATOR:
                if "++" not in self.of(inner) and "--" not in self.of(inner):
                    continue
            else:
                continue
            end = statement.extent.end.offset
            rest = re.match(r"\s*;", self.source[end:end + 80])
            if rest:
                lone = cursor.kind not in (Kind.COMPOUND_STMT, Kind.CASE_STMT, Kind.DEFAULT_STMT)
                self.add(statement.extent.start.offset, end + rest.end(), schemata.DROP, "dropped statement",
                         "{}" if lone else "")

    def head_end(self, cursor):
        """The offset after the parentheses of an if, while or for."""
        start = cursor.extent.start.offset
        at = self.source.find("(", start)
        depth = 0
        for match in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|[()]', self.source[at:]):
            if match.group() == "(":
                depth += 1
            elif match.group() == ")":
                depth -= 1
                if depth == 0:
                    return at + match.end()
        return None

    # -- conditions

    def condition(self, cursor, never=False):
        """A condition is negated, unless it is a comparison or a negation, which have mutants of their own."""
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if never:
            self.add(start, end, schemata.NEVER, "condition", "false")
        inner = cursor
        while inner.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR, Kind.UNARY_OPERATOR):
            below = list(inner.get_children())
            if inner.kind == Kind.UNARY_OPERATOR and self.of(inner).startswith("!"):
                return
            if len(below) != 1:
                break
            inner = below[0]
        if self.comparison(inner) is not None:
            return
        self.add(start, end, schemata.NEGATE, "condition", "!(%s)" % self.text(start, end))

    def comparison(self, cursor):
        """(start, end, operator, its offset) of a comparison, built-in or not; None for anything else."""
        children = list(cursor.get_children())
        if cursor.kind == Kind.BINARY_OPERATOR and len(children) == 2:
            operator, at = self.between(*children)
            first, last = children
        elif cursor.kind == Kind.CALL_EXPR and cursor.spelling.startswith("operator") and len(children) == 3:
            first, middle, last = children
            operator, at = self.of(middle), middle.extent.start.offset
            if not first.extent.end.offset <= at < last.extent.start.offset:
                return None
        else:
            return None
        if operator not in _COMPARISONS:
            return None
        return first.extent.start.offset, last.extent.end.offset, operator, at

    def on_if_stmt(self, cursor, _):
        children = list(cursor.get_children())
        head_end = self.head_end(cursor)
        head = [c for c in children if head_end is not None and c.extent.end.offset <= head_end]
        bodies = [c for c in children if c not in head]
        if not head or not head[-1].kind.is_expression():
            return
        condition = head[-1]
        if len(head) > 1 and condition.extent.start.offset < head[-2].extent.end.offset:
            return  # A variable that is declared in the condition.
        last = bodies[0] if bodies else None
        if last is not None and last.kind == Kind.COMPOUND_STMT:
            inside = list(last.get_children())
            last = inside[-1] if inside else None
        leaves = last is not None and last.kind in (Kind.RETURN_STMT, Kind.CONTINUE_STMT, Kind.BREAK_STMT)
        self.condition(condition, never=leaves and len(bodies) == 1)

    def on_while_stmt(self, cursor, _):
        first = next(cursor.get_children())
        if first.kind.is_expression():
            self.condition(first)

    def on_conditional_operator(self, cursor, _):
        self.condition(next(cursor.get_children()))

    def on_return_stmt(self, cursor, _):
        for value in cursor.get_children():
            inner = self.core(value)
            if value.type.get_canonical().kind == clang.cindex.TypeKind.BOOL and inner.kind not in (
                    Kind.CXX_BOOL_LITERAL_EXPR, Kind.BINARY_OPERATOR, Kind.CONDITIONAL_OPERATOR):
                self.condition(value)

    # -- operators

    def on_unary_operator(self, cursor, _):
        text = self.of(cursor)
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        operand = next(cursor.get_children(), None)
        if operand is None:
            return
        if text.startswith("!") and operand.extent.start.offset > start and not text.startswith("!="):
            self.add(start, end, schemata.NEGATE, "condition", self.of(operand))
        elif text.startswith("-") and not text.startswith("--"):
            self.add(start, end, schemata.REPLACE, "arithmetic", self.of(operand))
        elif text.startswith("++") or text.startswith("--"):
            other = "--" if text.startswith("++") else "++"
            self.add(start, end, schemata.REPLACE, "arithmetic", other + text[2:])

    def binary(self, cursor):
        children = list(cursor.get_children())
        if len(children) != 2:
            return
        first, second = children
        operator, at = self.between(first, second)
        start, end = first.extent.start.offset, second.extent.end.offset
        if operator in _LOGIC:
            left, right = self.of(first), self.of(second)
            self.add(start, end, schemata.REPLACE, "logic",
                     "static_cast<bool>(%s) %s static_cast<bool>(%s)" % (left, _LOGIC[operator], right))
            for operand in (left, right):
                self.add(start, end, schemata.REPLACE, "logic", "static_cast<bool>(%s)" % operand)
        elif operator in _ARITHMETIC:
            if all(self.is_number(operand) for operand in children):
                self.add(start, end, schemata.REPLACE, "arithmetic",
                         self.text(start, at) + _ARITHMETIC[operator] + self.text(at + len(operator), end))

    @staticmethod
    def is_number(cursor):
        kind = cursor.type.get_canonical().kind.name
        return kind in ("INT", "UINT", "LONG", "ULONG", "LONGLONG", "ULONGLONG", "INT128", "UINT128", "DOUBLE", "FLOAT",
                        "SHORT", "USHORT", "DEPENDENT")

    def on_binary_operator(self, cursor, parent):
        self.compare(cursor)
        self.binary(cursor)

    def on_compound_assignment_operator(self, cursor, parent):
        self.binary(cursor)

    def compare(self, cursor):
        found = self.comparison(cursor)
        if found is None:
            return
        start, end, operator, at = found
        for other in _COMPARISONS[operator]:
            self.add(start, end, schemata.REPLACE, "comparison",
                     self.text(start, at) + other + self.text(at + len(operator), end))

    # -- calls

    def on_call_expr(self, cursor, _):
        self.compare(cursor)
        children = list(cursor.get_children())
        if cursor.spelling in ("operator+", "operator-", "operator+=", "operator-=") and len(children) == 3:
            self.time_arithmetic(children)
            return
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if not children or not self.text(start, end).endswith(")") or cursor.spelling.startswith("operator"):
            return
        callee = children[0]
        if callee.extent.start.offset != start or not self.source[callee.extent.end.offset:].lstrip().startswith(("(", "<")):
            return
        other = _OTHER_FUNCTION.get(cursor.spelling)
        if other:
            name_end = callee.extent.end.offset
            match = re.search(r"\b%s\b(?=[^:.>]*$)" % cursor.spelling, self.text(start, name_end))
            if match:
                self.add(start, end, schemata.REPLACE, "other function",
                         self.text(start, start + match.start()) + other + self.text(start + match.end(), end))
        self.swapped_arguments(cursor, callee, start, end)

    def swapped_arguments(self, cursor, callee, start, end):
        if cursor.spelling in ("min", "max", "swap"):
            return
        arguments = [a for a in cursor.get_arguments() if a is not None and a.extent.start.offset >= callee.extent.end.offset]
        for first, second in zip(arguments, arguments[1:]):
            types = [a.type.get_canonical().spelling.replace("const ", "") for a in (first, second)]
            texts = [self.of(first), self.of(second)]
            if types[0] == types[1] and types[0] and texts[0] != texts[1] and all(texts):
                if self.core(first).kind == Kind.LAMBDA_EXPR or first.extent.end.offset > second.extent.start.offset:
                    continue
                gap = self.text(first.extent.end.offset, second.extent.start.offset)
                self.add(start, end, schemata.REPLACE, "swapped arguments",
                         self.text(start, first.extent.start.offset) + texts[1] + gap + texts[0]
                         + self.text(second.extent.end.offset, end))

    def time_arithmetic(self, children):
        first, middle, last = children
        at, operator = middle.extent.start.offset, self.of(middle)
        if "Duration" in last.type.get_canonical().spelling and operator in _ARITHMETIC:
            start, end = first.extent.start.offset, last.extent.end.offset
            if first.extent.end.offset <= at < last.extent.start.offset:
                self.add(start, end, schemata.REPLACE, "arithmetic",
                         self.text(start, at) + _ARITHMETIC[operator] + self.text(at + len(operator), end))

    # -- constants

    def on_integer_literal(self, cursor, parent):
        text = self.of(cursor)
        match = _INTEGER.fullmatch(text)
        if not match or (len(match.group(1)) > 1 and text.startswith("0")):
            return
        if parent is not None and parent.kind == Kind.VAR_DECL and parent.type.get_canonical().kind.name == "CONSTANTARRAY":
            return  # A size.
        value = int(match.group(1).replace("'", ""))
        for other in (value + 1, value - 1):
            if other >= 0:
                self.add(cursor.extent.start.offset, cursor.extent.end.offset, schemata.REPLACE, "constant",
                         "%d%s" % (other, match.group(2)))

    def on_floating_literal(self, cursor, _):
        match = _FLOAT.fullmatch(self.of(cursor))
        if match:
            self.add(cursor.extent.start.offset, cursor.extent.end.offset, schemata.REPLACE, "constant",
                     "(%s + 1)" % match.group())

    def on_cxx_bool_literal_expr(self, cursor, _):
        text = self.of(cursor)
        if text in ("true", "false"):
            self.add(cursor.extent.start.offset, cursor.extent.end.offset, schemata.REPLACE, "constant",
                     "false" if text == "true" else "true")

    def on_decl_ref_expr(self, cursor, _):
        constant = cursor.referenced
        if constant is None or constant.kind != Kind.ENUM_CONSTANT_DECL:
            return
        names = [c.spelling for c in constant.semantic_parent.get_children() if c.kind == Kind.ENUM_CONSTANT_DECL]
        text = self.of(cursor)
        if len(names) < 2 or not text.endswith(constant.spelling):
            return
        other = names[(names.index(constant.spelling) + 1) % len(names)]
        self.add(cursor.extent.start.offset, cursor.extent.end.offset, schemata.REPLACE, "constant",
                 text[:-len(constant.spelling)] + other)
