#include "webhook/serving/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::webhook {
namespace {

using ::testing::HasSubstr;
using State = RequestReader::State;

constexpr FramingLimits kLimits = {.max_header_bytes = 2000, .max_body_bytes = 1000};

// What became of bytes that arrive in pieces of `piece`: a line for each request, and the failure.
std::string Read(absl::string_view bytes, size_t piece, FramingLimits limits = kLimits) {
  RequestReader reader(limits);
  std::string said;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.Push(bytes.substr(at, piece));
    while (true) {
      const State before = reader.state();
      const State state = reader.Advance();
      EXPECT_LE(reader.held(), 2 * limits.max_body_bytes + 2 * limits.max_header_bytes + 2 * bytes.size());
      if (state == State::kFailed) return absl::StrCat(said, reader.failure().status);
      if (state == State::kTooLarge) return absl::StrCat(said, "too large");
      if (state == State::kComplete) {
        const bool keep = reader.keep_alive();
        const HttpRequest request = reader.Take();
        absl::StrAppend(&said, request.method, " ", request.path, " [", request.content_type, "] ", request.body,
                        keep ? "" : " and close", "\n");
        reader.Next();
        continue;
      }
      if (state == before) break;
    }
  }
  return said + (reader.begun() ? "more" : "");
}

struct Case {
  const char* about;
  std::string bytes;
  std::string said;
};

std::string Head(const std::string& line, const std::string& fields = "") {
  return line + "\r\nHost: a\r\n" + fields + "\r\n";
}
std::string Post(const std::string& fields, const std::string& rest = "") {
  return Head("POST /x HTTP/1.1", fields) + rest;
}
std::string Chunks(const std::string& chunks) { return Post("Transfer-Encoding: chunked\r\n", chunks); }

