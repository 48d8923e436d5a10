"""The sources of a program, for tests that read them."""

_Sources = provider(fields = {"files": "depset of this repository's own files that the target is compiled of"})

def _aspect_impl(target, ctx):
    files = []
    if target.label.workspace_name == "":
        for attr in ["srcs", "hdrs", "textual_hdrs"]:
            for item in getattr(ctx.rule.attr, attr, []):
                files += [f for f in item.files.to_list() if f.is_source]
    deps = getattr(ctx.rule.attr, "deps", [])
    if getattr(ctx.rule.attr, "actual", None):
        deps = deps + [ctx.rule.attr.actual]
    return [_Sources(files = depset(files, transitive = [dep[_Sources].files for dep in deps if _Sources in dep]))]

_sources_aspect = aspect(
    implementation = _aspect_impl,
    attr_aspects = ["deps", "actual"],
)

def _sources_impl(ctx):
    files = depset(transitive = [dep[_Sources].files for dep in ctx.attr.deps])
    listing = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(listing, "".join([f.short_path + "\n" for f in files.to_list()]))
    return [DefaultInfo(files = depset([listing]), runfiles = ctx.runfiles([listing], transitive_files = files))]

program_sources = rule(
    implementation = _sources_impl,
    doc = "NAME.txt lists the sources and headers of `deps` and of all they depend on within this repository; they lie beside it in runfiles.",
    attrs = {"deps": attr.label_list(aspects = [_sources_aspect])},
)
