// Goal: a file says of addresses which blocks they were, of differences which stacks, and of a disk
// that is full that it is. Method: events by hand, and the file read.

#include "tarn/record/trace_sink.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/process.hpp"
#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"

namespace tarn::record {
namespace {

using trace::Kind;

using Names = std::map<std::uint32_t, std::string>;

struct Read {
  trace::Program operations;
  std::vector<std::vector<std::uint64_t>> stacks;  // of each operation, the innermost call first
};

class Sinking : public testing::Test {
 protected:
  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("tarn_trace_sink_test." + std::to_string(process_id()));
  TraceSink sink_{path_, Stacks::full, StampScale(StampClock::system)};

  ~Sinking() override { std::filesystem::remove(path_); }

  void add(RawKind kind, std::uint64_t address, std::uint64_t bytes = 0,
           std::initializer_list<std::uint64_t> stack = {}, std::uint32_t thread = 1) {
    RawEvent event;
    event.kind = kind;
    event.thread = thread;
    event.stamp = stamp_ += 16;
    event.address = address;
    event.bytes = bytes;
    event.stack = {stack.begin(), stack.size()};
    sink_.add({&event, 1});
  }

  // Of 8 bytes at most.
  void add_text(RawKind kind, std::uint64_t address, std::uint32_t thread, const char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, std::strlen(text));
    add(kind, address, 0, {word}, thread);
  }

  Names thread_names() {
    EXPECT_TRUE(sink_.close());
    trace::FileInput input(path_);
    trace::TraceReader reader(input);
    EXPECT_TRUE(reader.open());
    note_count_ = reader.definitions().notes.size();
    return reader.definitions().thread_names();
  }

  Read read() {
    EXPECT_TRUE(sink_.close());
    Read read;
    trace::FileInput input(path_);
    trace::TraceReader reader(input);
    EXPECT_TRUE(reader.open());
    const trace::StackTable& table = reader.definitions().stacks;
    for (auto section = reader.next(); section && !section->empty(); section = reader.next()) {
      for (const trace::Operation& operation : *section) {
        read.operations.push_back(operation);
        std::vector<std::uint64_t>& stack = read.stacks.emplace_back();
        for (std::uint32_t at = operation.stack; at != 0; at = table[at].caller) {
          stack.push_back(table[at].address);
        }
      }
    }
    return read;
  }

  std::uint64_t stamp_ = 0;
  std::size_t note_count_ = 0;
};

TEST_F(Sinking, AnAddressIsTheBlockThatLiesThere) {
  add(RawKind::allocate, 0x10, 8);
  add(RawKind::deallocate, 0x10);
  add(RawKind::allocate_zeroed, 0x10, 9);
  add(RawKind::deallocate, 0x10);
  const trace::Program operations = read().operations;
  ASSERT_EQ(operations.size(), 4u);
  EXPECT_EQ(operations[0].kind, Kind::allocate);
  EXPECT_EQ(operations[2].kind, Kind::allocate_zeroed);
  for (const std::size_t i : {0u, 1u}) EXPECT_EQ(operations[i].block, 1u);
  for (const std::size_t i : {2u, 3u}) EXPECT_EQ(operations[i].block, 2u);
  EXPECT_EQ(sink_.stats().live_count, 0u);
}

TEST_F(Sinking, AMovingBlockLiesNowhere) {
  add(RawKind::allocate, 0x10, 8);
  add(RawKind::reallocate_begin, 0x10);
  add(RawKind::allocate, 0x10, 8, {}, 2);  // another thread's, where the first one was
  add(RawKind::reallocate_end, 0x20, 100);
  add(RawKind::deallocate, 0x20);
  const trace::Program operations = read().operations;
  ASSERT_EQ(operations.size(), 5u);
  EXPECT_EQ(operations[1].kind, Kind::thread_begin);
  EXPECT_EQ(operations[2].block, 2u);
  EXPECT_EQ(operations[3].kind, Kind::reallocate);
  EXPECT_EQ(operations[3].block, 1u);
  EXPECT_EQ(operations[3].bytes, 100u);
  EXPECT_EQ(operations[4].block, 1u);
}

TEST_F(Sinking, AReallocationThatIsRefusedChangesNothing) {
  add(RawKind::allocate, 0x10, 8);
  add(RawKind::reallocate_begin, 0x10);
  add(RawKind::reallocate_end, 0, 100);
  add(RawKind::deallocate, 0x10);
  const trace::Program operations = read().operations;
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[1].block, 1u);
}

