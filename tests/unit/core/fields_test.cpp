// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/fields.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/registry.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

/// A plug-in of the tests: something with a name and a number.
struct Animal {
  std::string says;
  int legs;
};
using AnimalRegistry = Registry<Animal, int>;

struct DogConfig {
  int age = 3;
  double weight = 12.5;
  void fields(Fields& f) {
    f.integer("age", age, {0, 30}, "years", "since birth");
    f.number("weight", weight, {0.5, 100}, "kg", "");
  }
};

AnimalRegistry& animals() {
  static AnimalRegistry registry("animal");
  static const Registered<DogConfig> dog{
      registry, "dog", "barks", [](const DogConfig& config, int legs) {
        return std::make_unique<Animal>(Animal{"woof " + std::to_string(config.age), legs});
      }};
  static const Registered<NoParameters> cat{registry, "cat", "does not bark", [](const NoParameters&, int legs) {
                                              return std::make_unique<Animal>(Animal{"meow", legs});
                                            }};
  return registry;
}

struct Config {
  std::int64_t rows = 32;
  int columns = 16;
  std::optional<std::int64_t> partition;
  double clock = 1.0;
  bool shadow = true;
  std::string mode = "fast";
  std::string label = "none";
  std::int64_t depth = 2;
  PluginConfig pet = animals().default_config("dog");

  void fields(Fields& f) {
    f.integer("rows", rows, {1, 512}, "PEs", "rows of an array");
    f.integer("columns", columns, {1}, "PEs", "columns of an array");
    f.optional_integer("partition", partition, {1}, "rows", "rows", "rows per tile");
    f.number("clock", clock, {0.001, 10}, "GHz", "");
    f.boolean("shadow", shadow, "");
    f.choice("mode", mode, {"fast", "exact"}, "");
    f.text("label", label, "");
    f.group("buffer", "", [this](Fields& g) { g.integer("depth", depth, {1, 8}, "tiles", ""); });
    f.plugin("pet", pet, animals(), "");
  }
};

struct Outcome {
  Config config;
  std::vector<Issue> issues;
};

Outcome read(const std::string& text, Config defaults = {}) {
  const JsonDocument document = parse_json(text, "c.json");
  IssueList issues;
  Outcome out;
  out.config = read_config<Config>(JsonReader(document, issues), std::move(defaults));
  out.issues = issues.issues();
  return out;
}

TEST_CASE("fields: reading what was written gives the same configuration", "[core]") {
  Config config;
  config.rows = 512;
  config.columns = 1;
  config.partition = 4294967300LL;
  config.clock = 0.1;
  config.shadow = false;
  config.mode = "exact";
  config.label = "\"x\" \xc3\xa4 / ~";
  config.depth = 8;
  config.pet = {"dog", {{"age", 30}, {"weight", 0.5}}};
  const std::string text = to_json(config).dump();
  const Outcome outcome = read(text);
  CHECK(outcome.issues.empty());
  CHECK(outcome.config.rows == 512);
  CHECK(outcome.config.columns == 1);
  CHECK(outcome.config.partition == 4294967300LL);
  CHECK(outcome.config.clock == 0.1);
  CHECK_FALSE(outcome.config.shadow);
  CHECK(outcome.config.label == config.label);
  CHECK(to_json(outcome.config).dump() == text);

  config.pet = animals().default_config("cat");
  config.partition.reset();
  const std::string other = to_json(config).dump();
  CHECK(to_json(read(other).config).dump() == other);
}

TEST_CASE("fields: an empty object gives the defaults, and the echo is complete", "[core]") {
  const Outcome outcome = read("{}");
  CHECK(outcome.issues.empty());
  CHECK(to_json(outcome.config) == Json::parse(R"({"rows": 32, "columns": 16, "partition": null, "clock": 1.0,
      "shadow": true, "mode": "fast", "label": "none", "buffer": {"depth": 2},
      "pet": {"type": "dog", "age": 3, "weight": 12.5}})"));
}

TEST_CASE("fields: keys override a preset one by one, also inside groups and plug-ins", "[core]") {
  Config preset;
  preset.rows = 128;
  preset.depth = 4;
  preset.partition = 7;
  preset.pet = {"dog", {{"age", 9}, {"weight", 50.0}}};
  const Config same_type = read(R"({"pet": {"weight": 20}, "buffer": {}})", preset).config;
  CHECK(same_type.rows == 128);
  CHECK(same_type.depth == 4);
  CHECK(same_type.partition == 7);
  CHECK(same_type.pet.parameters == Json::parse(R"({"age": 9, "weight": 20.0})"));
  CHECK(read(R"({"pet": "dog"})", preset).config.pet.parameters["age"] == 9);
  CHECK_FALSE(read(R"({"partition": null})", preset).config.partition.has_value());
  // Another plug-in starts from its own defaults.
  CHECK(read(R"({"pet": "cat"})", preset).config.pet.parameters.empty());
  preset.pet = animals().default_config("cat");
  CHECK(read(R"({"pet": {"type": "dog", "weight": 1}})", preset).config.pet.parameters ==
        Json::parse(R"({"age": 3, "weight": 1.0})"));
}

