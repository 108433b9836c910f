// Serves requests, for `bench/record_cost`: each builds a tree of 43 blocks, some 20 calls deep,
// and destroys it. Its threads share nothing, as those of a server; record_storm's give each other
// blocks, and wait for the C library as well.
//
//     record_requests THREADS REQUESTS_PER_THREAD

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

struct Node {
  std::array<Node*, 6> children;
};

constexpr int framework_call_count = 15;
constexpr int tree_height = 2;

std::uint64_t next_random(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

[[gnu::noinline]] Node* build(int height, std::uint64_t& state) {
  const std::size_t text_bytes = next_random(state) % 512;
  auto* const node = static_cast<Node*>(std::malloc(sizeof(Node) + text_bytes));
  if (node == nullptr) std::abort();
  for (Node*& child : node->children) child = height == 0 ? nullptr : build(height - 1, state);
  return node;
}

[[gnu::noinline]] void destroy(Node* node) {
  for (Node* const child : node->children) {
    if (child != nullptr) destroy(child);
  }
  std::free(node);
}

[[gnu::noinline]] void serve(int call_count, std::uint64_t request_count, std::uint64_t state) {
  if (call_count != 0) {
    serve(call_count - 1, request_count, state);
    asm volatile("" ::: "memory");  // no tail call
    return;
  }
  for (std::uint64_t i = 0; i < request_count; ++i) destroy(build(tree_height, state));
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3) return 2;
  const auto thread_count = std::strtoull(arguments[1], nullptr, 10);
  const auto request_count = std::strtoull(arguments[2], nullptr, 10);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < thread_count; ++i) {
    threads.emplace_back(serve, framework_call_count, request_count, 88172645463325252 + i);
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
