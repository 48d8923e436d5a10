#include "sim/metrics/least_delay.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "base/check.h"

namespace muster::sim {
namespace {

// Work on one job: of how much, and how much is left.
struct Work {
  long double all = 0, left = 0;
  friend bool operator>(const Work& a, const Work& b) { return a.all > b.all; }
};

}  // namespace

double LeastDelay(std::vector<DelayedJob> jobs, double capacity) {
  MUSTER_CHECK(capacity > 0, "there is something to share");
  // What asks for nothing waits for nothing.
  std::erase_if(jobs, [](const DelayedJob& job) { return !(job.amount > 0) || job.duration_s <= 0; });
  std::sort(jobs.begin(), jobs.end(), [](const DelayedJob& a, const DelayedJob& b) { return a.submit_s < b.submit_s; });
  std::priority_queue<Work, std::vector<Work>, std::greater<>> open;
  long double sum = 0;
  for (size_t next = 0; next < jobs.size();) {
    // From here on the machine is busy; time counts from when that began.
    const int64_t began_s = jobs[next].submit_s;
    long double now = 0, part = 0;
    do {
      while (next < jobs.size() && static_cast<long double>(jobs[next].submit_s - began_s) <= now) {
        const DelayedJob& job = jobs[next++];
        const long double work = static_cast<long double>(job.amount) * job.duration_s / capacity;
        open.push({work, work});
        part -= static_cast<long double>(job.submit_s - began_s) + job.duration_s / 2.0L;
      }
      Work work = open.top();
      open.pop();
      long double end = now + work.left;
      if (next < jobs.size()) end = std::min(end, static_cast<long double>(jobs[next].submit_s - began_s));
      // Its share of the mean of its times.
      part += (end - now) * (end + now) / 2 / work.all;
      work.left -= end - now;
      const bool arrives = next < jobs.size() && end == static_cast<long double>(jobs[next].submit_s - began_s);
      now = end;
      if (arrives && work.left > 0) open.push(work);
    } while (!open.empty());
    sum += std::max(part, 0.0L);
  }
  return static_cast<double>(sum);
}

}  // namespace muster::sim
