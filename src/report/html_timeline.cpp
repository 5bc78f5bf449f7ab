#include "report/html_timeline.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/html_text.hpp"

namespace tidelab::report {

namespace {

using std::chrono::microseconds;

constexpr int page_width_px = 1000, label_width = 330, line_height = 22, most_label = 46;

struct Lane {
  std::string label;
  std::vector<const Bar*> bars;
};

const char* class_of(run::Outcome outcome) {
  switch (outcome) {
    case run::Outcome::held:
    case run::Outcome::made: return "pass";
    case run::Outcome::failed: return "fail";
    case run::Outcome::blocked:
    case run::Outcome::interrupted: break;
  }
  return "unknown";
}

// A round length of which four to ten make the whole.
microseconds unit_for(microseconds whole) {
  long long unit = 1000;
  while (unit * 8 < whole.count()) {
    const auto base = unit;
    for (const int factor : {2, 5, 10})
      if (unit * 8 < whole.count()) unit = base * factor;
  }
  return microseconds(unit);
}

std::string render_axis(microseconds whole, int height, double scale) {
  std::string out;
  const auto unit = unit_for(whole);
  for (microseconds at{0}; at <= whole; at += unit) {
    const double x = label_width + static_cast<double>(at.count()) * scale;
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" y1=\"0\" x2=\"{0:.1f}\" y2=\"{1}\"/>\n<text class=\"tick\" x=\"{0:.1f}\" "
        "y=\"{2}\">{3}</text>\n",
        x, height, height + 14, at.count() == 0 ? "0" : render_span(at));
  }
  return out;
}

// `zero` and `end` are the edges; each bar tells what it is when it is pointed at.
std::string render_lanes(const std::string& about, const std::vector<Lane>& lanes, microseconds zero, microseconds end) {
  const auto whole = std::max(end - zero, microseconds(1000));
  const double scale = static_cast<double>(page_width_px - label_width - 40) / static_cast<double>(whole.count());
  const int height = static_cast<int>(lanes.size()) * line_height;
  auto out = fmt::format("<svg class=\"time\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\">\n", escape_html(about), page_width_px,
                         height + 20);
  out += render_axis(whole, height, scale);
  int y = 0;
  for (const auto& lane : lanes) {
    out += fmt::format("<text class=\"label\" x=\"{}\" y=\"{}\">{}<title>{}</title></text>\n", label_width - 8, y + 15,
                       escape_html(clip(lane.label, most_label)), escape_html(lane.label));
    for (const auto* bar : lane.bars) {
      const double x = label_width + static_cast<double>((bar->from - zero).count()) * scale;
      const double span = std::max(2.0, static_cast<double>((bar->to - bar->from).count()) * scale);
      out +=
          fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"><title>{}: {}</title></rect>\n",
                      class_of(bar->outcome), x, y + 4, span, line_height - 8, escape_html(bar->title), render_span(bar->to - bar->from));
    }
    y += line_height;
  }
  return out + "</svg>\n";
}

}  // namespace

std::string render_run_timeline(const Report& report) {
  std::vector<Lane> lanes;
  std::map<int, std::size_t> known;
  microseconds end{0};
  for (const auto& bar : report.bars) {
    const auto [found, fresh] = known.try_emplace(bar.component, lanes.size());
    if (fresh) {
      auto label = component_label(report.opened, bar.component);
      lanes.push_back({label.empty() ? "hosts" : std::move(label), {}});
    }
    lanes[found->second].bars.push_back(&bar);
    end = std::max(end, bar.to);
  }
  if (lanes.empty()) return {};
  return "<h2>what took how long</h2>\n" + render_lanes("what each component took of the run", lanes, microseconds(0), end);
}

std::string render_hop_timeline(const Report& report, const Group& group) {
  std::vector<Lane> lanes;
  microseconds zero = microseconds::max(), end{0};
  for (const Row* row : group.rows) {
    const auto bar = std::find_if(report.bars.begin(), report.bars.end(), [&](const Bar& each) { return each.step == row->step; });
    if (bar == report.bars.end()) continue;
    lanes.push_back({row->hop.title, {&*bar}});
    zero = std::min(zero, bar->from), end = std::max(end, bar->to);
  }
  return lanes.empty() ? std::string() : render_lanes("when the row was where: " + group.title(), lanes, zero, end);
}

}  // namespace tidelab::report
