#!/usr/bin/env python3
"""Works the figures of summary.json out of jobs.csv and runs.csv, with exact fractions, and says where they differ.

usage: recompute.py FOLDER [--changing]

--changing: the quotas changed during the replay (--at), so that what follows from them is left out.
"""

import collections
import csv
import heapq
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


def seconds(run, column):
    """A number of seconds of a run; 0 where it had not come to it."""
    return int(run[column] or 0)


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


def flavor_hours(runs):
    held = collections.Counter()
    for run in runs:
        for part in filter(None, run["flavors"].split(";")):
            flavor, amount = part.rsplit(":", 1)
            held[flavor] += Fraction(amount) * (int(run["stop_s"]) - int(run["start_s"])) / 3600
    return held


def least_delay(jobs, capacity):
    """The bound of sim/metrics/least_delay.h, second by second of one machine that has all the capacity."""
    todo = sorted((int(j["submit_s"]), Fraction(j["amount"]) * int(j["duration_s"]) / capacity, int(j["duration_s"]))
                  for j in jobs if Fraction(j["amount"]) * int(j["duration_s"]) > 0)
    total, now, part, open_jobs = Fraction(0), Fraction(0), Fraction(0), []
    while todo or open_jobs:
        if not open_jobs:
            total, part, now = total + max(part, 0), Fraction(0), max(now, Fraction(todo[0][0]))
        while todo and todo[0][0] <= now:
            submit, work, duration = todo.pop(0)
            heapq.heappush(open_jobs, [work, submit, work])
            part -= submit + Fraction(duration, 2)
        work, submit, left = heapq.heappop(open_jobs)
        until = min(now + left, Fraction(todo[0][0])) if todo else now + left
        part += (until - now) * (until + now) / 2 / work
        if left > until - now:
            heapq.heappush(open_jobs, [work, submit, left - (until - now)])
        now = until
    return total + max(part, 0)


def size_name(amount):
    if amount == 0:
        return "0"
    if amount < 1:
        return "below 1"
    most = 1
    while most < amount:
        most *= 2
    return str(most) if most <= 2 else f"{most // 2 + 1}-{most}"


def groups(jobs, runs, end):
    job_of = {j["job_id"]: j for j in jobs}
    for grouping, name_of in (("queues", lambda j: j["queue"]), ("sizes", lambda j: size_name(Fraction(j["amount"])))):
        by_name = collections.defaultdict(lambda: ([], []))
        for job in jobs:
            by_name[name_of(job)][0].append(job)
        for run in runs:
            by_name[name_of(job_of[run["job_id"]])][1].append(run)
        for name, (of, their_runs) in by_name.items():
            right = figures(of, their_runs, None, end)
            for key in ("stops", "peak_queue"):
                del right[key]
            yield grouping, name, right


def preemptions(queue, runs):
    def added(kinds):
        kinds = list(kinds)
        hours = lambda of: sum((Fraction(r["amount"]) * of(r) for r in kinds), Fraction(0)) / 3600
        return {"count": len(kinds), "resource_hours": hours(lambda r: int(r["stop_s"]) - int(r["start_s"])),
                "lost_hours": hours(lambda r: seconds(r, "lost_s"))}
    stopped = [r for r in runs if r["cause"] and r["cause"] != "Finished"]
    causes = {c: added(r for r in stopped if r["cause"] == c) for c in {r["cause"] for r in stopped}}
    reclaimed = added(r for r in stopped if r["cause"] in ("InCohortReclamation", "InCohortReclaimWhileBorrowing"))
    pairs = collections.defaultdict(list)
    for run in stopped:
        if run["by"]:
            pairs[queue[run["by"]], queue[run["job_id"]], run["cause"]].append(run)
    return causes, reclaimed, {" ".join(pair): added(of) for pair, of in pairs.items()}


