#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Reports and sweeps as one page of HTML that needs nothing beside it.

#include <string>

#include "podsim/sim/report_page/page_input.hpp"

namespace podsim {

/// What the page draws: {"version", "runs": [{"label", "file", "sections": {name: data}}], "sweeps": [...]}. Labels are
/// names of files, as short as they can be told apart.
Json page_data(const PageFiles& inputs);

/// JSON as it may stand in a script element: the characters with which HTML could leave it are escaped.
std::string script_json(const Json& value);

/// The text with the five characters of HTML escaped.
std::string html_text(const std::string& text);

/// The whole page. Equal inputs give equal bytes.
std::string report_page(const PageFiles& inputs);

}  // namespace podsim
