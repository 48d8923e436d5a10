"""A stand-in for a system library that is not installed."""

def _missing_library_impl(ctx):
    fail("\n\n%s: the library is not installed.\nRun: apt-get install %s\n(%s)\n" %
         (ctx.label.name, ctx.attr.debian, ctx.attr.reason))

missing_library = rule(
    implementation = _missing_library_impl,
    attrs = {
        "debian": attr.string(mandatory = True),
        "reason": attr.string(),
    },
    provides = [CcInfo],
    doc = "Fails, naming the Debian package, when something depends on it.",
)
