// Debian's Abseil is compiled without ThreadSanitizer, which therefore does not see that its mutexes order anything and
// reports everything they guard. Under --config=tsan the linker sends the calls through here, where the order is told.
//
// What a Condition reads while the library evaluates it, perhaps on the thread that unlocks, is under the lock but not
// ordered in a way that could be told, and is left out.
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

}  // namespace

// The mangled names of inline namespace debian3; --wrap in .bazelrc lists the same. REAL(x) is the library's function.
#define WRAP(name) __wrap__ZN4absl7debian3##name
#define REAL(name) __real__ZN4absl7debian3##name

extern "C" {

using absl::Condition;
using absl::Duration;
using absl::Mutex;
using absl::Notification;

void REAL(5Mutex4LockEv)(Mutex*);
void WRAP(5Mutex4LockEv)(Mutex* m) {
  {
    IgnoreReads ignore;
    REAL(5Mutex4LockEv)(m);
  }
  __tsan_acquire(m);
}

void REAL(5Mutex6UnlockEv)(Mutex*);
void WRAP(5Mutex6UnlockEv)(Mutex* m) {
  __tsan_release(m);
  IgnoreReads ignore;
  REAL(5Mutex6UnlockEv)(m);
}

void REAL(5Mutex10ReaderLockEv)(Mutex*);
void WRAP(5Mutex10ReaderLockEv)(Mutex* m) {
  REAL(5Mutex10ReaderLockEv)(m);
  __tsan_acquire(m);
}

void REAL(5Mutex12ReaderUnlockEv)(Mutex*);
void WRAP(5Mutex12ReaderUnlockEv)(Mutex* m) {
  __tsan_release(m);
  IgnoreReads ignore;
  REAL(5Mutex12ReaderUnlockEv)(m);
}

void REAL(5Mutex5AwaitERKNS0_9ConditionE)(Mutex*, const Condition&);
void WRAP(5Mutex5AwaitERKNS0_9ConditionE)(Mutex* m, const Condition& condition) {
  __tsan_release(m);
  {
    IgnoreReads ignore;
    REAL(5Mutex5AwaitERKNS0_9ConditionE)(m, condition);
  }
  __tsan_acquire(m);
}

bool REAL(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(Mutex*, const Condition&, Duration);
bool WRAP(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(Mutex* m, const Condition& condition,
                                                                    Duration timeout) {
  __tsan_release(m);
  bool met;
  {
    IgnoreReads ignore;
    met = REAL(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(m, condition, timeout);
  }
  __tsan_acquire(m);
  return met;
}

void REAL(12Notification6NotifyEv)(Notification*);
void WRAP(12Notification6NotifyEv)(Notification* n) {
  __tsan_release(n);
  REAL(12Notification6NotifyEv)(n);
}

void __real__ZNK4absl7debian312Notification19WaitForNotificationEv(const Notification*);
void __wrap__ZNK4absl7debian312Notification19WaitForNotificationEv(const Notification* n) {
  __real__ZNK4absl7debian312Notification19WaitForNotificationEv(n);
  __tsan_acquire(const_cast<Notification*>(n));
}
}

// Libraries that are compiled without ThreadSanitizer as well: it does not see the atomic counts of spdlog's shared
// pointers, nor that cpp-httplib's constants are made once. The thread pool serves tests only; the webhook's own server
// has threads of its own.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libspdlog.so\n"
         "race:httplib::ThreadPool::worker\n";
}
