// examples/buffer_leaks.cpp - which buffers have been alive for too long, and who made them?
//
//     a running server, now and then:   of each watched buffer: how old, from where, where last?

#include <cstdio>
#include <string_view>
#include <vector>

#include "tarn/buffer/buffer_pool.hpp"

namespace {

// Nobody ever empties it: a leak, though every buffer has an owner.
std::vector<tarn::Buffer> audit_log;

void handle_request(tarn::BufferPool& pool) {
  tarn::Buffer request = pool.allocate(100);
  request.write("GET / HTTP/1.1");
  audit_log.push_back(request.share());
}

}  // namespace

int main() {
  // In production one of 128 is watched, which is the default and finds what repeats.
  tarn::BufferPool pool({.leak_detection = tarn::LeakDetection::all});
  for (int i = 0; i < 3; ++i) handle_request(pool);

  std::size_t suspect_count = 0;
  pool.for_each_watched([&](const tarn::LiveBuffer& buffer) {
    ++suspect_count;
    const double age_s = static_cast<double>(buffer.age_ns) / 1e9;
    std::printf("%zu bytes, %.1f s old, from %s:%d, last used at %s:%d\n", buffer.capacity, age_s,
                buffer.birth.file, buffer.birth.line, buffer.touches.back().file,
                buffer.touches.back().line);
  });
  audit_log.clear();
  return suspect_count == 3 ? 0 : 1;
}
