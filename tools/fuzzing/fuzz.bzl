"""One fuzz target: a libFuzzer program, and a test that runs it for a bounded time without clang."""

def fuzz_target(name, srcs, deps, corpus = []):
    """Declares NAME (libFuzzer) and NAME_test (corpus and mutations of it, a few seconds, any compiler).

    Args:
      name: of the program; `tools/fuzz` finds it by its tag.
      srcs: define LLVMFuzzerTestOneInput, and LLVMFuzzerCustomMutator if they like.
      deps: what they need.
      corpus: files that are inputs; in a file *.lines every line is one.
    """
    native.cc_library(
        name = name + "_input",
        testonly = True,
        srcs = srcs,
        tags = ["manual"],
        deps = deps,
        alwayslink = True,
    )
    native.cc_binary(
        name = name,
        testonly = True,
        data = corpus,
        tags = [
            "fuzz",
            "manual",
        ],
        deps = [":" + name + "_input"],
    )
    native.cc_test(
        name = name + "_test",
        size = "small",
        args = ["--seconds=2"] + ["$(rootpaths %s)" % label for label in corpus],
        data = corpus,
        deps = [
            ":" + name + "_input",
            "//tools/fuzzing:driver",
        ],
    )
