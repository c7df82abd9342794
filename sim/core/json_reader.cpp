// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/json_reader.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr int kMaximumDepth = 256;

/// Builds the value tree from parser events; nlohmann's own builder would silently keep the last of two equal keys.
class StrictBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(std::string file) : file_(std::move(file)) {}

  Json take() { return std::move(root_); }
  const IssueList& issues() const { return issues_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool v) override { return put(v); }
  bool number_integer(number_integer_t v) override { return put(v); }
  bool number_unsigned(number_unsigned_t v) override { return put(v); }
  bool number_float(number_float_t v, const string_t& text) override {
    if (!std::isfinite(v)) {
      issues_.add({file_, pointer(), "the number " + text + " is too large", {}});
      return false;
    }
    // The parser hands over integers that do not fit 64 bits as floating point.
    if (text.find_first_of(".eE") == std::string::npos) {
      issues_.add({file_, pointer(), "the integer " + text + " does not fit 64 bits", {}});
      return false;
    }
    return put(v);
  }
  bool string(string_t& v) override { return put(v); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    Frame& frame = frames_.back();
    frame.key = name;
    if (!frame.keys.insert(name).second) issues_.add({file_, pointer(), "duplicate key \"" + name + "\"", {}});
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    std::string text = e.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error …" -> "at line 1, …"
    const auto at = text.find("] ");
    if (at != std::string::npos) text.erase(0, at + 2);
    issues_.add({file_, {}, "not valid JSON: " + printable(text), {}});
    return false;
  }

 private:
  struct Frame {
    Json* container;
    std::string key;
    std::set<std::string> keys;
  };

  std::string pointer() const {
    std::string out;
    for (const Frame& frame : frames_) {
      // The element being built is already in every array but the innermost one.
      const bool innermost = &frame == &frames_.back();
      out = pointer_append(
          out, frame.container->is_array() ? std::to_string(frame.container->size() - (innermost ? 0 : 1)) : frame.key);
    }
    return out;
  }

  Json* place(Json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Frame& frame = frames_.back();
    if (frame.container->is_array()) {
      frame.container->push_back(std::move(value));
      return &frame.container->back();
    }
    // operator[] of an ordered object searches all keys; that they differ is known from frame.keys.
    auto& members = frame.container->get_ref<Json::object_t&>();
    members.emplace_back(frame.key, std::move(value));
    return &members.back().second;
  }

  bool put(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (frames_.size() >= kMaximumDepth) {
      issues_.add({file_, {}, "nested deeper than " + std::to_string(kMaximumDepth) + " levels", {}});
      return false;
    }
    Json* at = place(std::move(container));
    frames_.push_back(Frame{at, {}, {}});
    return true;
  }

  bool close() {
    frames_.pop_back();
    return true;
  }

  std::string file_;
  Json root_;
  std::vector<Frame> frames_;
  IssueList issues_;
};

std::string range_text(const Range<std::int64_t>& range) {
  const bool bounded_above = range.highest != std::numeric_limits<std::int64_t>::max();
  const bool bounded_below = range.lowest != std::numeric_limits<std::int64_t>::lowest();
  if (bounded_above && bounded_below) {
    return "in [" + std::to_string(range.lowest) + ", " + std::to_string(range.highest) + "]";
  }
  if (bounded_below) return "at least " + std::to_string(range.lowest);
  return "at most " + std::to_string(range.highest);
}

std::string range_text(const Range<double>& range) {
  const bool bounded_above = range.highest != std::numeric_limits<double>::max();
  const bool bounded_below = range.lowest != std::numeric_limits<double>::lowest();
  if (bounded_above && bounded_below) {
    return "in [" + number_text(range.lowest) + ", " + number_text(range.highest) + "]";
  }
  if (bounded_below) return "at least " + number_text(range.lowest);
  return "at most " + number_text(range.highest);
}

/// " (allowed: at least 1)", or nothing if every number is.
template <class Number>
std::string allowed_text(const Range<Number>& range) {
  const Range<Number> any;
  if (range.lowest == any.lowest && range.highest == any.highest) return {};
  return " (allowed: " + range_text(range) + ")";
}

