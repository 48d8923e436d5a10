"""Each header compiles alone: it includes what it uses.

A header that has a source of its name in the same target is proven by that
source, which includes it first (tools/check-layers sees to it). The others are
compiled here, as actions of Bazel, so that the cache has the results.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _files(rule, attribute):
    return [f for target in getattr(rule.attr, attribute, []) for f in target.files.to_list()]

def _check_headers_impl(_target, ctx):
    if ctx.rule.kind not in ["cc_library", "cc_binary", "cc_test"]:
        return []
    files = _files(ctx.rule, "srcs") + _files(ctx.rule, "hdrs")
    headers = [f for f in files if f.extension in ["h", "inc"]]
    proven = [f.dirname + "/" + f.basename[:-len(".cc")] for f in files if f.extension == "cc"]
    alone = [f for f in headers if f.extension == "h" and f.dirname + "/" + f.basename[:-len(".h")] not in proven]
    if not alone:
        return []

    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    deps = [dep[CcInfo] for dep in ctx.rule.attr.deps if CcInfo in dep]
    context = cc_common.merge_cc_infos(cc_infos = deps).compilation_context
    done = []
    for header in alone:
        stamp = ctx.actions.declare_file("_headers/%s/%s.ok" % (ctx.rule.attr.name, header.basename))
        done.append(stamp)
        command = cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = cc_common.create_compile_variables(
                feature_configuration = features,
                cc_toolchain = toolchain,
                # Only the headers of this tree matter here, and whether they parse.
                user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts +
                                     ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-O0", "-x", "c++"],
                source_file = header.path,
                quote_include_directories = depset(
                    [".", ctx.bin_dir.path],
                    transitive = [context.quote_includes],
                ),
                include_directories = context.includes,
                system_include_directories = context.system_includes,
                preprocessor_defines = context.defines,
            ),
        )
        ctx.actions.run_shell(
            outputs = [stamp],
            inputs = depset(headers, transitive = [context.headers, toolchain.all_files]),
            arguments = [stamp.path, toolchain.compiler_executable] + command,
            command = 'stamp=$1; shift; "$@" && : >"$stamp"',
            mnemonic = "CheckHeader",
            progress_message = "Compiling %s alone" % header.short_path,
        )
    return [OutputGroupInfo(headers = depset(done))]

check_headers = aspect(
    implementation = _check_headers_impl,
    attrs = {"_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain")},
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    doc = "Compiles each header of a target that no source of its name includes, alone.",
)
