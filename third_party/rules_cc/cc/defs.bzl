"""The C++ rules built into Bazel, under the names @rules_cc gives them."""

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_library = native.objc_library

def cc_flags_supplier(**_kwargs):
    """Asked for by Bazel's own BUILD files; unused here."""

def compiler_flag(**_kwargs):
    """Asked for by Bazel's own BUILD files; unused here."""
