"""@sys: the system's C++ libraries as cc_library targets.

Flags come from pkg-config where the library has a .pc file. Headers are under
/usr/include, which the compiler searches by itself. A library that is not
installed does not stop the build of what does not need it: its target fails
with the name of the Debian package.
"""

# Target -> where it comes from:
#   debian:   the package to install when it is missing
#   pc:       pkg-config modules, dependents before dependencies
#   header:   a header that must exist (for libraries without a .pc file)
#   linkopts: link flags pkg-config does not know
#   deps:     other targets here
_LIBS = {
    "absl": struct(
        debian = "libabsl-dev",
        pc = [
            "absl_status",
            "absl_statusor",
            "absl_strings",
            "absl_str_format",
            "absl_flat_hash_map",
            "absl_flat_hash_set",
            "absl_node_hash_map",
            "absl_btree",
            "absl_hash",
            "absl_inlined_vector",
            "absl_fixed_array",
            "absl_span",
            "absl_optional",
            "absl_variant",
            "absl_any_invocable",
            "absl_function_ref",
            "absl_cleanup",
            "absl_int128",
            "absl_bits",
            "absl_memory",
            "absl_random_random",
            "absl_synchronization",
            "absl_time",
            "absl_failure_signal_handler",
            "absl_symbolize",
            "absl_raw_logging_internal",
        ],
    ),
    "benchmark": struct(debian = "libbenchmark-dev", pc = ["benchmark"]),
    "benchmark_main": struct(
        debian = "libbenchmark-dev",
        linkopts = ["-lbenchmark_main"],
        header = "benchmark/benchmark.h",
        deps = ["benchmark"],
    ),
    "boost_beast": struct(
        # Headers alone; with Asio, whose TLS is OpenSSL.
        debian = "libboost-dev",
        header = "boost/beast.hpp",
        deps = ["openssl"],
    ),
    "boost_graph": struct(
        debian = "libboost-graph-dev",
        header = "boost/graph/adjacency_list.hpp",
    ),
    "boost_iostreams": struct(
        debian = "libboost-iostreams-dev",
        header = "boost/iostreams/filter/gzip.hpp",
        linkopts = ["-lboost_iostreams"],
    ),
    "cli11": struct(debian = "libcli11-dev", pc = ["CLI11"]),
    "gmock": struct(debian = "libgmock-dev", pc = ["gmock"]),
    "gtest": struct(debian = "libgtest-dev", pc = ["gtest"]),
    "gtest_main": struct(debian = "libgtest-dev", pc = ["gtest_main"]),
    "httplib": struct(debian = "libcpp-httplib-dev", pc = ["cpp-httplib"]),
    "json": struct(debian = "nlohmann-json3-dev", pc = ["nlohmann_json"]),
    "openssl": struct(debian = "libssl-dev", pc = ["openssl"]),
    "prometheus": struct(
        debian = "prometheus-cpp-dev",
        pc = ["prometheus-cpp-core"],
    ),
    "simdjson": struct(
        debian = "libsimdjson-dev",
        header = "simdjson.h",
        linkopts = ["-lsimdjson"],
    ),
    "spdlog": struct(debian = "libspdlog-dev", pc = ["spdlog"]),
    "tcmalloc": struct(
        debian = "libgoogle-perftools-dev",
        # The archive: what is linked in comes before the C library's, whatever the order of shared libraries.
        linkopts = ["-l:libtcmalloc_minimal.a"],
        header = "gperftools/malloc_extension.h",
    ),
    "yaml_cpp": struct(debian = "libyaml-cpp-dev", pc = ["yaml-cpp"]),
    "zstd": struct(debian = "libzstd-dev", pc = ["libzstd"]),
}

_FOUND = """
cc_library(
    name = {name},
    defines = {defines},
    linkopts = {linkopts},
    deps = {deps},
)
"""

_MISSING = """
missing_library(
    name = {name},
    debian = {debian},
    reason = {reason},
)
"""

def _words(ctx, lib, flag):
    """The answer of `pkg-config --static FLAG MODULES`, or what it complains."""
    tool = ctx.which("pkg-config")
    if not tool:
        fail("pkg-config is not installed: apt-get install pkg-config")
    out = ctx.execute([tool, "--static", flag] + lib.pc)
    if out.return_code != 0:
        return None, out.stderr.strip()
    return [w for w in out.stdout.replace("\n", " ").split(" ") if w], None

def _library(ctx, name, lib):
    defines, linkopts, problem = [], [], None
    if getattr(lib, "header", None) and not ctx.path("/usr/include/" + lib.header).exists:
        problem = "/usr/include/%s does not exist" % lib.header
    elif getattr(lib, "pc", None):
        cflags, problem = _words(ctx, lib, "--cflags")
        if not problem:
            linkopts, problem = _words(ctx, lib, "--libs")
        if not problem:
            defines = [f[2:] for f in cflags if f.startswith("-D")]

    if problem:
        return _MISSING.format(
            name = repr(name),
            debian = repr(lib.debian),
            reason = repr(problem),
        )

    linkopts = linkopts + getattr(lib, "linkopts", [])
    if linkopts:
        # Keep only the shared libraries that are used: programs start faster.
        linkopts = ["-Wl,--push-state,--as-needed"] + linkopts + ["-Wl,--pop-state"]
    return _FOUND.format(
        name = repr(name),
        defines = repr(defines),
        linkopts = repr(linkopts),
        deps = repr([":" + d for d in getattr(lib, "deps", [])]),
    )

def _sys_libs_impl(ctx):
    text = [
        'load("@muster//third_party:missing_library.bzl", "missing_library")',
        'package(default_visibility = ["//visibility:public"])',
        'licenses(["notice"])',
    ]
    for name, lib in _LIBS.items():
        text.append(_library(ctx, name, lib))
    ctx.file("BUILD", "\n".join(text) + "\n")

sys_libs = repository_rule(
    implementation = _sys_libs_impl,
    configure = True,
    local = True,
    doc = "Writes one cc_library per system library.",
)
