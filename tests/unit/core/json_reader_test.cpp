// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/json_reader.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

/// What the Error of parse_json says; "" if the text is accepted.
std::string parse_error(const std::string& text) {
  try {
    parse_json(text, "in.json");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Reads key "x" of `text` with `read` and returns the issues.
template <class Read>
std::vector<Issue> issues_of(const std::string& text, Read read) {
  const JsonDocument document = parse_json(text, "in.json");
  IssueList issues;
  JsonReader reader(document, issues);
  read(reader);
  return issues.issues();
}

TEST_CASE("JSON: correct texts of every kind are accepted", "[core]") {
  for (const char* text : {"null", "0", "-1.5e3", "\"\\u00e4\"", "[]", "{}", " {\"a\": [1, {\"b\": true}]}\n"}) {
    CAPTURE(text);
    CHECK(parse_error(text).empty());
  }
  CHECK(parse_json("{\"b\": 1, \"a\": 2}", "").root.dump() == "{\"b\":1,\"a\":2}");
}

TEST_CASE("JSON: what is not strict JSON is refused with file and line", "[core]") {
  for (const char* text : {"{\"a\": 1,}", "[1, 2",         "{\"a\" 1}", "{'a': 1}", "// note\n{}",
                           "{} {}",       "1 2",           "{}x",       "NaN",      "Infinity",
                           "-Infinity",   "[nan]",         "01",        "+1",       ".5",
                           "1.",          "0x10",          "True",      "\"a\nb\"", "\"\\x\"",
                           "]",           "{\"a\": 1e999}"}) {
    CAPTURE(text);
    const std::string what = parse_error(text);
    CHECK(contains(what, "in.json: not valid JSON"));
  }
  CHECK(contains(parse_error("{\n\"a\": 1,\n\"b\" 2}"), "line 3"));
}

TEST_CASE("JSON: an empty file is refused", "[core]") {
  for (const char* text : {"", " \n\t"}) CHECK(parse_error(text) == "in.json: empty file; a JSON value is expected");
}

TEST_CASE("JSON: duplicate keys are refused, all of them, at any depth", "[core]") {
  const std::string what = parse_error(R"({"a": 1, "b": [0, {"c": 1, "c": 2}], "a": 3})");
  CHECK(contains(what, "in.json:/b/1/c: duplicate key \"c\""));
  CHECK(contains(what, "in.json:/a: duplicate key \"a\""));
  CHECK(parse_error(R"({"a": {"b": 1}, "b": 1})").empty());
}

TEST_CASE("JSON: binary garbage and invalid UTF-8 are refused with a printable message", "[core]") {
  std::string garbage;
  for (int i = 0; i < 256; ++i) garbage += static_cast<char>((i * 167 + 13) & 255);
  const std::string zeros(16, '\0');
  for (const std::string& text : {garbage, zeros, std::string("\"\xff\""), std::string("\"\xc3\""),
                                  std::string("\"\xed\xa0\x80\""), std::string("{\"\xc0\xaf\": 1}")}) {
    const std::string what = parse_error(text);
    CHECK_FALSE(what.empty());
    CHECK_NOTHROW(Json(what).dump());  // throws on invalid UTF-8
  }
}

TEST_CASE("JSON: nesting is accepted up to 256 levels and refused beyond, without a crash", "[core]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_error(nested(256)).empty());
  CHECK(contains(parse_error(nested(257)), "nested deeper than 256 levels"));
  CHECK(contains(parse_error(nested(1000000)), "nested deeper than 256 levels"));
  CHECK(contains(parse_error(std::string(1000000, '[')), "nested deeper than 256 levels"));
}

TEST_CASE("JSON: integers beyond 64 bits are refused rather than rounded", "[core]") {
  CHECK(contains(parse_error("{\"a\": [18446744073709551616]}"),
                 "in.json:/a/0: the integer 18446744073709551616 does not fit 64 bits"));
  CHECK(contains(parse_error("-9223372036854775809"), "does not fit 64 bits"));
  CHECK(parse_json("9223372036854775807", "").root.get<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_json("-9223372036854775808", "").root.get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("JSON: an integer is an integer and nothing else", "[core]") {
  const std::vector<std::pair<std::string, std::string>> wrong{{"32.7", "the number 32.7"},
                                                               {"32.0", "the number 32.0; write 32"},
                                                               {"1e3", "the number 1000.0; write 1000"},
                                                               {"true", "true"},
                                                               {"\"32\"", "the string \"32\""},
                                                               {"null", "null"},
                                                               {"[32]", "an array"},
                                                               {"{}", "an object"}};
  for (const auto& [value, found] : wrong) {
    CAPTURE(value);
    const auto issues = issues_of("{\"x\": " + value + "}", [](JsonReader& r) {
      CHECK(r.optional_integer("x", 5) == 5);
      CHECK(r.required_integer("x", {7, 9}) == 7);
    });
    REQUIRE(issues.size() == 2);
    CHECK(issues[0].text() == "in.json:/x: must be an integer, got " + found);
  }
  // 2^63 is valid JSON, but no int64.
  const auto issues = issues_of("{\"x\": 9223372036854775808}", [](JsonReader& r) { r.required_integer("x"); });
  REQUIRE(issues.size() == 1);
  CHECK(contains(issues[0].message, "got 9223372036854775808"));
}

TEST_CASE("JSON: values above 32 bits are read whole", "[core]") {
  issues_of("{\"x\": 4294967300}", [](JsonReader& r) { CHECK(r.required_integer("x") == 4294967300LL); });
  const auto issues = issues_of("{\"x\": 4294967300}", [](JsonReader& r) { r.required_integer("x", {1, 100}); });
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].message == "must be in [1, 100], got 4294967300");
}

TEST_CASE("JSON: ranges include both ends", "[core]") {
  for (const int value : {2, 3, 5, 6}) {
    const std::string text = "{\"x\": " + std::to_string(value) + "}";
    const std::size_t expected = value >= 3 && value <= 5 ? 0 : 1;
    CHECK(issues_of(text, [](JsonReader& r) { r.required_integer("x", {3, 5}); }).size() == expected);
    CHECK(issues_of(text, [](JsonReader& r) { r.optional_number("x", 4, {3, 5}); }).size() == expected);
  }
  const auto above = issues_of("{\"x\": -1}", [](JsonReader& r) { r.required_integer("x", {0}); });
  REQUIRE(above.size() == 1);
  CHECK(above[0].message == "must be at least 0, got -1");
  const auto number = issues_of("{\"x\": 1.5}", [](JsonReader& r) { r.optional_number("x", 0, {0, 1}); });
  REQUIRE(number.size() == 1);
  CHECK(number[0].message == "must be in [0, 1], got 1.5");
}

TEST_CASE("JSON: wrong types give the default and an issue that says what was found", "[core]") {
  const auto issues = issues_of(R"({"n": "1", "b": 1, "s": 2, "c": "reed", "o": [], "a": {}})", [](JsonReader& r) {
    CHECK(r.optional_number("n", 2.5) == 2.5);
    CHECK(r.optional_boolean("b", true));
    CHECK(r.optional_string("s", "d") == "d");
    CHECK(r.required_string("s").empty());
    CHECK(r.optional_choice("c", "green", {"red", "green"}) == "green");
    CHECK_FALSE(r.required_member("o")->expect_object());
    CHECK(r.required_member("a")->elements().empty());
  });
  REQUIRE(issues.size() == 7);
  CHECK(issues[0].text() == "in.json:/n: must be a number, got the string \"1\"");
  CHECK(issues[1].text() == "in.json:/b: must be true or false, got the number 1");
  CHECK(issues[2].text() == "in.json:/s: must be a string, got the number 2");
  CHECK(issues[4].text() == "in.json:/c: unknown value \"reed\" (allowed: red, green); did you mean \"red\"?");
  CHECK(issues[5].text() == "in.json:/o: must be an object, got an array");
  CHECK(issues[6].text() == "in.json:/a: must be an array, got an object");
}

TEST_CASE("JSON: absent keys give defaults, absent required keys an issue", "[core]") {
  const auto issues = issues_of("{}", [](JsonReader& r) {
    CHECK(r.optional_integer("i", 3) == 3);
    CHECK(r.optional_number("n", 0.5) == 0.5);
    CHECK_FALSE(r.optional_boolean("b", false));
    CHECK(r.optional_string("s", "t") == "t");
    CHECK_FALSE(r.optional_member("m"));
    CHECK(r.issues().empty());
    r.required_integer("size");
  });
  REQUIRE(issues.size() == 1);
  CHECK(contains(issues[0].message, "\"size\" is missing"));
}

TEST_CASE("JSON: unknown keys are reported with the known ones and a suggestion", "[core]") {
  const auto issues = issues_of(R"({"rows": 1, "colums": 2, "zzz": 3, "note": 4})", [](JsonReader& r) {
    r.optional_integer("rows", 0);
    r.optional_integer("columns", 0);
    r.ignore("note");
    r.finish();
  });
  REQUIRE(issues.size() == 2);
  CHECK(issues[0].text() ==
        "in.json:/colums: unknown key \"colums\" (allowed: columns, note, rows); did you mean \"columns\"?");
  CHECK(issues[1].hint.empty());
}

TEST_CASE("JSON: pointers escape ~ and / (RFC 6901)", "[core]") {
  CHECK(pointer_append("/a", "b/c~d") == "/a/b~1c~0d");
  CHECK(pointer_append("", "") == "/");
  const auto issues = issues_of(R"({"a/b": [{"~": "x"}]})", [](JsonReader& r) {
    for (JsonReader& element : r.required_member("a/b")->elements()) element.required_integer("~");
  });
  REQUIRE(issues.size() == 1);
  CHECK(issues[0].pointer == "/a~1b/0/~0");
  // The library's own pointers find the place again.
  const Json root = parse_json(R"({"a/b": [{"~": "x"}]})", "").root;
  CHECK(root.at(Json::json_pointer(issues[0].pointer)) == "x");
}

TEST_CASE("JSON: a long string is cut in an error, but not inside a character", "[core]") {
  for (std::size_t ascii = 50; ascii < 60; ++ascii) {
    std::string text(ascii, 'a');
    for (int i = 0; i < 10; ++i) text += "\xe2\x82\xac";  // the euro sign, three bytes
    const std::string shown = JsonReader::describe(Json(text));
    CHECK_NOTHROW(Json(shown).dump());
    CHECK(contains(shown, "...\""));
    CHECK(shown.size() < 80);
  }
}

TEST_CASE("JSON: an object with very many keys keeps them all, in order", "[core]") {
  std::string text = "{";
  const int keys = 100000;  // quadratic work would show in the run time
  for (int i = 0; i < keys; ++i) text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
  const JsonDocument document = parse_json(text + "}", "in.json");
  REQUIRE(document.root.size() == static_cast<std::size_t>(keys));
  int next = 0;
  for (const auto& [key, value] : document.root.items()) {
    if (key != "k" + std::to_string(next) || value != next) FAIL("member " << next << " is " << key);
    ++next;
  }
}

TEST_CASE("JSON: files that cannot be read are bad input that names them", "[core]") {
  for (const char* path : {"/nonexistent/x.json", "/tmp"}) {
    CAPTURE(path);
    try {
      read_json_file(path);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_input);
      REQUIRE(error.issues().size() == 1);
      CHECK(error.issues()[0].file == path);
    }
  }
}

TEST_CASE("JSON: a file is read whole, and refused above the limit", "[core]") {
  std::string path = "/tmp/podsim_test_XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  REQUIRE(descriptor >= 0);
  ::close(descriptor);
  const std::string content = std::string("a\0b\r\n", 5) + std::string(100000, 'x');
  std::ofstream(path, std::ios::binary) << content;
  CHECK(read_text_file(path) == content);
  CHECK(read_text_file(path, 100005) == content);
  CHECK_THROWS_AS(read_text_file(path, 100004), Error);
  CHECK_THROWS_AS(read_json_file(path), Error);
  std::remove(path.c_str());
  CHECK_THROWS_AS(read_text_file("/dev/zero", 1000000), Error);
}

}  // namespace
}  // namespace podsim
