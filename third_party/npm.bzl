"""@web: packages of npm as files, e.g. "@web//:node_modules/uplot/LICENSE".

npm fetches them, from the registry the user has set, and compares each with the
hash in the lock file. To change a version, edit package.json and run beside it

    npm install --package-lock-only --omit-lockfile-registry-resolved

which writes down the hash, and not the place it was fetched from.
"""

_BUILD = """
package(default_visibility = ["//visibility:public"])

licenses(["notice"])

exports_files(glob(["node_modules/**"]))
"""

def _npm_packages_impl(ctx):
    # Read first: a change of either fetches again.
    for label in (ctx.attr.package_json, ctx.attr.package_lock_json):
        ctx.file(label.name, ctx.read(ctx.path(label)), executable = False)
    npm = ctx.which("npm")
    if not npm:
        fail("\n\nnpm is not installed; it fetches what the report pages are built from.\nRun: apt-get install npm\n")
    out = ctx.execute([
        npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ], timeout = 600)
    if out.return_code != 0:
        fail("\n\nnpm could not fetch what %s lists:\n%s\n" % (ctx.attr.package_lock_json, out.stderr.strip()))
    ctx.file("BUILD", _BUILD)

npm_packages = repository_rule(
    implementation = _npm_packages_impl,
    attrs = {
        "package_json": attr.label(mandatory = True, allow_single_file = True),
        "package_lock_json": attr.label(mandatory = True, allow_single_file = True),
    },
    doc = "Runs `npm ci`, without the packages' install scripts, in a folder of Bazel's.",
)
