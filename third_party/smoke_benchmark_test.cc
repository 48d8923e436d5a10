// Google Benchmark compiles, links and runs.

#include <benchmark/benchmark.h>

namespace {

void BM_Add(benchmark::State& state) {
  int x = 0;
  for (auto _ : state) benchmark::DoNotOptimize(++x);
}
BENCHMARK(BM_Add);

}  // namespace
