// examples/region_travels.cpp - how does a task take its memory along to another thread?
//
// The task owns a region. The submitter fills it and lets go; the executor takes it over, works in
// it and lets go; the submitter reads the answer. The queue's lock makes each hand-over safe, so
// the region needs none. bind_to_this_thread() tells a checking region who holds it now.

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"

namespace {

struct Task {
  tarn::Region region{tarn::RegionOptions{.name = "task"}};
  std::string_view text;    // in the region, from the submitter
  std::string_view answer;  // in the region, from the executor
};

class Queue {
 public:
  void push(std::unique_ptr<Task> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    not_empty_.notify_one();
  }
  std::unique_ptr<Task> take() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return !tasks_.empty(); });
    std::unique_ptr<Task> task = std::move(tasks_.front());
    tasks_.pop_front();
    if (task) task->region.bind_to_this_thread();
    return task;
  }

 private:
  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::deque<std::unique_ptr<Task>> tasks_;
};

void execute(Queue& todo, Queue& done) {
  while (std::unique_ptr<Task> task = todo.take()) {  // a null task ends the work
    auto* reversed = static_cast<char*>(task->region.allocate(task->text.size(), 1));
    std::reverse_copy(task->text.begin(), task->text.end(), reversed);
    task->answer = {reversed, task->text.size()};
    done.push(std::move(task));
  }
}

}  // namespace

int main() {
  Queue todo;
  Queue done;
  std::thread executor(execute, std::ref(todo), std::ref(done));
  constexpr int task_count = 1000;
  for (int i = 0; i < task_count; ++i) {
    auto task = std::make_unique<Task>();
    task->text = tarn::format(task->region, "task %03d", i);
    todo.push(std::move(task));
  }
  todo.push(nullptr);

  int right_count = 0;
  for (int i = 0; i < task_count; ++i) {
    const std::unique_ptr<Task> task = done.take();
    const char expected[] = {static_cast<char>('0' + i % 10), static_cast<char>('0' + i / 10 % 10)};
    right_count += task->answer.starts_with(std::string_view(expected, 2)) ? 1 : 0;
  }
  executor.join();
  std::printf("%d of %d tasks came back right\n", right_count, task_count);
  return right_count == task_count ? 0 : 1;
}
