#ifndef MUSTER_MUTATION_RUNTIME
#define MUSTER_MUTATION_RUNTIME
// Pasted before every source that tools/mutate instruments. MUSTER_MUTANT has the
// number of the mutant that is on; MUSTER_MUTANTS_REACHED names a file with a byte
// for each mutant, which is set when the mutant's place is come by. The file is
// mapped, so what a child process reaches counts too, and what came before a crash.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
namespace muster_mutation {
inline constinit int chosen = -1;
inline constinit unsigned char* reached = nullptr;
// Before any other constructor: static objects call mutated code too.
__attribute__((constructor(101))) inline void Start() {
  if (chosen != -1 || reached != nullptr) return;
  if (const char* number = getenv("MUSTER_MUTANT")) chosen = atoi(number);
  const char* path = getenv("MUSTER_MUTANTS_REACHED");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) abort();
  void* bytes = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) abort();
  close(file);
  reached = static_cast<unsigned char*>(bytes);
}
inline bool On(int mutant) {
  if (__builtin_expect(reached != nullptr, 0)) reached[mutant] = 1;
  return __builtin_expect(mutant == chosen, 0);
}
}  // namespace muster_mutation
#endif
