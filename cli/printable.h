// What goes to a terminal is text, whatever was in the files it speaks of.
//
// Names and values from traces, policies and clusters are printed as they are; among them may be escape sequences that
// rewrite what the reader has seen. Printable shows control characters (C0 but newline and tab, DEL, C1) and what is not
// UTF-8 as \xNN. Thread-safety: compatible.
#ifndef MUSTER_CLI_PRINTABLE_H_
#define MUSTER_CLI_PRINTABLE_H_

#include <ostream>
#include <streambuf>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::cli {

// The text as it may be shown. O(n).
std::string Printable(absl::string_view text);

// While it lives, what is written to the stream gets there printable.
class PrintableOutput : private std::streambuf {
 public:
  explicit PrintableOutput(std::ostream* stream);
  ~PrintableOutput() override;
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;
  // Passes on all but a character of which the rest may still come; that too with `all`.
  bool Pass(bool all);

  std::ostream* stream_;
  std::streambuf* target_;
  std::string pending_;
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_PRINTABLE_H_
