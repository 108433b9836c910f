// Question: how does one thread get blocks of one size faster than malloc can?
//
// An order book adds and cancels orders all day long. They are of one size and end one by one, in
// no order, which is what a FixedPool is for: five instructions each way.

#include "tarn/slab/fixed_pool.hpp"

#include <cstdio>
#include <new>
#include <vector>

namespace {

struct Order {
  int number;
  double price;
};

}  // namespace

int main() {
  tarn::FixedPool pool(sizeof(Order), alignof(Order), {.name = "orders"});

  std::vector<Order*> book;
  for (int number = 0; number < 1000; ++number) {
    book.push_back(::new (pool.allocate()) Order{number, number * 0.5});
  }
  while (book.size() > 10) {  // most are cancelled
    pool.deallocate(book.back());
    book.pop_back();
  }

  pool.trim();  // after the rush: what no order is in goes back to the system
  std::printf("%zu orders in %zu slab\n", pool.stats().used_count, pool.stats().slab_count);
  const bool is_right = pool.stats().used_count == 10 && pool.owns(book[3]);
  for (Order* order : book) pool.deallocate(order);
  return is_right ? 0 : 1;
}
