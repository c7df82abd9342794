// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/json_pointer.hpp"

#include "support/catch.hpp"

using podsim::find_value;
using podsim::Json;
using podsim::pointer_keys;
using podsim::set_value;

TEST_CASE("JSON pointers: keys are split and unescaped as RFC 6901 says", "[json]") {
  CHECK(pointer_keys("/a/b") == std::vector<std::string>{"a", "b"});
  CHECK(pointer_keys("/a~1b/m~0n") == std::vector<std::string>{"a/b", "m~n"});  // RFC 6901, section 5
  CHECK(pointer_keys("/~01") == std::vector<std::string>{"~1"});                // section 4: not "/"
  for (const char* bad : {"", "/", "a", "a/b", "//a", "/a/", "/a~", "/a~2"}) CHECK_FALSE(pointer_keys(bad).has_value());
}

TEST_CASE("JSON pointers: values are found and set, objects on the way are made, elements must be there", "[json]") {
  Json root = Json::parse(R"({"a": {"b": [1, 2]}, "n": null, "t": "text"})");
  REQUIRE(find_value(root, {"a", "b", "1"}) != nullptr);
  CHECK(*find_value(root, {"a", "b", "1"}) == 2);
  for (const std::vector<std::string>& none :
       std::vector<std::vector<std::string>>{{"x"}, {"a", "b", "2"}, {"a", "b", "-"}, {"t", "x"}}) {
    CHECK(find_value(root, none) == nullptr);
  }
  CHECK(set_value(root, {"a", "b", "0"}, 7).empty());
  CHECK(set_value(root, {"n", "x"}, true).empty());
  CHECK(set_value(root, {"new", "y"}, "z").empty());
  CHECK(root == Json::parse(R"({"a": {"b": [7, 2]}, "n": {"x": true}, "t": "text", "new": {"y": "z"}})"));
  CHECK(set_value(root, {"a", "b", "2"}, 1) == R"("/a/b" has 2 elements; "2" is none of them)");
  CHECK(set_value(root, {"t", "x"}, 1).find("\"/t\" is the string") == 0);
}
