import unittest

import schemata
from schemata import DROP, NEGATE, NEVER, REPLACE, Mutant

SOURCE = """int f(int a, int b) {
  if (a < b) return 1;
  g(a,  // the first
    b);
  return 0;
}
"""


def mutant(of, way, text, ident=0, kind=""):
    start = SOURCE.index(of)
    return Mutant("f.cc", start, start + len(of), way, kind, text, ident)


def body(mutants):
    text = schemata.instrument(SOURCE, mutants, "RUNTIME\n", "f.cc")
    head = 'RUNTIME\n#line 1 "f.cc"\n'
    assert text.startswith(head)
    return text[len(head):]


class SchemataTest(unittest.TestCase):

    def test_every_way_in(self):
        self.assertIn("if ((::muster_mutation::On(3) ? (a <= b) : (a < b))) return 1;",
                      body([mutant("a < b", REPLACE, "a <= b", 3)]))
        self.assertIn("if ((::muster_mutation::On(4) != static_cast<bool>(a < b))) return",
                      body([mutant("a < b", NEGATE, "!(a < b)", 4)]))
        self.assertIn("if ((!::muster_mutation::On(5) && static_cast<bool>(a < b))) return",
                      body([mutant("a < b", NEVER, "false", 5)]))
        self.assertIn("{ if (!::muster_mutation::On(6)) { g(a,  // the first\n    b); } }",
                      body([mutant("g(a,  // the first\n    b);", DROP, "", 6)]))

    def test_mutants_of_one_range_and_of_its_parts(self):
        self.assertIn("if ((!::muster_mutation::On(2) && static_cast<bool>((::muster_mutation::On(0) ? (a > b) : "
                      "(a < (::muster_mutation::On(1) ? (c) : (b))))))) return",
                      body([mutant("a < b", NEVER, "false", 2), Mutant("f.cc", SOURCE.index("b) return"),
                                                                      SOURCE.index("b) return") + 1, REPLACE, "", "c", 1),
                            mutant("a < b", REPLACE, "a > b", 0)]))

    def test_lines_keep_their_numbers(self):
        changed = body([mutant("g(a,  // the first\n    b)", REPLACE, "g(b,  // the first\n    a)")])
        self.assertEqual(changed.count("\n"), SOURCE.count("\n"))
        self.assertIn("? (g(b, a)) :", changed)

    def test_nothing_changes_without_mutants(self):
        self.assertEqual(body([]), SOURCE)

    def test_ranges_that_overlap_are_left_out(self):
        outer, inner, across = (Mutant("f.cc", *ends, REPLACE, "", "") for ends in ((0, 10), (2, 5), (4, 12)))
        self.assertEqual(schemata.nested([across, inner, outer]), [outer, inner])

    def test_a_change_is_shown_as_lines(self):
        self.assertEqual(schemata.report_entry(mutant("a < b", REPLACE, "a <= b"), SOURCE),
                         "f.cc:2\n- if (a < b) return 1;\n+ if (a <= b) return 1;")
        self.assertEqual(schemata.change(mutant("g(a,  // the first\n    b);", DROP, ""), SOURCE),
                         ("g(a, // the first b);", ""))
        self.assertEqual(schemata.change(mutant("b);", REPLACE, "a);"), SOURCE), ("b);", "a);"))

    def test_accepted_survivors_need_a_reason(self):
        accepted = schemata.parse_accepted(
            "# Comment.\n\nf.cc:17\n- if (a < b) return 1;\n+ if (a <= b) return 1;\nequal values\ngo the same way\n")
        self.assertEqual(accepted, {("f.cc", "if (a < b) return 1;", "if (a <= b) return 1;"):
                                    "equal values go the same way"})
        self.assertTrue(schemata.is_accepted(mutant("a < b", REPLACE, "a <= b"), SOURCE, accepted))
        self.assertFalse(schemata.is_accepted(mutant("a < b", REPLACE, "a > b"), SOURCE, accepted))
        with self.assertRaises(ValueError):
            schemata.parse_accepted("f.cc\n- a\n+ b\n")

    def test_a_report_is_read_back(self):
        one = mutant("a < b", REPLACE, "a <= b")
        text = "# Survived\n\n" + schemata.report_entry(one, SOURCE) + "\n\nf.cc:3\n- g(a, b);\n+ \n"
        self.assertEqual(schemata.parse_report(text),
                         {("f.cc",) + schemata.change(one, SOURCE), ("f.cc", "g(a, b);", "")})

    def test_the_accepted_survivors_of_the_tree_can_be_read(self):
        with open("tools/mutation/accepted.txt", encoding="utf-8") as text:
            for (file, before, after), reason in schemata.parse_accepted(text.read()).items():
                self.assertTrue(file and reason)
                self.assertNotEqual(before, after)


if __name__ == "__main__":
    unittest.main()
