#include "webhook/serving/heap.h"

#include <malloc.h>

// tcmalloc's, in programs that are linked with it.
extern "C" void MallocExtension_ReleaseFreeMemory() __attribute__((weak));

namespace muster::webhook {

void ReleaseFreeMemory() {
  if (MallocExtension_ReleaseFreeMemory != nullptr) {
    MallocExtension_ReleaseFreeMemory();
  } else {
    malloc_trim(0);
  }
}

}  // namespace muster::webhook
