// SPDX-License-Identifier: Apache-2.0
// Format: "Trace Event Format", complete events ("X") and metadata ("M"); ts and dur in microseconds.
#include "podsim/sim/chrome_trace.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "podsim/models/program.hpp"
#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"

namespace podsim {
namespace {

constexpr std::uint8_t kPods = 0;
constexpr std::uint8_t kFirstFabric = 1;
constexpr std::uint8_t kPostProcessors = kFirstFabric + kFabrics;
constexpr std::uint8_t kDram = kPostProcessors + 1;
constexpr std::uint8_t kGroups = kDram + 1;
/// Names that are longer are cut, so that a trace stays small whatever a network calls its layers.
constexpr std::size_t kLongestName = 60;

bool is_fabric(std::uint8_t group) {
  return group >= kFirstFabric && group < kPostProcessors;
}

FabricId fabric_of(std::uint8_t group) {
  return static_cast<FabricId>(group - kFirstFabric);
}

bool is_post_fabric(FabricId fabric) {
  return fabric == FabricId::post_in1 || fabric == FabricId::post_in2 || fabric == FabricId::post_out;
}

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string short_name(const std::string& name) {
  const std::string text = printable(name);
  if (text.size() <= kLongestName) return text;
  std::size_t length = kLongestName;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;  // whole characters
  return text.substr(0, length) + "...";
}

const char* pass_name(PostPlacement::Kind kind) {
  static constexpr const char* kNames[] = {"add",     "finalize",  "vector", "statistics",
                                           "combine", "normalize", "move",   "copy"};
  return kNames[static_cast<int>(kind)];
}

const char* move_name(DramMove move) {
  static constexpr const char* kNames[] = {"fill", "write back", "spill"};
  return kNames[static_cast<int>(move)];
}

std::string group_name(std::uint8_t group) {
  if (group == kPods) return "pods: tile operations";
  if (group == kPostProcessors) return "post-processors: passes";
  if (group == kDram) return "DRAM: transfers";
  return std::string("fabric ") + fabric_name(fabric_of(group)) + ": circuits";
}

std::string track_name(std::uint8_t group, std::uint32_t track) {
  const std::string number = std::to_string(track);
  if (group == kPods) return "pod " + number;
  if (group == kPostProcessors) return "post-processor " + number;
  if (group == kDram) return "transfers, lane " + number;
  const FabricId fabric = fabric_of(group);
  if (fabric == FabricId::post_out) return "from post-processor " + number;
  if (fabric == FabricId::p_out) return "from pod " + number;
  const char* banks = fabric == FabricId::x ? "X" : fabric == FabricId::w ? "W" : "P";
  return std::string("from ") + banks + " bank " + number;
}

std::string metadata(const char* what, std::uint8_t group, std::uint32_t track, const std::string& argument) {
  return std::string("{\"name\":\"") + what + "\",\"ph\":\"M\",\"pid\":" + std::to_string(group + 1) +
         ",\"tid\":" + std::to_string(track) + ",\"ts\":0,\"args\":{" + argument + "}}";
}

}  // namespace

void ChromeTrace::begin(const Program& program) {
  program_ = &program;
  network_ = short_name(program.work.network.name);
  clock_mhz_ = program.machine.config.clock_mhz;
  layers_.clear();
  events_.clear();
  for (auto& senders : last_) senders.clear();
  left_out_ = 0;
  cut_from_ = std::numeric_limits<std::int64_t>::max();
  for (const Operation& operation : program.work.network.operations) layers_.push_back(short_name(operation.name));
}

void ChromeTrace::add(const Event& event) {
  if (event.start > options_.last_cycle || event.start + event.cycles <= options_.first_cycle) return;
  if (event.start >= cut_from_) {
    ++left_out_;
    return;
  }
  events_.push_back(event);
  if (events_.size() >= 2 * options_.most_events) cut();
}

/// Leaves out all events from that cycle on in which there would be too many.
void ChromeTrace::cut() {
  if (events_.size() <= options_.most_events) return;
  std::vector<std::int64_t> starts;
  for (const Event& event : events_) starts.push_back(event.start);
  const auto limit = starts.begin() + static_cast<std::ptrdiff_t>(options_.most_events);
  std::nth_element(starts.begin(), limit, starts.end());
  cut_from_ = std::min(cut_from_, *limit);
  const auto rest =
      std::remove_if(events_.begin(), events_.end(), [this](const Event& event) { return event.start >= cut_from_; });
  left_out_ += events_.end() - rest;
  events_.erase(rest, events_.end());
  for (auto& senders : last_) senders.clear();
}

void ChromeTrace::operation(int pod, std::uint32_t op, std::int64_t start, std::int64_t rows) {
  Event event;
  event.start = start;
  event.cycles = rows;
  event.track = static_cast<std::uint32_t>(pod);
  event.id = op;
  event.layer = static_cast<std::uint32_t>(program_->work.gemm_of_op(op).operation);
  event.group = kPods;
  add(event);
}

void ChromeTrace::pass(int post_processor, std::uint32_t pass, std::int64_t start, std::int64_t rows) {
  const PostPlacement& placed = program_->schedule.post[pass];
  Event event;
  event.start = start;
  event.cycles = rows;
  event.track = static_cast<std::uint32_t>(post_processor);
  event.id = pass;
  event.layer = placed.operation;
  event.group = kPostProcessors;
  event.kind = static_cast<std::uint8_t>(placed.kind);
  add(event);
}

void ChromeTrace::dram(DramMove move, std::int64_t bytes, std::int64_t begin, std::int64_t end) {
  Event event;
  event.start = begin;
  event.cycles = std::max<std::int64_t>(end - begin, 1);
  event.group = kDram;
  event.kind = static_cast<std::uint8_t>(move);
  event.bytes = bytes;
  add(event);
}

void ChromeTrace::circuit(FabricId fabric, const Transfer& transfer) {
  const bool is_write = is_write_fabric(fabric);
  const std::uint32_t sender = is_write ? transfer.unit : transfer.bank;
  std::vector<std::size_t>& senders = last_[static_cast<std::size_t>(fabric)];
  if (senders.size() <= sender) senders.resize(sender + 1);
  if (!is_write && senders[sender] > 0) {
    Event& before = events_[senders[sender] - 1];
    if (before.start == transfer.launch && before.id == transfer.item) {
      ++before.branches;
      return;
    }
  }
  Event event;
  event.start = transfer.launch;
  event.cycles = transfer.rows;
  event.track = sender;
  event.id = transfer.item;
  event.layer = is_post_fabric(fabric) ? program_->schedule.post[transfer.id].operation
                                       : static_cast<std::uint32_t>(program_->work.gemm_of_op(transfer.id).operation);
  event.bytes = static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
  event.other = is_write ? transfer.bank : transfer.unit;
  event.group = static_cast<std::uint8_t>(kFirstFabric + static_cast<int>(fabric));
  const std::size_t before = events_.size();
  add(event);
  if (last_[static_cast<std::size_t>(fabric)].empty()) return;  // all was cut
  senders[sender] = events_.size() > before ? events_.size() : 0;
}

/// Transfers overlap if there are several channels, or by the cycle in which one ends and the next begins: each takes
/// the first lane that is free.
void ChromeTrace::give_lanes() {
  std::vector<Event*> transfers;
  for (Event& event : events_) {
    if (event.group == kDram) transfers.push_back(&event);
  }
  std::stable_sort(transfers.begin(), transfers.end(),
                   [](const Event* a, const Event* b) { return a->start < b->start; });
  std::vector<std::int64_t> free_from;
  for (Event* event : transfers) {
    const auto lane =
        std::find_if(free_from.begin(), free_from.end(), [event](std::int64_t cycle) { return cycle <= event->start; });
    event->track = static_cast<std::uint32_t>(lane - free_from.begin());
    if (lane == free_from.end()) {
      free_from.push_back(event->start + event->cycles);
    } else {
      *lane = event->start + event->cycles;
    }
  }
}

/// Branches that were told apart in time, or on both sides of a cut.
void ChromeTrace::merge_multicasts() {
  const auto key = [](const Event& event) { return std::tie(event.group, event.track, event.start, event.id); };
  std::stable_sort(events_.begin(), events_.end(), [&key](const Event& a, const Event& b) { return key(a) < key(b); });
  std::vector<Event> merged;
  merged.reserve(events_.size());
  for (const Event& event : events_) {
    if (!merged.empty() && is_fabric(event.group) && !is_write_fabric(fabric_of(event.group)) &&
        key(event) == key(merged.back())) {
      merged.back().branches += event.branches;
    } else {
      merged.push_back(event);
    }
  }
  events_ = std::move(merged);
}

std::string ChromeTrace::event_text(const Event& event) const {
  std::string name, arguments;
  if (event.group == kDram) {
    name = std::string("\"") + move_name(static_cast<DramMove>(event.kind)) + "\"";
    arguments = "\"bytes\":" + std::to_string(event.bytes);
  } else {
    name = quoted(layers_[event.layer]);
  }
  if (event.group == kPods) arguments = "\"op\":" + std::to_string(event.id);
  if (event.group == kPostProcessors) {
    arguments = "\"pass\":" + std::to_string(event.id) + ",\"kind\":\"" +
                pass_name(static_cast<PostPlacement::Kind>(event.kind)) + "\"";
  }
  if (is_fabric(event.group)) {
    arguments = "\"to\":" + std::to_string(event.other) + ",\"bytes\":" + std::to_string(event.bytes);
    if (event.branches > 1) arguments += ",\"receivers\":" + std::to_string(event.branches);
  }
  return "{\"name\":" + name + ",\"ph\":\"X\",\"pid\":" + std::to_string(event.group + 1) +
         ",\"tid\":" + std::to_string(event.track) + ",\"ts\":" + std::to_string(event.start) +
         ",\"dur\":" + std::to_string(event.cycles) + ",\"args\":{" + arguments + "}}";
}

std::string ChromeTrace::text() {
  cut();
  merge_multicasts();
  give_lanes();
  std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return std::tie(a.group, a.track, a.start) < std::tie(b.group, b.track, b.start);
  });
  const bool is_cut = cut_from_ != std::numeric_limits<std::int64_t>::max();
  const bool has_window = options_.first_cycle > 0 || options_.last_cycle != std::numeric_limits<std::int64_t>::max();

  Json about = {{"simulator", std::string("podsim ") + version()},
                {"commit", commit()},
                {"network", network_},
                {"clock_mhz", clock_mhz_},
                {"time_unit", "1 us of this trace is one clock cycle"},
                {"events", events_.size()},
                {"events_left_out", left_out_}};
  if (has_window) {
    about["window"] =
        std::to_string(options_.first_cycle) + " to " +
        (options_.last_cycle == std::numeric_limits<std::int64_t>::max() ? std::string("the end")
                                                                         : std::to_string(options_.last_cycle));
  }
  if (is_cut) {
    about["complete_before_cycle"] = cut_from_;
    about["note"] = "events that begin in cycle " + std::to_string(cut_from_) +
                    " or later are left out, since there are more than " + std::to_string(options_.most_events) +
                    "; --trace-window FIRST:LAST shows other cycles";
  }

  std::string out =
      "{\"displayTimeUnit\":\"ms\",\"otherData\":" + about.dump(-1, ' ', false, Json::error_handler_t::replace) +
      ",\n\"traceEvents\":[\n";
  std::string separator;
  const auto put = [&out, &separator](const std::string& event) {
    out += separator + event;
    separator = ",\n";
  };
  for (std::size_t n = 0; n < events_.size(); ++n) {
    const Event& event = events_[n];
    const bool is_new_group = n == 0 || events_[n - 1].group != event.group;
    if (is_new_group) {
      put(metadata("process_name", event.group, 0, "\"name\":" + quoted(group_name(event.group))));
      put(metadata("process_sort_index", event.group, 0, "\"sort_index\":" + std::to_string(event.group)));
    }
    if (is_new_group || events_[n - 1].track != event.track) {
      put(metadata("thread_name", event.group, event.track,
                   "\"name\":" + quoted(track_name(event.group, event.track))));
      put(metadata("thread_sort_index", event.group, event.track, "\"sort_index\":" + std::to_string(event.track)));
    }
    put(event_text(event));
  }
  if (is_cut) {
    put("{\"name\":\"events from here on are left out\",\"ph\":\"i\",\"s\":\"g\",\"pid\":1,\"tid\":0,\"ts\":" +
        std::to_string(cut_from_) + ",\"args\":{}}");
  }
  return out + "\n]}\n";
}

}  // namespace podsim
