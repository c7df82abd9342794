// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/options.hpp"

#include <array>
#include <charconv>
#include <iostream>
#include <sstream>
#include <utility>

#include <boost/program_options.hpp>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

namespace po = boost::program_options;

// Nobody types it; it collects the arguments without option.
constexpr const char* kPositional = " argument";

Error command_line_error(std::string message, std::string hint = {}) {
  return Error(ErrorKind::bad_input, {{"command line", {}, std::move(message), std::move(hint)}});
}

}  // namespace

struct OptionParser::Implementation {
  std::string usage;
  std::string examples;
  std::size_t positional = 0;
  po::options_description options{"Options", 110, 70};
  std::vector<std::string> flags, names;  ///< names: with dashes, for suggestions

  void declare(const std::string& option) {
    const std::size_t comma = option.find(',');
    names.push_back("--" + option.substr(0, comma));
    if (comma != std::string::npos) names.push_back("-" + option.substr(comma + 1));
  }
};

OptionParser::OptionParser(std::string usage, std::string examples, std::size_t positional)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->usage = std::move(usage);
  implementation_->examples = std::move(examples);
  implementation_->positional = positional;
  flag("help,h", "show this text");
}

OptionParser::~OptionParser() = default;

void OptionParser::flag(const std::string& option, const std::string& description) {
  implementation_->declare(option);
  implementation_->flags.push_back(option.substr(0, option.find(',')));
  implementation_->options.add_options()(option.c_str(), description.c_str());
}

void OptionParser::value(const std::string& option, const std::string& value_name, const std::string& description) {
  implementation_->declare(option);
  implementation_->options.add_options()(option.c_str(), po::value<std::string>()->value_name(value_name),
                                         description.c_str());
}

void OptionParser::repeated(const std::string& option, const std::string& value_name, const std::string& description) {
  implementation_->declare(option);
  implementation_->options.add_options()(
      option.c_str(), po::value<std::vector<std::string>>()->value_name(value_name)->composing(), description.c_str());
}

std::optional<Arguments> OptionParser::parse(const std::vector<std::string>& arguments) const {
  po::options_description all;
  all.add(implementation_->options);
  all.add_options()(kPositional, po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add(kPositional, -1);
  const std::vector<std::string>& names = implementation_->names;

  po::variables_map map;
  try {
    // Without guessing: a prefix that is unique today need not be so tomorrow.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(all).positional(positional).style(style).run(), map);
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    throw command_line_error("unknown option \"" + name + "\" (allowed: " + join(names) + ")",
                             did_you_mean(name, names));
  } catch (const po::error& error) {
    throw command_line_error(error.what(), "--help shows all options");
  }
  if (map.count("help") != 0) {
    std::cout << implementation_->usage << "\n" << implementation_->options << "\n" << implementation_->examples;
    return std::nullopt;
  }

  Arguments out;
  for (const auto& [name, value] : map) {
    if (name == kPositional) {
      out.positional_ = value.as<std::vector<std::string>>();
    } else if (value.value().type() == typeid(std::vector<std::string>)) {
      out.values_[name] = value.as<std::vector<std::string>>();
    } else if (value.value().type() == typeid(std::string) && !value.as<std::string>().empty()) {
      out.values_[name] = {value.as<std::string>()};
    } else {
      out.values_[name] = {""};
    }
  }
  if (out.positional_.size() > implementation_->positional) {
    const std::size_t allowed = implementation_->positional;
    const std::string count = allowed == 0   ? "no argument is"
                              : allowed == 1 ? "one argument is"
                                             : std::to_string(allowed) + " arguments are";
    throw command_line_error("unexpected argument \"" + out.positional_[allowed] + "\"; at most " + count +
                             " allowed without an option");
  }
  return out;
}

std::vector<std::string> Arguments::values(const std::string& option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<std::string> Arguments::value(const std::string& option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::nullopt : std::optional<std::string>(found->second.front());
}

std::optional<std::int64_t> Arguments::integer(const std::string& option, std::int64_t lowest,
                                               std::int64_t highest) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (text->empty() || parsed.ec != std::errc{} || parsed.ptr != end || number < lowest || number > highest) {
    const std::string range = highest == std::numeric_limits<std::int64_t>::max()
                                  ? "at least " + std::to_string(lowest)
                                  : "in [" + std::to_string(lowest) + ", " + std::to_string(highest) + "]";
    throw command_line_error("--" + option + " must be an integer " + range + ", got \"" + *text + "\"");
  }
  return number;
}

std::optional<std::int64_t> Arguments::size(const std::string& option) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  const auto fail = [&] {
    return command_line_error(
        "--" + option + " must be a number of bytes, at least 1, with an optional unit, got \"" + *text + "\"",
        "write for example 512M, 4GiB or 2GB");
  };
  double number = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr == text->data()) throw fail();
  const std::string unit(parsed.ptr, end);
  static constexpr std::array<const char*, 4> kPrefixes{"K", "M", "G", "T"};
  double factor = unit.empty() || unit == "B" ? 1 : 0;
  double binary = 1;
  double decimal = 1;
  for (const std::string prefix : kPrefixes) {
    binary *= 1024;
    decimal *= 1000;
    if (unit == prefix || unit == prefix + "iB") factor = binary;
    if (unit == prefix + "B") factor = decimal;
  }
  const double bytes = number * factor;
  // Also refuses NaN.
  if (!(bytes >= 1 && bytes < 9e18)) throw fail();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace podsim
