#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The commands of the podsim program.

#include <string>
#include <vector>

namespace podsim {

/// Exit codes, the same for every command.
enum ExitCode { kExitGood = 0, kExitRunFailed = 1, kExitBadInput = 2 };

/// One word behind `podsim`.
struct Command {
  std::string name;
  std::string summary;
  /// \param arguments what follows the command's name
  /// \return the exit code
  /// \throws Error
  int (*run)(const std::vector<std::string>& arguments);
};

int run_command(const std::vector<std::string>& arguments);
int validate_command(const std::vector<std::string>& arguments);
int sweep_command(const std::vector<std::string>& arguments);
int merge_command(const std::vector<std::string>& arguments);
int list_command(const std::vector<std::string>& arguments);
int describe_command(const std::vector<std::string>& arguments);
int compare_command(const std::vector<std::string>& arguments);
int report_command(const std::vector<std::string>& arguments);
int power_command(const std::vector<std::string>& arguments);
int reproduce_command(const std::vector<std::string>& arguments);
int serve_command(const std::vector<std::string>& arguments);

/// Runs the program: finds the command, prints errors on standard error, returns the exit code.
int command_line(const std::vector<std::string>& arguments);

}  // namespace podsim
