#include "cli/printable.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace muster::cli {
namespace {

TEST(PrintableTest, ShowsWhatATerminalWouldObey) {
  struct Case {
    const char* about;
    std::string text, shown;
  };
  const Case cases[] = {
      {"plain text, lines and tabs stay", "a\tb\n", "a\tb\n"},
      {"letters of any script stay", "Schlüssel 鍵 🔑", "Schlüssel 鍵 🔑"},
      {"the sequence that clears a screen", "\x1b[2J", "\\x1b[2J"},
      {"a carriage return would overwrite the line", "bad\rgood", "bad\\x0dgood"},
      {"NUL, bell, delete", std::string("\0\a\x7f", 3), "\\x00\\x07\\x7f"},
      {"C1 controls are two bytes in UTF-8",
       "\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},
      {"the first character after C1 stays", "\xc2\xa0", "\xc2\xa0"},
      {"a C1 control as a byte of its own is no UTF-8",
       "\x9b"
       "31m",
       "\\x9b31m"},
      {"a character that breaks off", "\xe9\x8d", "\\xe9\\x8d"},
      {"spelt longer than it has to be", "\xc0\x9b\xe0\x80\x9b", "\\xc0\\x9b\\xe0\\x80\\x9b"},
      {"a surrogate, and beyond Unicode", "\xed\xa0\x80\xf4\x90\x80\x80", "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Printable(c.text), c.shown) << c.about;
    // The same through a stream, whole and byte by byte.
    std::ostringstream whole, bytes;
    {
      PrintableOutput filter(&whole);
      whole << c.text;
    }
    {
      PrintableOutput filter(&bytes);
      for (const char byte : c.text) bytes << byte << std::flush;
    }
    EXPECT_EQ(whole.str(), c.shown) << c.about;
    EXPECT_EQ(bytes.str(), c.shown) << c.about;
  }
}

TEST(PrintableTest, TheStreamIsItselfAgainAfterwards) {
  std::ostringstream stream;
  { PrintableOutput filter(&stream); }
  stream << "\x1b";
  EXPECT_EQ(stream.str(), "\x1b");
}

}  // namespace
}  // namespace muster::cli