def figures(jobs, runs, quota, end):
    """What one team's entry should say. `quota` by flavor; None for the total."""
    started = [j for j in jobs if j["first_start_s"]]
    finished = [j for j in jobs if j["finish_s"]]
    waits = [int(j["first_start_s"]) - int(j["submit_s"]) for j in started]
    so_far = waits + [end - int(j["submit_s"]) for j in jobs if j["submit_s"] and not j["first_start_s"]]
    jct = [int(j["finish_s"]) - int(j["submit_s"]) for j in finished]
    slow = [max(Fraction(1), Fraction(t, max(int(j["duration_s"]), 10))) for t, j in zip(jct, finished)]
    hours = lambda of: sum((Fraction(r["amount"]) * of(r) for r in runs), Fraction(0)) / 3600
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
        "lost_hours": hours(lambda r: seconds(r, "lost_s")),
        "overhead_hours": hours(lambda r: seconds(r, "overhead_s")),
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


def others(summary, jobs, runs, queue, capacity):
    """What stands beside the teams."""
    for grouping, name, right in groups(jobs, runs, summary["end_s"]):
        told = [g for g in summary["groups"][grouping] if g["name"] == name]
        yield from differences(f"{grouping}.{name}", told[0] if told else {}, right)
    causes, reclaimed, pairs = preemptions(queue, runs)
    told = summary["preemptions"]
    yield from differences("causes", told["causes"], {**dict.fromkeys(told["causes"], {"count": 0}), **causes})
    yield from differences("reclaimed", told["reclaimed"], reclaimed)
    told = {" ".join((p["by"], p["of"], p["cause"])): p for p in told["pairs"]}
    yield from differences("pairs", told, {**dict.fromkeys(told, {"count": 0}), **pairs})
    finished = [j for j in jobs if j["finish_s"]]
    if finished and capacity:
        delays = [int(j["finish_s"]) - int(j["submit_s"]) - int(j["duration_s"]) for j in finished]
        yield from differences("delay_s", summary["delay_s"], {
            "jobs": len(finished), "mean": Fraction(sum(delays), len(delays)),
            "least_mean": least_delay(finished, capacity) / len(finished)})
    if summary["showback"]:
        prices = {f: Fraction(str(p)) for f, p in summary["showback"]["price_per_hour"].items()}
        cost = lambda of: sum((prices.get(f, 0) * h for f, h in flavor_hours(of).items()), Fraction(0))
        for team in summary["showback"]["teams"]:
            yield from differences(f"showback.{team['name']}", team,
                                   {"cost": cost(r for r in runs if queue[r["job_id"]] == team["name"])})
        yield from differences("showback", summary["showback"], {"total": cost(runs)})


def main(folder, changing):
    with open(f"{folder}/summary.json") as file:
        summary = json.load(file)
    jobs, runs = rows(f"{folder}/jobs.csv"), rows(f"{folder}/runs.csv")
    for run in runs:
        run["stop_s"] = run["stop_s"] or str(summary["end_s"])  # it goes on
    queue = {j["job_id"]: j["cluster_queue"] for j in jobs}
    wrong = []
    teams = summary["teams"]
    parts = []
    for team in teams:
        part = figures([j for j in jobs if j["cluster_queue"] == team["name"]],
                       [r for r in runs if queue[r["job_id"]] == team["name"]], team["flavors"], summary["end_s"])
        parts.append(part)
        part["flavor_hours"] = {f: Fraction(0) for f in team["flavors"]}
        part["flavor_hours"].update(flavor_hours(r for r in runs if queue[r["job_id"]] == team["name"]))
        if not changing:
            part["capacity_hours"] = Fraction(str(team["nominal"])) * (summary["end_s"] - summary["begin_s"]) / 3600
            part["utilisation"] = part["resource_hours"] / part["capacity_hours"] if part["capacity_hours"] else Fraction(0)
        if changing:
            del part["borrowed_hours"]
        wrong += differences(team["name"], team, part)
    total = figures(jobs, runs, None, summary["end_s"])
    if not changing:
        total["borrowed_hours"] = sum(part["borrowed_hours"] for part in parts)
    wrong += differences("total", summary["total"], total)
    capacity = None if changing or not summary["delay_s"] else Fraction(str(summary["delay_s"]["capacity"]))
    wrong += others(summary, jobs, runs, queue, capacity)
    for line in wrong:
        print(line)
    print(f"{len(jobs)} jobs, {len(runs)} runs, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--changing" in sys.argv[2:]))