TEST_F(Sinking, AReallocationToNothingIsAFree) {
  add(RawKind::allocate, 0x10, 8);
  add(RawKind::reallocate_begin, 0x10);
  add(RawKind::reallocate_end, 0, 0);
  const trace::Program operations = read().operations;
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[1].kind, Kind::deallocate);
}

TEST_F(Sinking, ABlockFromBeforeTheRecordingIsCounted) {
  add(RawKind::deallocate, 0x10);
  add(RawKind::reallocate_begin, 0x20);
  add(RawKind::reallocate_end, 0x30, 5);
  EXPECT_EQ(sink_.stats().unknown_count, 1u);
  const trace::Program operations = read().operations;
  ASSERT_EQ(operations.size(), 1u);
  EXPECT_EQ(operations[0].kind, Kind::allocate) << "from here on it is known";
}

TEST_F(Sinking, StacksAreDifferencesToTheOneBeforeOfTheThread) {
  const std::uint64_t none_shared = StackWord{0, 0}.pack();
  add(RawKind::allocate, 0x10, 8, {none_shared, 3, 2, 1});
  add(RawKind::allocate, 0x20, 8, {StackWord{0, 1}.pack(), 7}, 2);
  add(RawKind::allocate, 0x30, 8, {StackWord{2, 0}.pack(), 5, 4});
  add(RawKind::allocate, 0x40, 8, {StackWord{4, 0}.pack()});
  const std::vector<std::vector<std::uint64_t>> stacks = read().stacks;
  ASSERT_EQ(stacks.size(), 5u);
  EXPECT_EQ(stacks[0], (std::vector<std::uint64_t>{3, 2, 1}));
  EXPECT_EQ(stacks[2], (std::vector<std::uint64_t>{7, 0})) << "cut: its outermost call is unknown";
  EXPECT_EQ(stacks[3], (std::vector<std::uint64_t>{5, 4, 2, 1}));
  EXPECT_EQ(stacks[4], stacks[3]);
}

TEST_F(Sinking, ASlotStandsForTheTailThatItGotLast) {
  const std::uint32_t last_slot = tail_slot_count;
  add(RawKind::allocate, 0x10, 8, {StackWord{0, 0}.pack(), 2, 1});
  add(RawKind::allocate, 0x10, 8, {StackWord{2, 0, 1}.pack(), 4, 3});
  add(RawKind::allocate, 0x10, 8, {StackWord{1, 0, last_slot}.pack(), 5});
  add(RawKind::allocate, 0x10, 8, {StackWord{1, 0, 1}.pack()});  // of another caller
  add(RawKind::allocate, 0x10, 8, {StackWord{2, 0, 1}.pack()});
  add(RawKind::allocate, 0x10, 8, {StackWord{1, 0, 1}.pack(), 6});
  add(RawKind::allocate, 0x10, 8, {StackWord{2, 0, last_slot}.pack()});
  add(RawKind::allocate, 0x10, 8, {StackWord{1, 0, 1}.pack()});
  add(RawKind::allocate, 0x10, 8,
      {StackWord{1, 0, last_slot + 1}.pack()});  // no slot has this number, but it is in the memory
  add(RawKind::allocate, 0x10, 8, {StackWord{1, 0, 7}.pack()});  // nor has this one got a tail
  const std::vector<std::vector<std::uint64_t>> expected = {
      {2, 1}, {4, 3, 2, 1}, {5, 1}, {4, 3, 1}, {4, 3, 3, 1}, {6, 1}, {5, 6, 1}, {6, 1}};
  const std::vector<std::vector<std::uint64_t>> stacks = read().stacks;
  ASSERT_EQ(stacks.size(), expected.size() + 2);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(stacks[i], expected[i]) << i;
}

TEST_F(Sinking, AStackThatGrowsForEverIsBounded) {
  for (std::uint64_t i = 0; i < 5000; ++i) {
    add(RawKind::allocate, 16 * (i + 1), 8, {StackWord{UINT32_MAX >> 1, 0}.pack(), i + 1});
  }
  EXPECT_LE(read().stacks.back().size(), stack_call_count_max + 1);
}