/// Editors on other systems save UTF-16, or put a mark before UTF-8.
void check_encoding(std::string& text, const std::string& path) {
  const std::string_view start = std::string_view(text).substr(0, 3);
  if (start == "\xef\xbb\xbf") text.erase(0, 3);
  if (start.substr(0, 2) != "\xff\xfe" && start.substr(0, 2) != "\xfe\xff") return;
  throw Error(ErrorKind::bad_input, {Issue{path, {}, "is UTF-16 text; UTF-8 is expected", "save it as UTF-8"}});
}

}  // namespace

std::string pointer_append(const std::string& pointer, const std::string& key) {
  std::string out = pointer + '/';
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

JsonDocument parse_json(const std::string& text, const std::string& file) {
  StrictBuilder builder(file);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw Error(ErrorKind::bad_input, {Issue{file, {}, "empty file; a JSON value is expected", {}}});
  }
  const bool parsed = Json::sax_parse(text, &builder);
  builder.issues().throw_if_any();
  if (!parsed) throw Error(ErrorKind::bad_input, {Issue{file, {}, "not valid JSON", {}}});
  return JsonDocument{file, builder.take()};
}

std::string read_text_file(const std::string& path, std::int64_t limit_bytes) {
  auto fail = [&path](const std::string& message) {
    return Error(ErrorKind::bad_input, {Issue{path, {}, message, {}}});
  };
  std::ifstream file;
  if (path != "-") {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw fail(std::string("cannot be read: ") + std::strerror(errno));
    if (S_ISDIR(status.st_mode)) throw fail("is a directory; a file is expected");
    if (status.st_size > limit_bytes) {
      throw fail("has " + with_thousands(status.st_size) + " bytes; at most " + with_thousands(limit_bytes) +
                 " are allowed");
    }
    file.open(path, std::ios::binary);
    if (!file) throw fail(std::string("cannot be read: ") + std::strerror(errno));
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  std::vector<char> block(1 << 16);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (static_cast<std::int64_t>(text.size()) > limit_bytes) {
      throw fail("has more than " + with_thousands(limit_bytes) + " bytes");
    }
  }
  if (in.bad()) throw fail("cannot be read to its end");
  check_encoding(text, path);
  return text;
}

JsonDocument read_json_file(const std::string& path) {
  return parse_json(read_text_file(path), path == "-" ? "standard input" : path);
}

JsonReader::JsonReader(const JsonDocument& document, IssueList& issues)
    : JsonReader(document.root, document.file, {}, issues) {}

JsonReader::JsonReader(const Json& value, std::string file, std::string pointer, IssueList& issues)
    : value_(&value), file_(std::move(file)), pointer_(std::move(pointer)), issues_(&issues) {}

std::string JsonReader::describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string: {
      std::string text = value.get<std::string>();
      if (text.size() > 60) {
        std::size_t end = 57;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // not inside a character
        text = text.substr(0, end) + "...";
      }
      return "the string \"" + text + "\"";
    }
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    default:
      return "the number " + value.dump();  // 32.0 stays "32.0", so that it differs from an integer
  }
}

bool JsonReader::expect_object() {
  if (value_->is_object()) return true;
  fail("must be an object, got " + describe(*value_));
  return false;
}

bool JsonReader::expect_array() {
  if (value_->is_array()) return true;
  fail("must be an array, got " + describe(*value_));
  return false;
}

bool JsonReader::has(const std::string& key) const {
  return value_->is_object() && value_->contains(key);
}

std::optional<JsonReader> JsonReader::optional_member(const std::string& key) {
  asked_.insert(key);
  if (!has(key)) return std::nullopt;
  return JsonReader((*value_)[key], file_, pointer_append(pointer_, key), *issues_);
}

std::optional<JsonReader> JsonReader::required_member(const std::string& key) {
  auto member = optional_member(key);
  if (!member) fail("the key \"" + key + "\" is missing");
  return member;
}

std::int64_t JsonReader::required_integer(const std::string& key, Range<std::int64_t> range) {
  auto member = required_member(key);
  return member ? member->integer(range).value_or(range.lowest) : range.lowest;
}

std::int64_t JsonReader::optional_integer(const std::string& key, std::int64_t otherwise, Range<std::int64_t> range) {
  auto member = optional_member(key);
  return member ? member->integer(range).value_or(otherwise) : otherwise;
}

