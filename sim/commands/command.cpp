// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/command.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <new>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/log.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

const std::vector<Command>& commands() {
  static const std::vector<Command> list{
      {"run", "simulate a network on a machine", run_command},
      {"sweep", "simulate many points: parameters varied over lists", sweep_command},
      {"merge", "put the shards of a sweep together", merge_command},
      {"validate", "check an experiment without simulating it", validate_command},
      {"list", "show networks, machine presets, topologies, ...", list_command},
      {"describe", "explain parameters and plug-ins", describe_command},
      {"compare", "put two reports side by side", compare_command},
      {"report", "show runs and sweeps on a page of HTML", report_command},
      {"power", "peak power, area, pods within a power budget", power_command},
      {"reproduce", "repeat known results and say whether they are met", reproduce_command},
      {"serve", "run experiments that arrive as JSON lines", serve_command},
  };
  return list;
}

std::string help_text() {
  Table table({Table::Align::left, Table::Align::left});
  for (const Command& command : commands()) table.row({command.name, command.summary});
  return "podsim simulates neural networks on machines of many systolic arrays (pods), cycle by cycle.\n"
         "\n"
         "Usage: podsim COMMAND [options]\n"
         "\n" +
         table.text("  ") +
         "\n"
         "  --help, -h      this text; podsim COMMAND --help explains a command\n"
         "  --version, -v   what this build is\n"
         "\n"
         "First steps:\n"
         "  podsim run -w zoo:resnet50                              ResNet-50 on 256 pods of 32x32 PEs\n"
         "  podsim run -w zoo:bert_base --set /hardware/pods/count=64\n"
         "                                                          the same machine with 64 pods\n"
         "  podsim run -w zoo:resnet50 -c preset:tpuv1 -o run.json  another machine; the full report as JSON\n"
         "  podsim list networks                                    what can be run without a file\n"
         "  podsim describe /hardware/pods                          every parameter of the pods\n"
         "  podsim compare a.json b.json                            two reports side by side\n"
         "\n"
         "Exit codes: 0 good, 1 the run failed or was stopped, 2 bad input. Errors go to standard error.\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << help_text();
    return kExitBadInput;
  }
  const std::string& word = arguments.front();
  if (word == "--version" || word == "-V" || word == "-v") {
    std::cout << "podsim " << version() << " (" << commit() << ")\n";
    return kExitGood;
  }
  const bool wants_help = word == "--help" || word == "-h" || word == "help";
  if (wants_help && arguments.size() == 1) {
    std::cout << help_text();
    return kExitGood;
  }
  const std::string& name = wants_help ? arguments[1] : word;
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.push_back(command.name);
    if (command.name != name) continue;
    if (wants_help) return command.run({"--help"});
    return command.run({arguments.begin() + 1, arguments.end()});
  }
  const bool is_option = !name.empty() && name[0] == '-';
  if (is_option) names = {"--help", "--version"};
  throw Error(ErrorKind::bad_input, {{"command line",
                                      {},
                                      std::string(is_option ? "unknown option \"" : "unknown command \"") + name +
                                          "\" (allowed: " + join(names) + ")",
                                      did_you_mean(name, names)}});
}

void print(const Error& error) {
  constexpr std::size_t kShown = 50;
  const std::size_t count = error.issues().size();
  for (std::size_t n = 0; n < std::min(kShown, count); ++n) {
    std::cerr << "podsim: error: " << printable(error.issues()[n].text()) << '\n';
  }
  if (count > kShown) std::cerr << "podsim: error: and " << count - kShown << " more\n";
}

int guarded(const std::vector<std::string>& arguments) {
  try {
    return dispatch(arguments);
  } catch (const Error& error) {
    print(error);
    return error.kind() == ErrorKind::bad_input ? kExitBadInput : kExitRunFailed;
  } catch (const std::bad_alloc&) {
    std::cerr << "podsim: error: out of memory; --max-memory refuses work that is too large before it starts\n";
  } catch (const std::exception& error) {
    std::cerr << "podsim: error: internal error: " << error.what() << '\n';
  }
  return kExitRunFailed;
}

}  // namespace

int command_line(const std::vector<std::string>& arguments) {
  std::ios::sync_with_stdio(false);
  set_log_sink([](LogLevel level, const std::string& text) {
    std::cerr << (level == LogLevel::warning ? "podsim: warning: " : "podsim: ") << text << '\n';
  });
  const int code = guarded(arguments);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "podsim: error: standard output cannot be written\n";
    return code == kExitGood ? kExitRunFailed : code;
  }
  return code;
}

}  // namespace podsim
