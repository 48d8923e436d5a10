#!/usr/bin/env python3
"""Works the figures of summary.json out of jobs.csv and runs.csv, with exact fractions, and says where they differ."""

import collections
import csv
import json
import math
import sys
from fractions import Fraction

LAST = {"Finished", "GaveUp", "TimeLimit"}
PREEMPTED = {"InClusterQueue", "InCohortReclamation", "InCohortFairSharing", "InCohortReclaimWhileBorrowing",
             "FlavorMigration", "Livelock"}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def spread(values):
    values = sorted(values)
    if not values:
        return {"mean": 0, "p50": 0, "p90": 0, "p99": 0, "max": 0}
    rank = lambda percent: values[math.ceil(len(values) * percent / 100) - 1]
    return {"mean": Fraction(sum(values), len(values)), "p50": rank(50), "p90": rank(90), "p99": rank(99),
            "max": values[-1]}


def peak(jobs, runs):
    change = collections.Counter()
    for job in jobs:
        if job["submit_s"]:
            change[int(job["submit_s"])] += 1
    for run in runs:
        change[int(run["start_s"])] -= 1
        if run["cause"] and run["cause"] not in LAST:
            change[int(run["stop_s"])] += 1
    queued = most = 0
    for _, by in sorted(change.items()):
        queued += by
        most = max(most, queued)
    return most


def borrowed(runs, quota):
    change = collections.defaultdict(collections.Counter)
    for run in runs:
        for part in filter(None, run["flavors"].split(";")):
            flavor, amount = part.rsplit(":", 1)
            change[int(run["start_s"])][flavor] += Fraction(amount)
            change[int(run["stop_s"])][flavor] -= Fraction(amount)
    total, used, last = Fraction(0), collections.Counter(), 0
    for at, by in sorted(change.items()):
        total += sum(max(0, used[f] - Fraction(str(quota.get(f, 0)))) for f in used) * (at - last)
        used.update(by)
        last = at
    return total / 3600


def figures(jobs, runs, quota, end):
    """What one team's entry should say. `quota` by flavor; None for the total."""
    started = [j for j in jobs if j["first_start_s"]]
    finished = [j for j in jobs if j["finish_s"]]
    waits = [int(j["first_start_s"]) - int(j["submit_s"]) for j in started]
    so_far = waits + [end - int(j["submit_s"]) for j in jobs if j["submit_s"] and not j["first_start_s"]]
    jct = [int(j["finish_s"]) - int(j["submit_s"]) for j in finished]
    slow = [max(Fraction(1), Fraction(t, max(int(j["duration_s"]), 10))) for t, j in zip(jct, finished)]
    hours = lambda of: sum(Fraction(r["amount"]) * of(r) for r in runs) / 3600
    out = {
        "jobs": len(jobs), "started": len(started), "finished": len(finished),
        "never_admitted": len(jobs) - len(started),
        "failed": sum(r["cause"] in ("GaveUp", "TimeLimit") for r in runs),
        "preemptions": sum(r["cause"] in PREEMPTED for r in runs),
        "stops": dict(collections.Counter(r["cause"] for r in runs if r["cause"] and r["cause"] != "Finished")),
        "wait_s": spread(waits), "wait_so_far_s": spread(so_far),
        "jct_mean_s": Fraction(sum(jct), len(jct)) if jct else 0,
        "bounded_slowdown_mean": sum(slow) / len(slow) if slow else 0,
        "resource_hours": hours(lambda r: int(r["stop_s"]) - int(r["start_s"])),
        "lost_hours": hours(lambda r: int(r["lost_s"])), "overhead_hours": hours(lambda r: int(r["overhead_s"])),
        "peak_queue": peak(jobs, runs),
    }
    if quota is not None:
        out["borrowed_hours"] = borrowed(runs, quota)
    return out


def differences(where, told, right):
    if isinstance(right, dict):
        for key in sorted(set(right) | (set(told) if where.endswith("stops") else set())):
            yield from differences(f"{where}.{key}", told.get(key), right.get(key))
    elif isinstance(right, Fraction):
        if told is None or abs(Fraction(repr(told)) - right) > Fraction(1, 2000):
            yield f"{where}: {told}, and should be {float(right):.6f}"
    elif told != right:
        yield f"{where}: {told}, and should be {right}"


def main(folder):
    with open(f"{folder}/summary.json") as file:
        summary = json.load(file)
    jobs, runs = rows(f"{folder}/jobs.csv"), rows(f"{folder}/runs.csv")
    queue = {j["job_id"]: j["cluster_queue"] for j in jobs}
    wrong = []
    teams = summary["teams"]
    parts = []
    for team in teams:
        part = figures([j for j in jobs if j["cluster_queue"] == team["name"]],
                       [r for r in runs if queue[r["job_id"]] == team["name"]], team["flavors"], summary["end_s"])
        parts.append(part)
        wrong += differences(team["name"], team, part)
    total = figures(jobs, runs, None, summary["end_s"])
    total["borrowed_hours"] = sum(part["borrowed_hours"] for part in parts)
    wrong += differences("total", summary["total"], total)
    for line in wrong:
        print(line)
    print(f"{len(jobs)} jobs, {len(runs)} runs, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
