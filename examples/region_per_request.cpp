// examples/region_per_request.cpp - how does a server give each request its own memory?
//
// A region is created when a request arrives and ends when it is answered. Its chunks come from
// the thread's cache and go back there, so from the second request on malloc is not called.

#include <cstdio>
#include <string_view>

#include "examples/count_mallocs.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"

namespace {

struct Header {
  std::string_view name;
  std::string_view value;
  const Header* next;
};

// The list lives as long as the region; nobody frees a piece of it.
const Header* parse(tarn::Region& region, std::string_view text) {
  const Header* newest = nullptr;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const std::size_t colon = line.find(": ");
    newest = region.make<Header>(tarn::copy(region, line.substr(0, colon)),
                                 tarn::copy(region, line.substr(colon + 2)), newest);
  }
  return newest;
}

std::size_t answer(std::string_view text) {
  tarn::Region request({.name = "request"});
  std::string_view body;
  for (const Header* header = parse(request, text); header != nullptr; header = header->next) {
    body = tarn::format(request, "<p>%s is %s</p>%s", header->name.data(), header->value.data(),
                        body.data() == nullptr ? "" : body.data());
  }
  return body.size();
}

}  // namespace

int main() {
  constexpr std::string_view text = "Host: example.org\nAccept: text/html\nUser-Agent: curl\n";
  constexpr int request_count = 10000;
  const std::size_t body_bytes = answer(text);

  const std::size_t mallocs_before = malloc_count();
  bool same = true;
  for (int i = 0; i < request_count; ++i) same = answer(text) == body_bytes && same;
  const std::size_t calls = malloc_count() - mallocs_before;

  std::printf("%d requests of %zu bytes each: %zu calls to malloc after the first\n", request_count,
              body_bytes, calls);
  return same && body_bytes == 77 && calls == 0 ? 0 : 1;
}
