// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/tenancy/tenancy_result.hpp"

#include <algorithm>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

double ratio(std::int64_t a, std::int64_t b) {
  return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0;
}

void add_figures(Json& out, const TenancyResult& result) {
  out["makespan_cycles"] = result.makespan_cycles;
  out["sequential_cycles"] = result.sequential_cycles();
  out["stp"] = result.stp();
  out["antt"] = result.antt();
  out["fairness"] = result.fairness();
  out["deadline_misses"] = result.deadline_misses();
  out["plannings"] = result.plannings;
}

void add_figures(Json& out, const TenantResult& tenant, double clock_mhz) {
  out["done_cycle"] = tenant.done_cycle;
  out["misses_deadline"] = tenant.misses_deadline();
  out["latency_cycles"] = tenant.latency_cycles();
  out["latency_ms"] = static_cast<double>(tenant.latency_cycles()) / (clock_mhz * 1e3);
  out["alone_cycles"] = tenant.alone_cycles;
  out["slowdown"] = tenant.slowdown();
  out["progress"] = tenant.progress();
}

}  // namespace

double TenantResult::slowdown() const {
  return ratio(latency_cycles(), alone_cycles);
}

double TenantResult::progress() const {
  return ratio(alone_cycles, latency_cycles());
}

double TenancyResult::stp() const {
  double sum = 0;
  for (const TenantResult& tenant : tenants) sum += tenant.progress();
  return sum;
}

double TenancyResult::antt() const {
  double sum = 0;
  for (const TenantResult& tenant : tenants) sum += tenant.slowdown();
  return tenants.empty() ? 0 : sum / static_cast<double>(tenants.size());
}

double TenancyResult::fairness() const {
  if (tenants.empty()) return 0;
  const auto [least, most] =
      std::minmax_element(tenants.begin(), tenants.end(),
                          [](const TenantResult& a, const TenantResult& b) { return a.progress() < b.progress(); });
  return most->progress() > 0 ? least->progress() / most->progress() : 0;
}

std::int64_t TenancyResult::deadline_misses() const {
  return std::count_if(tenants.begin(), tenants.end(), [](const TenantResult& t) { return t.misses_deadline(); });
}

bool TenancyResult::has_arrivals() const {
  return std::any_of(tenants.begin(), tenants.end(), [](const TenantResult& t) { return t.arrival_cycle > 0; });
}

std::int64_t TenancyResult::sequential_cycles() const {
  std::int64_t sum = 0;
  for (const TenantResult& tenant : tenants) sum += tenant.alone_cycles;
  return sum;
}

Json to_json(const TenancyResult& result, double clock_mhz) {
  Json out = Json::object();
  out["policy"] = result.policy;
  out["complete"] = result.is_complete;
  if (result.is_complete) add_figures(out, result);
  Json& tenants = out["tenants"] = Json::array();
  for (const TenantResult& tenant : result.tenants) {
    Json& entry = tenants.emplace_back();
    entry["name"] = tenant.name;
    entry["workload"] = tenant.workload;
    entry["workload_hash"] = tenant.workload_hash;
    entry["batch"] = tenant.batch;
    entry["macs"] = tenant.macs;
    entry["pods"] = tenant.pods;
    entry["priority"] = tenant.priority;
    entry["arrival_cycle"] = tenant.arrival_cycle;
    entry["deadline_cycle"] = tenant.deadline_cycle;
    entry["energy_mj"] = tenant.joules * 1e3;
    if (result.is_complete) add_figures(entry, tenant, clock_mhz);
  }
  return out;
}

std::string tenancy_text(const TenancyResult& result, double clock_mhz) {
  const std::string who =
      counted(static_cast<std::int64_t>(result.tenants.size()), "tenant") + ", policy " + result.policy;
  if (!result.is_complete) return who + ": stopped before all were done, so that there are no figures of them\n";
  using Align = Table::Align;
  Table table({Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::left});
  table.row({"tenant", "arrives", "done", "latency", "alone", "slowdown", ""});
  for (const TenantResult& tenant : result.tenants) {
    const double ms = static_cast<double>(tenant.latency_cycles()) / (clock_mhz * 1e3);
    table.row({printable(tenant.name), with_thousands(tenant.arrival_cycle), with_thousands(tenant.done_cycle),
               with_thousands(tenant.latency_cycles()) + " (" + fixed(ms, 3) + " ms)",
               with_thousands(tenant.alone_cycles), fixed(tenant.slowdown(), 2) + "x",
               tenant.misses_deadline() ? "misses its deadline, " + with_thousands(tenant.deadline_cycle) : ""});
  }
  std::string out = who + ": makespan " + with_thousands(result.makespan_cycles) + " cycles";
  if (!result.has_arrivals()) {
    out += ", " + fixed(ratio(result.sequential_cycles(), result.makespan_cycles), 2) +
           " times as fast as one after the other";
  }
  out += "\n  STP " + fixed(result.stp(), 2) + ", ANTT " + fixed(result.antt(), 2) + ", fairness " +
         fixed(result.fairness(), 2);
  if (result.deadline_misses() > 0) out += ", deadlines missed: " + std::to_string(result.deadline_misses());
  return out + "\n" + table.text("  ");
}

}  // namespace podsim
