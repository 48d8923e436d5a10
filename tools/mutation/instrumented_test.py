import os
import pathlib
import subprocess
import tempfile
import unittest

import instrumented
from schemata import REPLACE, Mutant

SOURCES = {"a/a.cc": "int x = 1;\nint y = 2;\n", "a/b.h": "int z = 3;\n"}
MUTANTS = [Mutant("a/a.cc", 8, 9, REPLACE, "", "2", 0), Mutant("a/a.cc", 19, 20, REPLACE, "", "3", 1),
           Mutant("a/b.h", 8, 9, REPLACE, "", "4", 2)]


class InstrumentedTest(unittest.TestCase):

    def blamed(self, output):
        return instrumented.blamed(output, MUTANTS, SOURCES)

    def test_a_mutant_is_blamed_for_an_error_on_its_line(self):
        self.assertEqual(self.blamed("a/a.cc:2:9: error: no such thing\na/a.cc:1:9: warning: odd\n"), {1})

    def test_an_error_in_a_template_is_blamed_on_who_used_it(self):
        self.assertEqual(self.blamed(
            "/usr/include/c++/12/vector: In instantiation of 'f':\n"
            "a/a.cc:1:5:   required from here\n"
            "/usr/include/c++/12/vector:9:1: error: no match\n"), {0})

    def test_nobody_is_blamed_for_what_is_elsewhere(self):
        self.assertEqual(self.blamed("c/c.cc:1:1: error: no such thing\n"), set())

    def test_headers_are_quiet_and_sources_are_not(self):
        texts = instrumented.instrumented_sources(MUTANTS, SOURCES)
        self.assertTrue(texts["a/b.h"].startswith("#pragma GCC system_header\n"))
        self.assertFalse(texts["a/a.cc"].startswith("#pragma"))

    def test_the_copy_follows_the_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            root, tree = pathlib.Path(folder, "root"), pathlib.Path(folder, "tree")
            root.mkdir()
            subprocess.run(["git", "init", "-q", str(root)], check=True, env={"HOME": folder, "PATH": os.environ["PATH"]})
            (root / "kept.cc").write_text("old")
            (root / "gone.cc").write_text("")
            instrumented.write_tree(str(root), str(tree), {"kept.cc": "new"})
            self.assertEqual((tree / "kept.cc").read_text(), "new")
            (root / "gone.cc").unlink()
            before = (tree / "kept.cc").stat().st_mtime_ns
            instrumented.write_tree(str(root), str(tree), {"kept.cc": "new"})
            self.assertEqual(sorted(p.name for p in tree.iterdir()), ["kept.cc"])
            self.assertEqual((tree / "kept.cc").stat().st_mtime_ns, before)

    # The runtime and the ways in are right: one program, built once, is each of its mutants.
    def test_a_program_is_each_of_its_mutants(self):
        source = '#include <cstdio>\nint main() { std::printf("%d", 7 + 1); }\n'
        at = source.index("7 + 1")
        mutants = [Mutant("m.cc", at, at + 5, REPLACE, "", "7 - 1", 0),
                   Mutant("m.cc", at + 4, at + 5, REPLACE, "", "2", 1)]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "m.cc")
            path.write_text(instrumented.instrumented_sources(mutants, {"m.cc": source})["m.cc"])
            program = str(pathlib.Path(folder, "m"))
            subprocess.run(["g++", "-std=c++20", str(path), "-o", program], check=True)
            said = [subprocess.run([program], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
                    for env in ({}, {"MUSTER_MUTANT": "0"}, {"MUSTER_MUTANT": "1"})]
            self.assertEqual(said, ["8", "6", "9"])
            reached = pathlib.Path(folder, "reached")
            reached.write_bytes(bytes(3))
            subprocess.run([program], env={"MUSTER_MUTANTS_REACHED": str(reached)}, stdout=subprocess.DEVNULL, check=True)
            self.assertEqual(reached.read_bytes(), bytes([1, 1, 0]))


if __name__ == "__main__":
    unittest.main()
