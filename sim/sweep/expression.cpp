// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/expression.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "podsim/sim/core/json_pointer.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {

struct Expression::Node {
  enum class Kind { constant, pointer, operation, function };
  Kind kind = Kind::constant;
  Json value;        ///< of a constant
  std::string name;  ///< pointer, operator or function
  std::vector<Node> operands;
};

namespace {

using Node = Expression::Node;

struct Function {
  std::size_t arguments;
  double (*body)(double, double);  ///< null: of the machine
};

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> list{
      {"min", {2, [](double a, double b) { return std::min(a, b); }}},
      {"max", {2, [](double a, double b) { return std::max(a, b); }}},
      {"pow", {2, [](double a, double b) { return std::pow(a, b); }}},
      {"floor", {1, [](double a, double) { return std::floor(a); }}},
      {"ceil", {1, [](double a, double) { return std::ceil(a); }}},
      {"round", {1, [](double a, double) { return std::round(a); }}},
      {"abs", {1, [](double a, double) { return std::fabs(a); }}},
      {"sqrt", {1, [](double a, double) { return std::sqrt(a); }}},
      {"log2", {1, [](double a, double) { return std::log2(a); }}},
      {"peak_power_watts", {0, nullptr}},
      {"area_mm2", {0, nullptr}},
      {"pods_within", {1, nullptr}},
      {"power_of_two_pods_within", {1, nullptr}},
  };
  return list;
}

/// From the loosest to the tightest.
const std::vector<std::vector<std::string>>& levels() {
  static const std::vector<std::vector<std::string>> list{
      {"||"}, {"&&"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}};
  return list;
}
constexpr std::size_t kComparison = 2;

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Node parse() {
    Node node = binary(0);
    skip_blanks();
    if (at_ < text_.size()) fail("an operator or the end");
    return node;
  }

 private:
  static constexpr int kDeepest = 100;

  [[noreturn]] void fail(const std::string& expected, const std::string& hint = {}) const {
    const std::string found = at_ < text_.size() ? "\"" + text_.substr(at_, 12) + "\"" : "the end";
    throw Error::bad_input(
        "expected " + expected + " at character " + std::to_string(at_ + 1) + " of \"" + text_ + "\", got " + found,
        hint);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool take(const std::string& word) {
    skip_blanks();
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }

  std::optional<std::string> take_any(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (take(word)) return word;
    }
    return std::nullopt;
  }

  Node binary(std::size_t level) {
    if (level == levels().size()) return unary();
    Node left = binary(level + 1);
    while (const auto op = take_any(levels()[level])) {
      Node node{Node::Kind::operation, {}, *op, {}};
      node.operands.push_back(std::move(left));
      node.operands.push_back(binary(level + 1));
      left = std::move(node);
      if (level == kComparison) break;  // a < b < c would not mean what it says
    }
    return left;
  }

  Node unary() {
    if (++depth_ > kDeepest) fail("less nesting");
    Node node;
    if (const auto op = take_any({"-", "!"})) {
      node = {Node::Kind::operation, {}, *op, {}};
      node.operands.push_back(unary());
    } else {
      node = primary();
    }
    --depth_;
    return node;
  }

  Node primary() {
    skip_blanks();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (take("(")) {
      Node node = binary(0);
      if (!take(")")) fail("\")\"");
      return node;
    }
    if (c == '{') return pointer();
    if (c == '\'') return constant(quoted());
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return constant(number());
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) return named();
    fail("a value", c == '/' ? "write pointers in braces: {/hardware/pods/rows}" : "");
  }

  static Node constant(Json value) { return {Node::Kind::constant, std::move(value), {}, {}}; }

  Node pointer() {
    const std::size_t end = text_.find('}', at_);
    if (end == std::string::npos) fail("\"}\" behind a JSON pointer");
    const std::string name = text_.substr(at_ + 1, end - at_ - 1);
    if (!pointer_keys(name)) fail("a JSON pointer in braces, such as {/hardware/pods/rows}");
    at_ = end + 1;
    return {Node::Kind::pointer, {}, name, {}};
  }

  std::string quoted() {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string::npos) fail("a closing '");
    std::string out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out;
  }

  double number() {
    double value = 0;
    const auto parsed = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (parsed.ec != std::errc{}) fail("a number");
    at_ = static_cast<std::size_t>(parsed.ptr - text_.data());
    return value;
  }

  Node named() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    const std::string name = text_.substr(begin, at_ - begin);
    if (name == "true" || name == "false") return constant(name == "true");
    const auto found = functions().find(name);
    if (found == functions().end()) {
      std::vector<std::string> names;
      for (const auto& [known, function] : functions()) names.push_back(known);
      at_ = begin;
      fail("a value or a function (" + join(names) + ")", did_you_mean(name, names));
    }
    Node node{Node::Kind::function, {}, name, {}};
    if (!take("(")) fail("\"(\"");
    for (std::size_t n = 0; n < found->second.arguments; ++n) {
      if (n > 0 && !take(",")) fail("\",\" and a further argument");
      node.operands.push_back(binary(0));
    }
    if (!take(")")) fail("\")\"");
    return node;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

