// examples/region_calls.cpp - what does each call of a region do? docs/region.md shows the lines.

#include <cstdio>
#include <cstring>
#include <string_view>

#include "tarn/region/file_cleanup.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/scope.hpp"
#include "tarn/region/scratch.hpp"
#include "tarn/region/stack_region.hpp"
#include "tarn/region/text.hpp"

namespace {

int failure_count = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  ++failure_count;
  std::printf("not as documented: %s\n", what);
}

struct Point {
  double x;
  double y;
};

struct Log {
  explicit Log(int& line_count) : count(line_count) {}
  ~Log() { ++count; }
  int& count;
};

void count_up(void* count) noexcept { ++*static_cast<int*>(count); }

// Stands for a socket: it gives as much as there is.
std::size_t read_into(std::byte* first, std::byte* limit) {
  const std::size_t bytes = limit - first < 100 ? 0 : 100;
  if (bytes != 0) std::memset(first, 1, bytes);
  return bytes;
}

void blocks() {
  tarn::Region region;
  void* block = region.allocate(100);
  void* table = region.allocate_zeroed(4096, 64);
  expect(block != nullptr && *static_cast<char*>(table) == 0, "allocate");

  if (void* maybe = region.try_allocate(100)) std::memset(maybe, 0, 100);
  char* name = static_cast<char*>(region.allocate(5, 1));
  std::memcpy(name, "tarn", 5);

  void* list = region.allocate(64);
  if (region.try_extend(list, 64, 128)) std::memset(list, 0, 128);
  bool reusable = region.shrink(list, 128, 32);
  expect(reusable, "shrink of the newest block");

  void* body = region.allocate_large(1500);
  bool returned = region.deallocate_large(body);
  expect(returned, "deallocate_large");

  void* newest = region.allocate(24);
  bool taken_back = region.deallocate(newest, 24);
  expect(taken_back, "deallocate of the newest block");

  tarn::Region::Room room = region.room();
  std::size_t read_bytes = read_into(room.first, room.limit);
  region.move_cursor(room.first + read_bytes);
}

void objects() {
  int log_count = 0;
  {
    tarn::Region region;
    auto* point = region.make<Point>(1.0, 2.0);
    auto* log = region.make<Log>(log_count);
    expect(point->y == 2.0 && log->count == 0, "make");

    int* counts = region.make_array<int>(64);
    expect(counts[63] == 0, "make_array");

    std::string_view path = tarn::copy(region, "/index.html");
    std::string_view line = tarn::format(region, "GET %s HTTP/%d.%d", path.data(), 1, 1);
    expect(line == "GET /index.html HTTP/1.1", "format");
  }
  expect(log_count == 1, "the destructor runs");
}

void cleanups() {
  int count = 0;
  tarn::Region region;
  tarn::CleanupHandle first = region.add_cleanup(count_up, &count);
  tarn::CleanupHandle second = region.add_cleanup(count_up, &count);
  region.cancel(first);
  region.run_now(second);
  expect(count == 1 && !region.cancel(second), "cancel and run_now");

  tarn::CleanupHandle third;
  if (!region.try_add_cleanup(count_up, &count, third)) count_up(&count);
  region.reset();
  expect(count == 2, "reset runs what is left");
}

void lifetimes() {
  tarn::Region connection({.name = "connection"});
  tarn::Region request(connection, {.name = "request"});
  expect(request.parent() == &connection, "child");

  tarn::Region other({.name = "other connection"});
  other.adopt(request);
  request.detach();
  expect(request.parent() == nullptr, "detach");

  tarn::Region::Mark mark = connection.mark();
  int* draft = connection.make_array<int>(1000);
  connection.rewind(mark);
  expect(!connection.owns(draft, 1) && connection.stats().handed_out_bytes == 0, "rewind");
  {
    tarn::RegionScope scope(connection);
    draft = connection.make_array<int>(1000);
  }
  expect(connection.stats().handed_out_bytes == 0, "RegionScope");

  for (int i = 0; i < 1000; ++i) draft = connection.make_array<int>(20);
  connection.reset(tarn::Retain::at_most(16384).as_one_chunk());
  expect(connection.stats().reserved_bytes <= 16384 + 4096, "reset");

  tarn::Scratch scratch;
  char* line = scratch->make_array<char>(80);
  expect(line[79] == 0, "Scratch");

  char buffer[1024];
  tarn::Region in_buffer(buffer, sizeof buffer);
  tarn::StackRegion<1024> on_stack;
  expect(in_buffer.try_allocate(10) != nullptr && on_stack.try_allocate(10) != nullptr, "buffer");
}

void looking() {
  tarn::Region region({.name = "request", .reserved_bytes_max = 1 << 16});
  void* block = region.allocate(100);
  tarn::RegionStats stats = region.stats();
  std::printf("%s: %zu of %zu bytes\n", region.name(), stats.handed_out_bytes,
              stats.reserved_bytes);
  expect(region.owns(block, 100) && stats.chunk_count == 1, "stats and owns");

  tarn::Region child(region, {.name = "part"});
  region.for_each_child([](const tarn::Region& part) { std::puts(part.name()); });
  expect(region.stats().child_count == 1, "for_each_child");
}

}  // namespace

int main() {
  blocks();
  objects();
  cleanups();
  lifetimes();
  looking();
  return failure_count == 0 ? 0 : 1;
}