double JsonReader::optional_number(const std::string& key, double otherwise, Range<double> range) {
  auto member = optional_member(key);
  return member ? member->number(range).value_or(otherwise) : otherwise;
}

bool JsonReader::optional_boolean(const std::string& key, bool otherwise) {
  auto member = optional_member(key);
  return member ? member->boolean().value_or(otherwise) : otherwise;
}

std::string JsonReader::required_string(const std::string& key) {
  auto member = required_member(key);
  return member ? member->string().value_or("") : "";
}

std::string JsonReader::optional_string(const std::string& key, const std::string& otherwise) {
  auto member = optional_member(key);
  return member ? member->string().value_or(otherwise) : otherwise;
}

std::string JsonReader::optional_choice(const std::string& key, const std::string& otherwise,
                                        const std::vector<std::string>& choices) {
  auto member = optional_member(key);
  if (!member) return otherwise;
  if (!member->value().is_string()) {
    member->fail("must be a string, got " + describe(member->value()) + " (allowed: " + join(choices) + ")");
    return otherwise;
  }
  const auto text = member->string();
  for (const std::string& choice : choices) {
    if (choice == *text) return *text;
  }
  member->fail("unknown value \"" + *text + "\" (allowed: " + join(choices) + ")", did_you_mean(*text, choices));
  return otherwise;
}

std::optional<std::int64_t> JsonReader::integer(Range<std::int64_t> range) {
  std::int64_t result = 0;
  if (value_->is_number_unsigned()) {
    const auto v = value_->get<std::uint64_t>();
    if (v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      fail("must be an integer " + range_text(range) + ", got " + value_->dump());
      return std::nullopt;
    }
    result = static_cast<std::int64_t>(v);
  } else if (value_->is_number_integer()) {
    result = value_->get<std::int64_t>();
  } else {
    std::string hint;
    if (value_->is_number_float()) {
      // 1e3 and 32.0 mean integers, but are none in JSON.
      const auto v = value_->get<double>();
      if (v == std::floor(v) && std::abs(v) < 1e15) hint = "write " + std::to_string(static_cast<std::int64_t>(v));
    }
    fail("must be an integer, got " + describe(*value_) + allowed_text(range), hint);
    return std::nullopt;
  }
  if (result < range.lowest || result > range.highest) {
    fail("must be " + range_text(range) + ", got " + std::to_string(result));
    return std::nullopt;
  }
  return result;
}

std::optional<double> JsonReader::number(Range<double> range) {
  if (!value_->is_number()) {
    fail("must be a number, got " + describe(*value_) + allowed_text(range));
    return std::nullopt;
  }
  const auto v = value_->get<double>();
  if (!(v >= range.lowest && v <= range.highest)) {
    fail("must be " + range_text(range) + ", got " + number_text(v));
    return std::nullopt;
  }
  return v;
}

std::optional<bool> JsonReader::boolean() {
  if (value_->is_boolean()) return value_->get<bool>();
  fail("must be true or false, got " + describe(*value_));
  return std::nullopt;
}

std::optional<std::string> JsonReader::string() {
  if (value_->is_string()) return value_->get<std::string>();
  fail("must be a string, got " + describe(*value_));
  return std::nullopt;
}

std::vector<JsonReader> JsonReader::elements() {
  std::vector<JsonReader> out;
  if (!expect_array()) return out;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    out.emplace_back((*value_)[i], file_, pointer_append(pointer_, std::to_string(i)), *issues_);
  }
  return out;
}

void JsonReader::fail(const std::string& message, const std::string& hint) const {
  issues_->add({file_, pointer_.empty() ? "/" : pointer_, message, hint});
}

void JsonReader::fail_at(const std::string& key, const std::string& message, const std::string& hint) const {
  issues_->add({file_, pointer_append(pointer_, key), message, hint});
}

void JsonReader::finish() {
  if (!value_->is_object()) return;
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [key, member] : value_->items()) {
    if (asked_.count(key) == 0) {
      fail_at(key, "unknown key \"" + key + "\" (allowed: " + join(known) + ")", did_you_mean(key, known));
    }
  }
}

}  // namespace podsim
