#include "webhook/serving/answer_cost.h"

#include <algorithm>

namespace muster::webhook {
namespace {

// Measured: answer_cost_test. Values and members as they are read, and their texts.
constexpr size_t kPerValue = 72;
constexpr size_t kPerMember = 112;
constexpr size_t kPerByte = 3;
// What is said about them: at worst two long errors for every few bytes, up to a mebibyte of text.
constexpr size_t kErrorsPerByte = 256;
constexpr size_t kMaxErrors = size_t{24} << 20;

}  // namespace

size_t AnswerCost(absl::string_view body) {
  size_t values = 1, members = 0;
  for (const char c : body) {  // also those in texts: too much is well
    values += (c == ',') + (c == '[') + (c == '{');
    members += c == ':';
  }
  return values * kPerValue + members * kPerMember + body.size() * kPerByte +
         std::min(body.size() * kErrorsPerByte, kMaxErrors);
}

}  // namespace muster::webhook
