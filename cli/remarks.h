// What is said on standard error, kept to be told later, or not at all.
#ifndef MUSTER_CLI_REMARKS_H_
#define MUSTER_CLI_REMARKS_H_

#include <iostream>
#include <set>
#include <sstream>
#include <streambuf>
#include <string>

namespace muster::cli {

// Keeps what is written to std::cerr while it lives. Thread-safety: no other thread may write to std::cerr.
class Remarks {
 public:
  Remarks() : before_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~Remarks() { std::cerr.rdbuf(before_); }
  Remarks(const Remarks&) = delete;
  Remarks& operator=(const Remarks&) = delete;
  std::string Take() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* const before_;
};

// Tells each line once, with the name of who said it first.
class NewRemarks {
 public:
  void Tell(const std::string& text, const std::string& name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (known_.insert(line).second) std::cerr << name << ": " << line << "\n";
    }
  }

 private:
  std::set<std::string> known_;
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_REMARKS_H_
