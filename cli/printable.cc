#include "cli/printable.h"

#include <cstdint>

#include "absl/strings/str_format.h"

namespace muster::cli {
namespace {

// The length of the UTF-8 character at the start of `text`: 0 if it is none, -1 if it could become one.
int CharacterAt(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const int length = first >= 0xC2 && first <= 0xDF   ? 2
                     : (first & 0xF0) == 0xE0         ? 3
                     : first >= 0xF0 && first <= 0xF4 ? 4
                                                      : 0;
  for (int i = 1; i < length; ++i) {
    if (i >= static_cast<int>(text.size())) return -1;
    if ((byte(i) & 0xC0) != 0x80) return 0;
    // Spelt longer than it has to be, a surrogate, or beyond Unicode.
    if (i == 1 && ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                   (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F))) {
      return 0;
    }
  }
  return length;
}

bool IsControl(absl::string_view character) {
  const auto first = static_cast<uint8_t>(character[0]);
  if (character.size() == 1) return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

// Appends what can be shown of `text` to `out`; returns how much that was. What is left could become a character.
size_t AppendPrintable(absl::string_view text, std::string* out) {
  size_t at = 0;
  while (at < text.size()) {
    const int length = CharacterAt(text.substr(at));
    if (length < 0) break;
    const absl::string_view character = text.substr(at, length == 0 ? 1 : length);
    if (length == 0 || IsControl(character)) {
      for (const char c : character) absl::StrAppendFormat(out, "\\x%02x", static_cast<uint8_t>(c));
    } else {
      out->append(character.data(), character.size());
    }
    at += character.size();
  }
  return at;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    text.remove_prefix(AppendPrintable(text, &out));
    if (text.empty()) break;
    absl::StrAppendFormat(&out, "\\x%02x", static_cast<uint8_t>(text[0]));
    text.remove_prefix(1);
  }
  return out;
}

PrintableOutput::PrintableOutput(std::ostream* stream) : stream_(stream), target_(stream->rdbuf(this)) {}

PrintableOutput::~PrintableOutput() {
  Pass(true);
  stream_->rdbuf(target_);
}

bool PrintableOutput::Pass(bool all) {
  std::string out;
  if (all) {
    out = Printable(pending_);
    pending_.clear();
  } else {
    pending_.erase(0, AppendPrintable(pending_, &out));
  }
  const auto size = static_cast<std::streamsize>(out.size());
  return target_->sputn(out.data(), size) == size;
}

PrintableOutput::int_type PrintableOutput::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  pending_.push_back(traits_type::to_char_type(c));
  return Pass(false) ? c : traits_type::eof();
}

std::streamsize PrintableOutput::xsputn(const char* text, std::streamsize size) {
  pending_.append(text, static_cast<size_t>(size));
  return Pass(false) ? size : 0;
}

int PrintableOutput::sync() { return Pass(false) ? target_->pubsync() : -1; }

}  // namespace muster::cli