TEST_CASE("fields: all mistakes are found in one pass, each with its place", "[core]") {
  const Outcome outcome = read(R"({"rows": 0, "colums": 4, "partition": 1.5, "clock": "fast", "shadow": 1,
      "mode": "exacct", "label": 3, "buffer": {"depht": 3}, "pet": {"type": "dog", "age": 31, "wieght": 1}})");
  std::vector<std::string> pointers;
  for (const Issue& issue : outcome.issues) {
    CHECK(issue.file == "c.json");
    pointers.push_back(issue.pointer);
  }
  std::sort(pointers.begin(), pointers.end());
  CHECK(pointers == std::vector<std::string>{"/buffer/depht", "/clock", "/colums", "/label", "/mode", "/partition",
                                             "/pet/age", "/pet/wieght", "/rows", "/shadow"});
  for (const Issue& issue : outcome.issues) {
    if (issue.pointer == "/buffer/depht") CHECK(issue.hint == "did you mean \"depth\"?");
    if (issue.pointer == "/pet/wieght") CHECK(issue.hint == "did you mean \"weight\"?");
    if (issue.pointer == "/pet/age") CHECK(issue.message == "must be in [0, 30], got 31");
  }
}

TEST_CASE("fields: an int member refuses what does not fit instead of wrapping", "[core]") {
  // 4294967300 = 2^32 + 4 would wrap to 4; the field gives no upper end of its own.
  for (const char* value : {"4294967300", "2147483648"}) {
    const Outcome outcome = read(std::string("{\"columns\": ") + value + "}");
    REQUIRE(outcome.issues.size() == 1);
    CHECK(outcome.issues[0].message == std::string("must be in [1, 2147483647], got ") + value);
    CHECK(outcome.config.columns == 16);
  }
  CHECK(read("{\"columns\": 2147483647}").config.columns == 2147483647);
}

TEST_CASE("fields: a plug-in of an unknown name or shape is an issue at the right place", "[core]") {
  const std::vector<std::pair<const char*, const char*>> cases{{R"({"pet": "dgo"})", "/pet"},
                                                               {R"({"pet": {"type": "dgo"}})", "/pet/type"},
                                                               {R"({"pet": {"type": 4}})", "/pet/type"},
                                                               {R"({"pet": 4})", "/pet"},
                                                               {R"({"pet": ["dog"]})", "/pet"},
                                                               {R"({"pet": null})", "/pet"},
                                                               {R"({"buffer": 3})", "/buffer"}};
  for (const auto& [text, pointer] : cases) {
    CAPTURE(text);
    const auto issues = read(text).issues;
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].pointer == pointer);
  }
  CHECK(read(R"({"pet": "dgo"})").issues[0].hint == "did you mean \"dog\"?");
  const auto no_object = read("[]").issues;
  REQUIRE(no_object.size() == 1);
  CHECK(no_object[0].text() == "c.json:/: must be an object, got an array");
}

TEST_CASE("fields: the description lists every parameter with default, unit and range", "[core]") {
  Config config;
  DescribeFields describe("/pod");
  config.fields(describe);
  const auto at = [&](const std::string& pointer) {
    for (const FieldDescription& d : describe.result()) {
      if (d.pointer == pointer) return d;
    }
    FAIL("no " << pointer);
    return FieldDescription{};
  };
  CHECK(at("/pod/rows").default_text == "32");
  CHECK(at("/pod/rows").unit == "PEs");
  CHECK(at("/pod/rows").allowed.find("512") != std::string::npos);
  CHECK(at("/pod/partition").default_text.find("null") == 0);
  CHECK(at("/pod/mode").allowed == "fast, exact");
  CHECK(at("/pod/buffer/depth").type == "integer");
  CHECK(at("/pod/pet/type").allowed == "cat, dog");
  CHECK(at("/pod/pet<dog>/weight").default_text == "12.5");
}

struct Member {
  std::string name;
  std::int64_t size = 4;
  void fields(Fields& f) {
    f.text("name", name, "");
    f.integer("size", size, {1, 9}, "PEs", "of it");
  }
};

struct Family {
  std::vector<Member> members;
  std::map<std::string, std::string> roles;
  void fields(Fields& f) {
    f.list("members", members, {"size"}, "who belongs to it");
    f.texts("roles", roles, "free", "who does what");
  }
};

Family read_family(const std::string& text, std::vector<Issue>& found, const Family& defaults = {}) {
  const JsonDocument document = parse_json(text, "c.json");
  IssueList issues;
  Family out = read_config<Family>(JsonReader(document, issues), defaults);
  found = issues.issues();
  return out;
}