std::vector<Case> Cases() {
  const std::string get = "GET /x HTTP/1.1";
  const std::string host = "Host: a\r\n";
  const std::string five = "hello";
  return {
      // What is read.
      {"no content", Head(get), "GET /x [] \n"},
      {"content of length 0", Post("Content-Length: 0\r\n"), "POST /x [] \n"},
      {"no length given", Post("Content-Type: a/b\r\n"), "POST /x [a/b] \n"},
      {"any method", Head("BREW /x HTTP/1.1", "content-length: 5\r\n") + five, "BREW /x [] hello\n"},
      {"GET with content", Head(get, "Content-Length: 5\r\n") + five, "GET /x [] hello\n"},
      {"two at a time", Post("Content-Length: 5\r\n", five) + Head("GET /y HTTP/1.1"),
       "POST /x [] hello\nGET /y [] \n"},
      {"chunks", Chunks("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "POST /x [] abcde\n"},
      {"chunks with zeros and extensions", Chunks("0003;a=b;c=\"d\"\r\nabc\r\n00\r\n\r\n"), "POST /x [] abc\n"},
      {"chunks with trailers", Chunks("1\r\na\r\n0\r\nA: b\r\n\r\n") + Head(get), "POST /x [] a\nGET /x [] \n"},
      {"the encoding in capitals", Post("TRANSFER-ENCODING: Chunked\r\n", "0\r\n\r\n"), "POST /x [] \n"},
      {"the client wants the end", Head(get, "Connection: close\r\n"), "GET /x []  and close\n"},
      {"HTTP/1.0 needs no host and ends", "GET /x HTTP/1.0\r\n\r\n", "GET /x []  and close\n"},
      {"HTTP/1.0 ends also when asked not to", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       "GET /x []  and close\n"},
      {"a query is no part of the path", Head("GET /x?timeout=5s&a=%20 HTTP/1.1"), "GET /x [] \n"},
      {"a target with a host", Head("GET https://a:1/x?y HTTP/1.1"), "GET /x [] \n"},
      {"a target that is a host", Head("GET http://a?y HTTP/1.1"), "GET / [] \n"},
      {"all of the server", Head("OPTIONS * HTTP/1.1"), "OPTIONS * [] \n"},
      {"blanks around values", Post("Content-Length: \t 5 \t\r\n", five), "POST /x [] hello\n"},
      {"a body of the limit", Post("Content-Length: 1000\r\n", std::string(1000, 'x')),
       "POST /x [] " + std::string(1000, 'x') + "\n"},
      {"half a head", "GET /x HT", "more"},
      {"half a body", Post("Content-Length: 5\r\n", "he"), "more"},
      {"half a chunk", Chunks("5\r\nhe"), "more"},

      // What two readers might understand differently.
      {"both lengths", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {"both lengths, the other way round", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "400"},
      {"two lengths that differ", Post("Content-Length: 5\r\nContent-Length: 6\r\n", five), "400"},
      {"two lengths that are the same", Post("Content-Length: 5\r\nContent-Length: 5\r\n", five), "400"},
      {"a list of lengths", Post("Content-Length: 5, 5\r\n", five), "400"},
      {"a length with a sign", Post("Content-Length: +5\r\n", five), "400"},
      {"a negative length", Post("Content-Length: -1\r\n"), "400"},
      {"a length with a unit", Post("Content-Length: 5abc\r\n", five), "400"},
      {"a hexadecimal length", Post("Content-Length: 0x5\r\n", five), "400"},
      {"a length with a blank inside", Post("Content-Length: 1 0\r\n", five), "400"},
      {"a length that is no text", Post("Content-Length: \xd9\xa5\r\n"), "400"},
      {"an empty length", Post("Content-Length:\r\n"), "400"},
      {"a length over 64 bits", Post("Content-Length: 18446744073709551617\r\n"), "400"},
      {"a length behind zeros over 64 bits", Post("Content-Length: 00000000000000000000005\r\n", five), "400"},
      {"a blank before the colon", Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), "400"},
      {"a blank before the colon of a length", Post("Content-Length : 5\r\n", five), "400"},
      {"another encoding", Post("Transfer-Encoding: gzip\r\n"), "400"},
      {"another encoding first", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400"},
      {"another encoding last", Post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), "400"},
      {"chunked twice", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), "400"},
      {"two encodings", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {"an encoding that only looks like it", Post("Transfer-Encoding: xchunked\r\n"), "400"},
      {"an empty encoding", Post("Transfer-Encoding:\r\n"), "400"},
      {"an encoding in quotes", Post("Transfer-Encoding: \"chunked\"\r\n"), "400"},
      {"an encoding after a vertical tab", Post("Transfer-Encoding: \vchunked\r\n"), "400"},
      {"an encoding in HTTP/1.0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"no host", get + "\r\n\r\n", "400"},
      {"two hosts", Head(get, "Host: b\r\n"), "400"},
      {"two hosts in HTTP/1.0", Head("GET /x HTTP/1.0", "Host: b\r\n"), "400"},
      {"a host with a blank", get + "\r\nHost: a b\r\n\r\n", "400"},
      {"a host with a path", get + "\r\nHost: a/b\r\n\r\n", "400"},
      {"a host with a user", get + "\r\nHost: a@b\r\n\r\n", "400"},
      {"a line that goes on", Post("A: b\r\n c\r\n"), "400"},
      {"a length that goes on", Post("Content-Length:\r\n 5\r\n", five), "400"},
      {"a first field that goes on", get + "\r\n Host: a\r\n\r\n", "400"},
      {"line ends without CR", "GET /x HTTP/1.1\nHost: a\n\n", "400"},
      {"one line end without CR", get + "\r\nHost: a\nA: b\r\n\r\n", "400"},
      {"a line end without LF", get + "\r\nHost: a\rA: b\r\n\r\n", "400"},
      {"an end without LF", get + "\r\nHost: a\r\n\rX", "400"},
      {"a zero byte in a value", Post(std::string("A: b\0c\r\n", 8)), "400"},
      {"a control character in a value", Post("A: b\x01\r\n"), "400"},
      {"a delete character in a value", Post("A: b\x7f\r\n"), "400"},
      {"a field without a name", Post(": b\r\n"), "400"},
      {"a field without a colon", Post("A\r\n"), "400"},
      {"a field with a blank in its name", Post("A b: c\r\n"), "400"},
      {"a field with a bracket in its name", Post("A[b]: c\r\n"), "400"},
      {"an empty line first", "\r\n" + Head(get), "400"},
      {"a blank first", " " + Head(get), "400"},
      {"two blanks in the request line", Head("GET  /x HTTP/1.1"), "400"},
      {"a tab in the request line", Head("GET\t/x\tHTTP/1.1"), "400"},
      {"a blank behind the version", Head("GET /x HTTP/1.1 "), "400"},
      {"a blank in the target", Head("GET /x y HTTP/1.1"), "400"},
      {"a target that is no path", Head("GET x HTTP/1.1"), "400"},
      {"a target with half an escape", Head("GET /x%2 HTTP/1.1"), "400"},
      {"a target with an escape of no digits", Head("GET /x%zz HTTP/1.1"), "400"},
      {"a method that is no word", Head("G@T /x HTTP/1.1"), "400"},
      {"no version", Head("GET /x"), "400"},
      {"an old version", Head("GET /x HTTP/0.9"), "400"},
      {"a version to come", Head("GET /x HTTP/2.0"), "400"},
      {"a version between", Head("GET /x HTTP/1.2"), "400"},
      {"a version in small letters", Head("GET /x http/1.1"), "400"},
      {"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
      {"no HTTP at all", "hello world\r\n\r\n", "400"},
      {"the hello of TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), "400"},
      {"an expectation nobody can meet", Post("Expect: a-miracle\r\n"), "400"},

      // Chunks that are none.
      {"a size that is no number", Chunks("zz\r\n"), "400"},
      {"a size with a prefix", Chunks("0x5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"a size with a sign", Chunks("+5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"a negative size", Chunks("-1\r\n"), "400"},
      {"a size over 64 bits", Chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), "400"},
      {"a size behind a blank", Chunks(" 5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"an empty size", Chunks("\r\nhello\r\n0\r\n\r\n"), "400"},
      {"a size line without CR", Chunks("5\nhello\r\n0\r\n\r\n"), "400"},
      {"a chunk that is longer than said", Chunks("5\r\nhello!\r\n0\r\n\r\n"), "400"},
      {"a chunk without its line end", Chunks("5\r\nhello0\r\n\r\n"), "400"},
      {"an extension that is none", Chunks("5;=\r\nhello\r\n0\r\n\r\n"), "400"},
      {"an extension with a line end inside", Chunks("5;a=\"b\r\nhello\"\r\n0\r\n\r\n"), "400"},
      {"a length among the trailers", Chunks("0\r\nContent-Length: 5\r\n\r\n"), "400"},
      {"an encoding among the trailers", Chunks("0\r\nTransfer-Encoding: chunked\r\n\r\n"), "400"},
      {"trailers that are none", Chunks("0\r\nA\r\n\r\n"), "400"},

      // What has no end.
      {"large headers", Post("A: " + std::string(3000, 'x') + "\r\n"), "431"},
      {"many headers", Post(std::string(3000, 'A') + ": x\r\n"), "431"},
      {"a request line without end", std::string(3000, 'x'), "431"},
      {"a body over the limit", Post("Content-Length: 1001\r\n"), "too large"},
      {"a body that is said to be huge", Post("Content-Length: 99999999999999999\r\n"), "too large"},
      {"chunks over the limit", Chunks("600\r\n" + std::string(0x600, 'x')), "too large"},
      {"small chunks over the limit", Chunks([] {
         std::string chunks;
         for (int i = 0; i < 1001; ++i) chunks += "1\r\nx\r\n";
         return chunks;
       }()),
       "too large"},
      {"a chunk that is said to be huge", Chunks("fffffffffffffff\r\n" + std::string(1001, 'x')), "too large"},
      {"an extension without end", Chunks("1;a=" + std::string(5000, 'x')), "400"},
      {"a size without end", Chunks(std::string(5000, '0')), "400"},
      {"extensions without end", Chunks([] {
         std::string chunks;
         for (int i = 0; i < 100; ++i) chunks += "1;a=" + std::string(100, 'x') + "\r\nx\r\n";
         return chunks;
       }()),
       "400"},
      {"trailers without end", Chunks("0\r\nA: " + std::string(5000, 'x')), "400"},
  };
}

TEST(RequestReaderTest, ReadsStrictly) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.about);
    EXPECT_EQ(Read(c.bytes, c.bytes.size()), c.said) << "at once";
    EXPECT_EQ(Read(c.bytes, 1), c.said) << "byte by byte";
    EXPECT_EQ(Read(c.bytes, 7), c.said) << "in pieces";
  }
}

// Memory follows what arrives, not what is announced.
TEST(RequestReaderTest, HoldsWhatHasArrived) {
  RequestReader reader(FramingLimits{});
  reader.Push(Post("Content-Length: 7000000\r\n"));
  EXPECT_EQ(reader.Advance(), State::kBody);
  EXPECT_LT(reader.held(), 1000u);
  const std::string piece(16 * 1024, 'x');
  size_t sent = 0;
  while (sent + piece.size() < 7'000'000) {
    reader.Push(piece);
    sent += piece.size();
    EXPECT_EQ(reader.Advance(), State::kBody);
    EXPECT_LE(reader.held(), 2 * sent + 2 * piece.size());
  }
  reader.Push(std::string(7'000'000 - sent, 'x'));
  EXPECT_EQ(reader.Advance(), State::kComplete);
  EXPECT_LE(reader.held(), 7'000'000 + 4 * piece.size()) << "no more than was announced";
}

// A head is looked at before its body is taken.
TEST(RequestReaderTest, StopsAfterTheHead) {
  RequestReader reader(kLimits);
  reader.Push(Post("Expect: 100-continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(reader.Advance(), State::kBody);
  EXPECT_EQ(reader.request().path, "/x");
  EXPECT_TRUE(reader.awaits_continue());
  reader.Push("hello");
  EXPECT_EQ(reader.Advance(), State::kComplete);
  EXPECT_EQ(reader.request().body, "hello");
}

TEST(RequestReaderTest, SaysWhatIsWrong) {
  RequestReader reader(kLimits);
  reader.Push("GET /x HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reader.Advance(), State::kFailed);
  EXPECT_THAT(reader.failure().body, HasSubstr("no HTTP request that can be answered: no Host"));
}

TEST(HttpMessageTest, AnswersAreWrittenOnce) {
  HttpResponse response;
  response.status = 429;
  response.body = "later\n";
  EXPECT_EQ(ToWire(response, true, true),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Retry-After: 1\r\n\r\nlater\n");
  EXPECT_EQ(ToWire(response, false, false),
            "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 6\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n\r\n");
}

}  // namespace
}  // namespace muster::webhook
