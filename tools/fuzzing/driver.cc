// The main program of a fuzz target in builds without libFuzzer: runs the corpus it is given, then mutations of it for
// a bounded time. The order is the same each time; how far it gets depends on the machine. What made it crash is
// written beside the test's outputs, to be added to the corpus.
//
//   TARGET [--seconds=N] FILE...
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
}

namespace {

constexpr size_t kMaxSize = 16384;
constexpr int kMaxMutations = 4;

std::mt19937_64& Random() {
  static std::mt19937_64& random = *new std::mt19937_64(1);
  return random;
}

size_t Below(size_t n) { return n == 0 ? 0 : Random()() % n; }

// What is being run, for the signal handler.
std::string& Current() {
  static std::string& current = *new std::string;
  return current;
}
char crash_file[4096];

void SaveInput(int signal) {
  std::signal(signal, SIG_DFL);
  if (FILE* out = std::fopen(crash_file, "wb")) {
    std::fwrite(Current().data(), 1, Current().size(), out);
    std::fclose(out);
    std::fprintf(stderr, "the input is in %s\n", crash_file);
  }
  std::raise(signal);
}

void Run(std::string input) {
  Current() = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(Current().data()), Current().size());
}

bool EndsWith(const std::string& text, const char* end) {
  const size_t n = std::strlen(end);
  return text.size() >= n && text.compare(text.size() - n, n, end) == 0;
}

bool AddCorpus(const std::string& file, std::vector<std::string>* corpus) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return false;
  if (!EndsWith(file, ".lines")) {
    corpus->emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    return true;
  }
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') corpus->push_back(line + "\n");
  }
  return true;
}

}  // namespace

// What libFuzzer offers to custom mutators: changes some bytes.
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) {
  static const char* const kWords[] = {"0",
                                       "-1",
                                       "9223372036854775807",
                                       "18446744073709551616",
                                       "1e999",
                                       "null",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       "\"",
                                       "\\u0000",
                                       "~",
                                       "/",
                                       "\xff",
                                       "\n",
                                       ": ",
                                       "- "};
  std::string text(reinterpret_cast<const char*>(data), size);
  const size_t at = Below(text.size() + 1);
  const size_t length = 1 + Below(16);
  switch (Below(5)) {
    case 0:
      if (at < text.size()) text[at] ^= static_cast<char>(1 << Below(8));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, kWords[Below(std::size(kWords))]);
      break;
    case 3:
      text.insert(at, text.substr(Below(text.size()), length));
      break;
    default:
      text.insert(at, 1, static_cast<char>(Below(256)));
  }
  text.resize(std::min(text.size(), max_size));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

int main(int argc, char** argv) {
  double seconds = 2;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--seconds=", 10) == 0) {
      seconds = std::atof(argv[i] + 10);
    } else if (!AddCorpus(argv[i], &corpus)) {
      std::fprintf(stderr, "%s: cannot be read\n", argv[i]);
      return 2;
    }
  }
  const char* const outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  std::snprintf(crash_file, sizeof(crash_file), "%s/crash-%d", outputs == nullptr ? "/tmp" : outputs, getpid());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, SaveInput);

  if (corpus.empty()) corpus.emplace_back();
  for (const std::string& input : corpus) Run(input);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  int64_t runs = 0;
  for (; Clock::now() < end; ++runs) {
    std::string input = corpus[Below(corpus.size())];
    size_t size = std::min(input.size(), kMaxSize);
    input.resize(kMaxSize);
    auto* const data = reinterpret_cast<uint8_t*>(input.data());
    for (size_t n = 1 + Below(kMaxMutations); n > 0; --n) {
      size = LLVMFuzzerCustomMutator != nullptr
                 ? LLVMFuzzerCustomMutator(data, size, kMaxSize, static_cast<unsigned int>(Random()()))
                 : LLVMFuzzerMutate(data, size, kMaxSize);
    }
    input.resize(size);
    Run(std::move(input));
  }
  std::printf("%zu inputs of the corpus and %lld mutations\n", corpus.size(), static_cast<long long>(runs));
  return 0;
}