TEST_CASE("fields: lists of groups and objects of texts are read, echoed and left out while empty", "[core]") {
  std::vector<Issue> issues;
  const std::string text = R"({"members":[{"name":"a","size":3},{"name":"","size":9}],"roles":{"a":"x","b":""}})";
  const Family family = read_family(text, issues);
  CHECK(issues.empty());
  REQUIRE(family.members.size() == 2);
  CHECK(family.members[1].size == 9);
  CHECK(family.roles == std::map<std::string, std::string>{{"a", "x"}, {"b", ""}});
  CHECK(to_json(family).dump() == text);
  CHECK(to_json(Family{}).dump() == "{}");
  // What is given replaces what was there, all of it.
  const Family other = read_family(R"({"members": [{"size": 1}]})", issues, family);
  REQUIRE(other.members.size() == 1);
  CHECK(other.members[0].name.empty());
  CHECK(other.roles == family.roles);
  for (const char* none : {R"({"members": [], "roles": "free"})", R"({"members": null, "roles": null})"}) {
    CHECK(to_json(read_family(none, issues, family)).dump() == "{}");
    CHECK(issues.empty());
  }

  read_family(R"({"members": [{"name": "a"}, 3, {"size": 10, "nam": ""}], "roles": {"a": 1}})", issues);
  REQUIRE(issues.size() == 5);
  CHECK(issues[0].text() == "c.json:/members/0: the key \"size\" is missing");
  CHECK(issues[1].pointer == "/members/1");
  CHECK(issues[2].pointer == "/members/2/size");
  CHECK(issues[3].pointer == "/members/2/nam");
  CHECK(issues[4].pointer == "/roles/a");
  read_family(R"({"members": {}, "roles": "fre"})", issues);
  REQUIRE(issues.size() == 2);
  CHECK(issues[1].text().find("must be \"free\" or an object of texts, got the string \"fre\"") != std::string::npos);

  DescribeFields describe("/x");
  Family empty;
  empty.fields(describe);
  REQUIRE(describe.result().size() == 4);
  CHECK(describe.result()[0].pointer == "/x/members");
  CHECK(describe.result()[2].pointer == "/x/members/0/size");
  CHECK(describe.result()[2].default_text.empty());  // it must be given
  CHECK(describe.result()[3].default_text == "free");
}

TEST_CASE("registry: plug-ins are made by name with their parameters and the caller's arguments", "[core]") {
  const auto dog = animals().make({"dog", {{"age", 4}}}, 4);
  CHECK(dog->says == "woof 4");
  CHECK(dog->legs == 4);
  CHECK(animals().make({"cat"}, 3)->legs == 3);
  CHECK(animals().names() == std::vector<std::string>{"cat", "dog"});
  CHECK(animals().find("cow") == nullptr);
  CHECK(animals().find("dog")->summary == "barks");
  CHECK(animals().default_config("dog").parameters == Json::parse(R"({"age": 3, "weight": 12.5})"));
}

TEST_CASE("registry: unknown names and wrong parameters are bad input, double names internal errors", "[core]") {
  const auto kind_of = [](auto action) {
    try {
      action();
    } catch (const Error& error) {
      return std::make_pair(error.kind(), std::string(error.what()));
    }
    return std::make_pair(ErrorKind::run_failed, std::string("nothing thrown"));
  };
  const auto unknown = kind_of([] { animals().make({"dig"}, 4); });
  CHECK(unknown.first == ErrorKind::bad_input);
  CHECK(unknown.second == "unknown animal \"dig\" (allowed: cat, dog); did you mean \"dog\"?");
  CHECK(kind_of([] { animals().default_config("dig"); }).first == ErrorKind::bad_input);
  const auto wrong = kind_of([] { animals().make({"dog", {{"age", 99}, {"agee", 1}}}, 4); });
  CHECK(wrong.first == ErrorKind::bad_input);
  CHECK(wrong.second.find("animal dog:/age: must be in [0, 30], got 99") != std::string::npos);
  CHECK(wrong.second.find("animal dog:/agee: unknown key") != std::string::npos);
  CHECK(kind_of([] { animals().make({"cat", {{"age", 1}}}, 4); }).first == ErrorKind::bad_input);

  AnimalRegistry fresh("animal");
  const auto add = [&fresh] {
    const Registered<NoParameters> entry{fresh, "cow", "", [](const NoParameters&, int legs) {
                                           return std::make_unique<Animal>(Animal{"moo", legs});
                                         }};
  };
  add();
  const auto twice = kind_of(add);
  CHECK(twice.first == ErrorKind::internal);
  CHECK(twice.second.find("\"cow\" is registered twice") != std::string::npos);
  CHECK(fresh.make({"cow"}, 4)->says == "moo");
}

}  // namespace
}  // namespace podsim
