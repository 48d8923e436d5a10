"""Tests in Python. Bazel's own py_test looks for a program `python`, which Debian does not have."""

def python_test(name, srcs, data = [], size = "small"):
    """A test NAME.py of unittest that imports `srcs`, all of tools/lib or of its own folder.

    Args:
      name: of the test, and of its file.
      srcs: the modules it imports, by label.
      data: files it reads, relative to the root of the tree.
      size: as of any test.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tools/lib:python_test.sh"],
        args = ["$(rootpath %s.py)" % name],
        data = [name + ".py"] + srcs + data,
    )