TEST_F(Sinking, ANameIsOfTheThreadThatHasTheSystemsNumberAtThatTime) {
  add_text(RawKind::thread_name, 0, 1, "own");
  add_text(RawKind::thread_name, 700, 1, "nobody");
  add_text(RawKind::thread_begin, 700, 2, "");
  add_text(RawKind::thread_name, 700, 1, "two");
  add_text(RawKind::thread_begin, 700, 3, "");
  add_text(RawKind::thread_name, 700, 1, "three");
  sink_.end_thread(3);
  add_text(RawKind::thread_name, 700, 1, "dead");
  EXPECT_EQ(thread_names(), (Names{{1, "own"}, {2, "two"}, {3, "three"}}));
}

TEST_F(Sinking, TheNameOfTheProgramIsNoThreads) {
  add_text(RawKind::thread_begin, 700, 1, "sh");
  add_text(RawKind::thread_begin, 701, 2, "sh");
  add_text(RawKind::thread_begin, 702, 3, "worker");
  EXPECT_EQ(thread_names(), (Names{{3, "worker"}}));
}

TEST_F(Sinking, AnotherThreadMayNameTheFirst) {
  add_text(RawKind::thread_begin, 700, 1, "sh");
  add_text(RawKind::thread_name, 700, 2, "main");
  EXPECT_EQ(thread_names(), (Names{{1, "main"}}));
}

// Some programs say in the name of a thread what it does at the moment.
TEST_F(Sinking, OfManyNamesTheFirstAndTheLastAreWritten) {
  add_text(RawKind::thread_begin, 701, 2, "sh");
  for (const std::uint32_t thread : {1u, 2u}) {
    for (int i = 0; i < 1000; ++i) {
      add_text(RawKind::thread_name, 0, thread, i % 2 == 0 ? "waits" : "works");
    }
  }
  sink_.end_thread(2);
  EXPECT_EQ(thread_names(), (Names{{1, "works"}, {2, "works"}}));
  EXPECT_EQ(note_count_, 4u);
}

// Whenever one is found, all are told of: the file has what is news.
TEST_F(Sinking, AModuleThatIsThereAlreadyIsNotWrittenAgain) {
  const auto add_module = [this](std::uint64_t address, std::uint64_t bytes) {
    add(RawKind::module, address, 0, {bytes, 0, 0, 0, 0, 0});
  };
  for (int round = 0; round < 3; ++round) {
    add_module(0x1000, 0x1000);
    add_module(0x2000, 0x1000);
  }
  add_module(0x2800, 0x1000);  // in place of the second one
  add_module(0x2000, 0x1000);
  add_module(0x1000, 0x1000);
  add_module(0x10, UINT64_MAX);
  add_module(0x1000, 0x1000);
  EXPECT_TRUE(sink_.close());
  trace::FileInput input(path_);
  trace::TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  std::vector<std::uint64_t> addresses;
  for (const trace::Module& module : reader.definitions().modules) {
    addresses.push_back(module.address);
  }
  EXPECT_EQ(addresses, (std::vector<std::uint64_t>{0x1000, 0x2000, 0x2800, 0x2000, 0x10, 0x1000}));
}

TEST_F(Sinking, AModuleThatIsCutIsLeftOut) {
  add(RawKind::module, 0x1000, 0, {1, 2});
  add(RawKind::module, 0x1000, 0, {4096, 0, UINT64_MAX, 0, 0, 0});  // lengths beyond its words
  EXPECT_TRUE(sink_.close());
  trace::FileInput input(path_);
  trace::TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  ASSERT_EQ(reader.definitions().modules.size(), 1u);
  EXPECT_TRUE(reader.definitions().modules[0].path.empty());
  EXPECT_EQ(reader.definitions().modules[0].build_id.size(), 48u);
}

TEST(TraceSink, AFullDiskIsTold) {
  TraceSink sink("/dev/full", Stacks::none, StampScale(StampClock::system));
  RawEvent event;
  event.kind = RawKind::allocate;
  event.thread = 1;
  event.address = 16;
  sink.add({&event, 1});
  const Result<void> closed = sink.close();
  ASSERT_FALSE(closed);
  EXPECT_STREQ(closed.error().message, "can not write to /dev/full: No space left on device");
}

}  // namespace
}  // namespace tarn::record