class Evaluation {
 public:
  Evaluation(const std::string& text, const Expression::Lookup& lookup, const Expression::OfMachine& of_machine)
      : text_(text), lookup_(lookup), of_machine_(of_machine) {}

  Json value(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::constant:
        return node.value;
      case Node::Kind::pointer: {
        Json found = lookup_(node.name);
        if (found.is_number()) return found.get<double>();
        if (found.is_string() || found.is_boolean()) return found;
        throw wrong(node.name + " is " + JsonReader::describe(found) + ", not a number, a string or a boolean");
      }
      case Node::Kind::function: {
        auto argument = [&](std::size_t n) {
          return n < node.operands.size() ? number(node.operands[n], node.name) : 0;
        };
        const auto body = functions().at(node.name).body;
        return finite(body != nullptr ? body(argument(0), argument(1)) : of_machine_(node.name, argument(0)),
                      node.name);
      }
      case Node::Kind::operation:
        break;
    }
    return operation(node);
  }

 private:
  Error wrong(const std::string& what) const { return Error::bad_input(what + " in \"" + text_ + "\""); }

  Json finite(double value, const std::string& op) const {
    if (!std::isfinite(value)) throw wrong(op + " gives no finite number");
    return value;
  }

  double number(const Node& node, const std::string& op) const {
    const Json found = value(node);
    if (!found.is_number()) throw wrong(op + " needs numbers, got " + JsonReader::describe(found));
    return found.get<double>();
  }

  bool boolean(const Node& node, const std::string& op) const {
    const Json found = value(node);
    if (!found.is_boolean()) throw wrong(op + " needs conditions, got " + JsonReader::describe(found));
    return found.get<bool>();
  }

  Json operation(const Node& node) const {
    const std::string& op = node.name;
    if (op == "||") return boolean(node.operands[0], op) || boolean(node.operands[1], op);
    if (op == "&&") return boolean(node.operands[0], op) && boolean(node.operands[1], op);
    if (op == "!") return !boolean(node.operands[0], op);
    if (op == "==" || op == "!=") {
      const Json a = value(node.operands[0]);
      const Json b = value(node.operands[1]);
      if (a.type() != b.type()) {
        throw wrong(op + " compares " + JsonReader::describe(a) + " with " + JsonReader::describe(b));
      }
      return (a == b) == (op == "==");
    }
    const double a = number(node.operands[0], op);
    if (node.operands.size() == 1) return -a;
    const double b = number(node.operands[1], op);
    if (op == "<") return a < b;
    if (op == "<=") return a <= b;
    if (op == ">") return a > b;
    if (op == ">=") return a >= b;
    if (op == "+") return finite(a + b, op);
    if (op == "-") return finite(a - b, op);
    if (op == "*") return finite(a * b, op);
    if (op == "/") return finite(a / b, op);
    return finite(std::fmod(a, b), op);
  }

  const std::string& text_;
  const Expression::Lookup& lookup_;
  const Expression::OfMachine& of_machine_;
};

}  // namespace

Expression Expression::parse(const std::string& text) {
  Expression out;
  out.text_ = text;
  out.root_ = std::make_shared<const Node>(Parser(text).parse());
  return out;
}

Json Expression::evaluate(const Lookup& lookup, const OfMachine& of_machine) const {
  const Json value = Evaluation(text_, lookup, of_machine).value(*root_);
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.is_number()) {
    const double number = value.get<double>();
    if (number == std::floor(number) && std::fabs(number) <= kExact) return static_cast<std::int64_t>(number);
  }
  return value;
}

}  // namespace podsim
