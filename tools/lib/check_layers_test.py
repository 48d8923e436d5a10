import pathlib
import tempfile
import unittest

import build_graph
import check_layers

LAYERS = """
base:           @absl test:@gtest_main
upper:          base/... //side:plain @absl @json
side:           # Nothing.
order upper: low < left right < high
pure base: <chrono>
"""


def target(label, files=(), deps=(), testonly=False, alwayslink=False):
    package = label[2:].split(":")[0]
    labels = ["//%s:%s" % (package, name) for name in files]
    return build_graph.Target(
        label=label, kind="cc_test" if testonly else "cc_library", location=package + "/BUILD:1", testonly=testonly,
        alwayslink=alwayslink, srcs=[f for f in labels if f.endswith(".cc")],
        hdrs=[f for f in labels if f.endswith(".h")], deps=list(deps))


class CheckLayersTest(unittest.TestCase):

    def problems(self, targets, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(root, {t.label: t for t in targets}, check_layers.Layers(LAYERS))

    def test_nothing_to_say_of_a_tree_in_order(self):
        self.assertEqual(self.problems(
            [target("//base:base", ["a.h"], ["@sys//:absl"]),
             target("//upper:upper", ["b.cc"], ["//base:base", "@sys//:json"])],
            {"base/a.h": '#include "absl/strings/str_cat.h"\n',
             "upper/b.cc": '#include "base/a.h"\n#include <nlohmann/json.hpp>\n#include <vector>\n'}), [])

    def test_an_include_needs_a_direct_dependency(self):
        self.assertEqual(self.problems(
            [target("//base:base", ["a.h"]), target("//base:more", ["m.h"], ["//base:base"]),
             target("//upper:upper", ["b.cc"], ["//base:more"])],
            {"base/a.h": "", "base/m.h": '#include "base/a.h"\n',
             "upper/b.cc": '#include "base/m.h"\n  #  include "base/a.h"\n'}),
            ['upper/b.cc:2: includes "base/a.h" of //base, which is no direct dependency of //upper (upper/BUILD:1)'])

    def test_a_library_without_files_stands_for_its_dependencies(self):
        self.assertEqual(self.problems(
            [target("//base:a", ["a.h"]), target("//base:all", [], ["//base:a"]),
             target("//upper:upper", ["b.cc"], ["//base:all"])],
            {"base/a.h": "", "upper/b.cc": '#include "base/a.h"\n'}), [])

    def test_a_dependency_has_to_be_used_unless_it_is_linked_for_its_effects(self):
        self.assertEqual(self.problems(
            [target("//base:a", ["a.h"]), target("//base:b", ["b.h"], alwayslink=True),
             target("//upper:upper", ["b.cc"], ["//base:a", "//base:b"])],
            {"base/a.h": "", "base/b.h": "", "upper/b.cc": ""}),
            ["upper/BUILD:1: //upper depends on //base:a, but includes nothing of it"])

    def test_headers_of_libraries_need_them(self):
        self.assertEqual(self.problems(
            [target("//upper:upper", ["b.cc"])], {"upper/b.cc": "#include <nlohmann/json.hpp>\n"}),
            ["upper/b.cc:1: includes <nlohmann/json.hpp>, but //upper (upper/BUILD:1) does not depend on @sys//:json"])

    def test_a_header_of_no_target(self):
        self.assertEqual(self.problems(
            [target("//upper:upper", ["b.cc"])], {"base/lost.h": "", "upper/b.cc": '#include "base/lost.h"\n'}),
            ['upper/b.cc:1: includes "base/lost.h", which belongs to no target'])

    def test_arrows_between_rooms(self):
        files = {"base/a.cc": '#include "upper/u.h"\n', "upper/u.h": "",
                 "side/s.h": "", "side/plain.h": "",
                 "upper/b.cc": '#include "side/s.h"\n#include "side/plain.h"\n'}
        self.assertEqual(self.problems(
            [target("//base:base", ["a.cc"], ["//upper:u"]), target("//upper:u", ["u.h"]),
             target("//side:s", ["s.h"]), target("//side:plain", ["plain.h"]),
             target("//upper:upper", ["b.cc"], ["//side:s", "//side:plain"])], files),
            ["base/BUILD:1: //base uses //upper:u: tools/layers.txt does not let base/ do that",
             "upper/BUILD:1: //upper uses //side:s: tools/layers.txt does not let upper/ do that"])

    def test_a_library_that_a_room_does_not_know(self):
        self.assertEqual(self.problems(
            [target("//base:base", ["a.cc"], ["@sys//:json", "@sys//:gtest_main"]),
             target("//base:test", ["a_test.cc"], ["@sys//:gtest_main"], testonly=True)],
            {"base/a.cc": "", "base/a_test.cc": ""}),
            ["base/BUILD:1: //base uses @sys//:gtest_main: tools/layers.txt does not let base/ do that",
             "base/BUILD:1: //base uses @sys//:json: tools/layers.txt does not let base/ do that"])

    def test_the_order_inside_of_a_room(self):
        rooms = ["low", "left", "right", "high"]
        files = {"upper/%s/%s.h" % (room, room): "" for room in rooms}
        includes = lambda *names: "".join('#include "upper/%s/%s.h"\n' % (name, name) for name in names)
        files["upper/left/c.cc"] = includes("low", "right")
        files["upper/high/c.cc"] = includes("low", "left")
        label = lambda room: "//upper/%s:%s" % (room, room)
        self.assertEqual(self.problems(
            [target(label("low"), ["low.h"]), target(label("right"), ["right.h"]),
             target(label("left"), ["left.h", "c.cc"], [label("low"), label("right")]),
             target(label("high"), ["high.h", "c.cc"], [label("low"), label("left")])], files),
            ['upper/left/BUILD:1: //upper/left uses //upper/right: against "order upper: low < left right < high" of '
             'tools/layers.txt'])

    def test_packages_in_a_circle(self):
        self.assertEqual(self.problems(
            [target("//base/x:a", ["a.h"], ["//base/y:b"]), target("//base/y:b", ["b.h"]),
             target("//base/y:c", ["c.h"], ["//base/x:a"])],
            {"base/x/a.h": '#include "base/y/b.h"\n', "base/y/b.h": "", "base/y/c.h": '#include "base/x/a.h"\n'}),
            ["base/y/BUILD:1: //base/y:c uses //base/x:a: packages in a circle: //base/x -> //base/y -> //base/x"])

    def test_a_source_includes_its_own_header_first(self):
        self.assertEqual(self.problems(
            [target("//base:base", ["a.cc", "a.h", "b.cc", "b.h", "c.cc"])],
            {"base/a.cc": '// Text.\n#include "base/b.h"\n#include "base/a.h"\n', "base/a.h": "", "base/b.h": "",
             "base/b.cc": '#include "base/b.h"\n#include "base/a.h"\n', "base/c.cc": '#include "base/a.h"\n'}),
            ['base/a.cc:2: a source includes the header of its name first: "base/a.h"'])

    def test_pure_rooms(self):
        self.assertEqual(self.problems(
            [target("//base:base", ["a.cc"]), target("//base:test", ["a_test.cc"], testonly=True)],
            {"base/a.cc": "#include <chrono>\n", "base/a_test.cc": "#include <chrono>\n"}),
            ["base/a.cc:1: base/ is pure: <chrono> is for tests alone"])

    def test_a_package_that_no_line_is_about(self):
        self.assertEqual(self.problems([target("//new:new", ["a.cc"])], {"new/a.cc": ""}),
                         ["new/BUILD:1: no line of tools/layers.txt is about //new"])

    def test_what_bazel_answers(self):
        targets = build_graph.parse("""<?xml version="1.1" encoding="UTF-8"?><query version="2">
            <rule class="cc_library" location="/tree/base/BUILD:3:11" name="//base:base">
              <string name="name" value="base"/>
              <list name="hdrs"><label value="//base:a.h"/></list>
              <list name="deps"><label value="@sys//:absl"/></list>
              <boolean name="testonly" value="true"/>
            </rule>
            <rule class="alias" location="/tree/BUILD:9:6" name="//:base">
              <label name="actual" value="//base:base"/>
            </rule></query>""", "/tree")
        self.assertEqual(targets["//base:base"], build_graph.Target(
            "//base:base", "cc_library", "base/BUILD:3", True, False, [], ["//base:a.h"], ["@sys//:absl"]))
        self.assertIn("//base:base", build_graph.expand(targets, ["//:base"]))

    def test_the_rooms_of_the_tree(self):
        layers = check_layers.Layers(pathlib.Path("tools/layers.txt").read_text())
        core = target("//scheduler/deep/inside:it")
        self.assertEqual(layers.room(core.package), "scheduler")
        self.assertTrue(layers.allows(core, "//quota:quota"))
        self.assertTrue(layers.allows(core, "//api:types"))
        for label in ("//api:codec", "//sim/replay:driver", "//webhook:router", "@sys//:json"):
            self.assertFalse(layers.allows(core, label), label)


if __name__ == "__main__":
    unittest.main()
