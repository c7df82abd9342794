// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/report_page.hpp"

#include <map>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/report_page/page_files.hpp"
#include "podsim/sim/report_page/run_section.hpp"
#include "podsim/sim/report_page/sweep_data.hpp"

namespace podsim {
namespace {

std::string base_name(const std::string& path, bool with_extension) {
  std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (!with_extension && dot != std::string::npos && dot > 0) name.erase(dot);
  return name;
}

/// For each file the shortest name that no other has: "a", "a.json", "x/a.json", the same with its position.
std::vector<std::string> labels(const std::vector<std::string>& files) {
  const auto forms = [&files](std::size_t n) {
    return std::vector<std::string>{base_name(files[n], false), base_name(files[n], true), files[n],
                                    files[n] + " #" + std::to_string(n + 1)};
  };
  std::vector<std::map<std::string, int>> uses(4);
  for (std::size_t n = 0; n < files.size(); ++n) {
    for (std::size_t form = 0; form < 4; ++form) ++uses[form][forms(n)[form]];
  }
  std::vector<std::string> out;
  for (std::size_t n = 0; n < files.size(); ++n) {
    std::size_t form = 0;
    while (form < 3 && uses[form][forms(n)[form]] > 1) ++form;
    out.push_back(forms(n)[form]);
  }
  return out;
}

/// The text with the first such mark replaced.
std::string replaced(std::string text, const std::string& mark, const std::string& by) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? text : text.replace(at, mark.size(), by);
}

std::string file_content(const std::string& name) {
  for (const PageFile& file : page_files()) {
    if (file.name == name) return file.content;
  }
  throw Error::internal("report page", "there is no file " + name);
}

/// chart.js and what else is shared, then the sections, then main.js, which draws.
std::string scripts() {
  std::string shared, sections;
  for (const PageFile& file : page_files()) {
    const bool is_script = file.name.size() > 3 && file.name.compare(file.name.size() - 3, 3, ".js") == 0;
    if (!is_script || file.name == "main.js") continue;
    (file.name.compare(0, 8, "section_") == 0 ? sections : shared) += file.content;
  }
  return shared + sections + file_content("main.js");
}

}  // namespace

Registry<RunSection>& run_section_registry() {
  static Registry<RunSection> registry("section");
  return registry;
}

Json page_data(const PageFiles& inputs) {
  Json out = {{"version", version()}, {"runs", Json::array()}, {"sweeps", Json::array()}};
  std::vector<std::string> files;
  for (const RunFile& run : inputs.runs) files.push_back(run.file);
  const std::vector<std::string> names = labels(files);
  for (std::size_t n = 0; n < inputs.runs.size(); ++n) {
    Json sections = Json::object();
    for (const std::string& name : run_section_registry().names()) {
      Json data = run_section_registry().make({name, Json::object()})->data(inputs.runs[n]);
      if (!data.is_null()) sections[name] = std::move(data);
    }
    out["runs"].push_back({{"label", names[n]}, {"file", files[n]}, {"sections", std::move(sections)}});
  }
  for (const SweepFile& sweep : inputs.sweeps) out["sweeps"].push_back(sweep_data(sweep));
  return out;
}

std::string script_json(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    // Only texts hold these characters, where JSON takes an escape for any of them.
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string report_page(const PageFiles& inputs) {
  const Json data = page_data(inputs);
  std::string title = "podsim";
  if (!inputs.runs.empty()) {
    title = text_of(member_of(inputs.runs.front().report, "network"), "name");
  } else if (!inputs.sweeps.empty()) {
    title = base_name(inputs.sweeps.front().file, false);
  }
  const std::size_t more = inputs.runs.size() + inputs.sweeps.size() - 1;
  if (more > 0) title += " and " + std::to_string(more) + " more";
  std::string page = file_content("page.html");
  // What users named comes last, so that nothing in it can be taken for a mark.
  page = replaced(std::move(page), "/* style */", file_content("page.css"));
  page = replaced(std::move(page), "/* script */", scripts());
  page = replaced(std::move(page), "<!-- title -->", html_text(title));
  return replaced(std::move(page), "<!-- data -->", script_json(data));
}

}  // namespace podsim
