// Tables by dense id that grow with the ids. Internal to what is declared.
#ifndef MUSTER_SCHEDULER_DECLARED_SLOT_H_
#define MUSTER_SCHEDULER_DECLARED_SLOT_H_

#include <cstdint>
#include <vector>

namespace muster::scheduler {

// The place of an id in a table that grows with the ids.
template <typename T>
T& Slot(std::vector<T>* table, int32_t id) {
  if (id >= static_cast<int32_t>(table->size())) table->resize(id + 1);
  return (*table)[id];
}

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECLARED_SLOT_H_
