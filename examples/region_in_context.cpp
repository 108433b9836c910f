// examples/region_in_context.cpp - how does an object own the region all its parts live in?
//
// The region is a member, and the first one: members end in reverse order, so whatever points into
// the region is gone before the region is.

#include <cstdio>
#include <map>
#include <memory_resource>
#include <string_view>

#include "tarn/adapt/region_resource.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"

namespace {

class RequestContext {
 public:
  // Whoever has a context has a region: functions take the context and allocate from it.
  tarn::Region& region() { return region_; }

  void set(std::string_view name, std::string_view value) {
    variables_[tarn::copy(region_, name)] = tarn::copy(region_, value);
  }
  std::string_view get(std::string_view name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string_view{} : found->second;
  }

 private:
  tarn::Region region_{tarn::RegionOptions{.name = "request"}};
  tarn::RegionResource resource_{region_};
  std::pmr::map<std::string_view, std::string_view> variables_{&resource_};
};

int log_lines_written = 0;

void write_log_line(void* context) noexcept {
  ++log_lines_written;
  std::printf("  done with request %d\n", *static_cast<int*>(context));
}

std::string_view greet(RequestContext& context) {
  return tarn::format(context.region(), "Hello %s", context.get("user").data());
}

}  // namespace

int main() {
  bool right = true;
  for (int i = 0; i < 3; ++i) {
    RequestContext context;
    // What is to happen at the end of the request is registered where it becomes known.
    context.region().add_cleanup(write_log_line, context.region().make<int>(i));
    context.set("user", i == 1 ? "Ada" : "Grace");
    const std::string_view greeting = greet(context);
    std::printf("%s\n", greeting.data());
    right = right && greeting == (i == 1 ? "Hello Ada" : "Hello Grace") && log_lines_written == i;
  }
  return right && log_lines_written == 3 ? 0 : 1;
}
