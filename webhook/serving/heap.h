// What the process holds of memory, and giving back what it does not need. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_HEAP_H_
#define MUSTER_WEBHOOK_SERVING_HEAP_H_

namespace muster::webhook {

// Gives free memory back to the system. Takes milliseconds for 100 MB. Thread-safe.
void ReleaseFreeMemory();

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HEAP_H_
