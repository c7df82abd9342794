// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "podsim/sim/commands/catalogue.hpp"
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {

int list_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> topics;
  for (const Catalogue& catalogue : catalogues()) topics.push_back(catalogue.topic);
  OptionParser parser(
      "Usage: podsim list [TOPIC] [options]\n\nShows what this build knows. Topics: " + join(topics) + ".\n",
      "Examples:\n"
      "  podsim list networks\n"
      "  for network in $(podsim list networks --names); do podsim validate -w $network; done\n",
      1);
  parser.flag("names", "names only, one a line");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const std::string topic = parsed->positional().empty() ? "" : parsed->positional().front();
  bool found = topic.empty();
  for (const Catalogue& catalogue : catalogues()) {
    if (!topic.empty() && catalogue.topic != topic) continue;
    Table table({Table::Align::left, Table::Align::left});
    for (const std::string& name : catalogue.registry->names()) {
      if (parsed->has("names")) {
        std::cout << catalogue.prefix << name << '\n';
      } else {
        table.row({catalogue.prefix + name, catalogue.registry->find(name)->summary});
      }
    }
    if (!parsed->has("names")) {
      if (found && topic.empty() && &catalogue != &catalogues().front()) std::cout << '\n';
      std::cout << catalogue.title << '\n' << table.text("  ");
    }
    found = true;
  }
  if (!found) {
    throw Error(ErrorKind::bad_input, {{"command line",
                                        {},
                                        "unknown topic \"" + topic + "\" (allowed: " + join(topics) + ")",
                                        did_you_mean(topic, topics)}});
  }
  return kExitGood;
}

}  // namespace podsim
