import unittest

import tests
from tests import Part, Test

QUICK = Test("//a:quick", "/bin/true", [], "/")
SLOW = Test("//a:slow", "/bin/false", [], "/")


class TestsTest(unittest.TestCase):

    def test_the_plan_of_a_mutant(self):
        parts = [Part(SLOW, ["S.One"], 4.0, b"\1\1"), Part(QUICK, ["Q.One"], 0.1, b"\1\0"),
                 Part(QUICK, ["Q.Two"], 0.1, b"\1\1"), Part(QUICK, ["Q.Long"], 1.0, b"\0\1")]
        self.assertEqual([(p.test.label, p.cases) for p in tests.plan(parts, 0)],
                         [("//a:quick", ["Q.One", "Q.Two"]), ("//a:slow", ["S.One"])])
        self.assertEqual([p.cases for p in tests.plan(parts, 1)], [["Q.Two"], ["Q.Long"], ["S.One"]])

    def test_the_first_test_that_fails_catches(self):
        parts = [Part(QUICK, [], 0.1, b"\1\1"), Part(SLOW, [], 0.2, b"\0\1")]
        self.assertEqual(tests.catch(parts, 0)[0], None)
        self.assertEqual(tests.catch(parts, 1)[0], "//a:slow")

    def test_one_that_never_ends_is_stopped(self):
        endless = Test("//a:endless", "/bin/sh", ["-c", "while :; do :; done"], "/")
        passed, seconds = tests.run(endless, [], limit=0)
        self.assertFalse(passed)
        self.assertLess(seconds, 5)

    def test_arguments(self):
        self.assertEqual(tests.expand("--file=$(rootpath //a/b:c.txt)"), "--file=a/b/c.txt")
        self.assertEqual(tests.expand("$(rootpath //:top)"), "top")
        self.assertEqual(tests.locate("//a/b:c_test", ["--x"], "/out"),
                         Test("//a/b:c_test", "/out/a/b/c_test", ["--x"], "/out/a/b/c_test.runfiles/muster"))


if __name__ == "__main__":
    unittest.main()
