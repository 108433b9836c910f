// Question: how are objects that are dear to make used again instead of made again?
//
// A connection has a buffer that should not be allocated anew for each client. An ObjectPool with a
// reset keeps connections constructed; without one it makes and destroys them each time.

#include "tarn/slab/object_pool.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

namespace {

class Connection {
 public:
  Connection() { input_.reserve(16384); }

  void receive(const char* text) { input_ += text; }
  [[nodiscard]] const std::string& input() const { return input_; }

  // Between two clients: the text goes, the buffer stays.
  void reset() noexcept { input_.clear(); }

 private:
  std::string input_;
};

struct Order {
  int number;
  std::string customer;
};

}  // namespace

int main() {
  tarn::ObjectPool<Connection, tarn::ResetByMember> connections({.name = "connections"});
  for (int client = 0; client < 1000; ++client) {
    auto connection = connections.make();
    connection->receive("GET / HTTP/1.1\r\n");
    if (connection->input().size() != 16) return 1;
  }  // each goes back to the pool here

  tarn::ObjectPool<Order> orders({.name = "orders"});
  tarn::Pooled<Order> order = orders.make(Order{7, "Ada"});
  std::shared_ptr<Order> shared = std::move(order);  // a handle is a std::unique_ptr
  std::printf("order %d of %s\n", shared->number, shared->customer.c_str());
  return shared->number == 7 ? 0 : 1;
}
