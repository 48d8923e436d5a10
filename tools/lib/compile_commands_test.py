import unittest

import compile_commands


class CompileCommandsTest(unittest.TestCase):

    def test_leaves_out_what_would_write_files_or_what_clang_does_not_know(self):
        arguments = ["/usr/bin/gcc", "-O2", "-MD", "-MF", "out/a.d", "-frandom-seed=out/a.o", "-std=c++20", "-Werror",
                     "-fno-canonical-system-headers", "-c", "a/a.cc", "-o", "out/a.o"]
        self.assertEqual(compile_commands.clean(arguments), ["/usr/bin/gcc", "-O2", "-std=c++20", "-c", "a/a.cc"])

    def test_one_entry_for_each_source_by_name(self):
        actions = [{"arguments": ["gcc", "-c", source]} for source in ("b.cc", "a.cc", "b.cc")]
        written = compile_commands.entries(actions, "/root")
        self.assertEqual([entry["file"] for entry in written], ["a.cc", "b.cc"])
        self.assertEqual(written[0], {"directory": "/root", "file": "a.cc", "arguments": ["gcc", "-c", "a.cc"]})


if __name__ == "__main__":
    unittest.main()
