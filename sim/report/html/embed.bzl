"""Text files in the binary: it needs no file beside it."""

def embed(name, files, namespace = "muster::sim::assets", **kwargs):
    """A library with the text of files, as constants in a header of its name.

    Args:
      name: of the cc_library; includes are "PACKAGE/NAME.h".
      files: from the constant's name to the file's label: {"kReportJs": "report.js"}.
      namespace: of the constants, which are `extern const char NAME[]`.
      **kwargs: passed on.
    """
    guard = "MUSTER_%s_H_" % (native.package_name() + "/" + name).upper().replace("/", "_")
    header = ["#ifndef " + guard, "#define " + guard, "namespace %s {" % namespace]
    header += ["extern const char %s[];" % constant for constant in files]
    header += ["}  // namespace " + namespace, "#endif"]
    source = ["echo 'namespace %s {'" % namespace]
    for constant, label in files.items():
        # Declared first: a constant is no one else's otherwise.
        source += [
            "echo 'extern const char %s[];'" % constant,
            "printf 'const char %s[] = R\"~EMBED~(' " % constant,
            "cat $(location %s)" % label,
            "echo ')~EMBED~\";'",
        ]
    source.append("echo '}'")
    native.genrule(
        name = name + "_header",
        outs = [name + ".h"],
        cmd = "{ %s; } > $@" % "; ".join(["echo '%s'" % line for line in header]),
    )
    native.genrule(
        name = name + "_source",
        srcs = depset(files.values()).to_list(),
        outs = [name + ".cc"],
        cmd = "{ %s; } > $@" % "; ".join(source),
    )
    native.cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        **kwargs
    )
