// MUSTER_CHECK(condition) and MUSTER_CHECK(condition, message): aborts with file, line, condition and message if the
// condition does not hold. For broken invariants and violated REQUIRES, in every build; what comes from outside is an
// error instead. The message is a string, worked out only when it is needed. One compare and a jump otherwise.
// Thread-safety: any thread.
#ifndef MUSTER_BASE_CHECK_H_
#define MUSTER_BASE_CHECK_H_

#include <string>

namespace muster::base {

// Writes "FILE:LINE: CHECK failed: CONDITION: MESSAGE" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const std::string& message = "");

}  // namespace muster::base

#define MUSTER_CHECK(condition, ...)                    \
  (__builtin_expect(static_cast<bool>(condition), true) \
       ? static_cast<void>(0)                           \
       : ::muster::base::CheckFailed(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__))

#endif  // MUSTER_BASE_CHECK_H_
