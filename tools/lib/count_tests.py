"""Counts test cases in a Bazel run, from its build event file.

usage: count_tests.py EVENTS.json

Prints what failed, and at the end "N passed, N failed". A case is a gtest case;
a test without cases of its own counts as one. A test that could not be built,
crashed or timed out counts as failed. Exits with 1 if anything failed.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree as ET


def read_events(path):
    """Returns {test label: {(shard, run): last result}} and broken labels."""
    results, broken = {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            ident = event["id"]
            if "testResult" in ident and "testResult" in event:
                key = ident["testResult"]
                shard = (key.get("shard", 1), key.get("run", 1))
                # Attempts come in order; the last one decides.
                results.setdefault(key["label"], {})[shard] = event["testResult"]
            elif "targetCompleted" in ident:
                if not event.get("completed", {}).get("success", False):
                    label = ident["targetCompleted"]["label"]
                    reason = event.get("aborted", {}).get("description")
                    broken[label] = reason or "does not build"
            elif "pattern" in ident and "aborted" in event:
                broken[" ".join(ident["pattern"]["pattern"])] = event["aborted"].get(
                    "description", "not loaded")
    return results, broken


def count_cases(result):
    """Returns (passed, names of the failed) of one test.xml."""
    passed, failed = 0, []
    for output in result.get("testActionOutput", []):
        if output["name"] != "test.xml":
            continue
        path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
        try:
            cases = list(ET.parse(path).iter("testcase"))
        except (OSError, ET.ParseError):
            continue
        for case in cases:
            name = "%s.%s" % (case.get("classname", ""), case.get("name"))
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(name)
            elif case.get("status") == "notrun" or case.get("result") == "skipped":
                continue
            else:
                passed += 1
    if result["status"] not in ("PASSED", "FLAKY") and not failed:
        failed.append(result["status"].lower())
    return passed, failed


def main():
    passed, failed = 0, []
    results, broken = read_events(sys.argv[1])
    for label in sorted(results):
        for shard in sorted(results[label]):
            cases, names = count_cases(results[label][shard])
            passed += cases
            failed += ["%s: %s" % (label, name) for name in names]
    failed += ["%s: %s" % (label, why) for label, why in sorted(broken.items())
               if label not in results]
    for line in failed:
        print("FAILED", line)
    print("%d passed, %d failed" % (passed, len(failed)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
