// Real programs, recorded: they print and return what they do otherwise, and their recordings make
// sense.

#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/record/program_check.hpp"
#include "test/record/recorded.hpp"

namespace tarn::record {
namespace {

std::string output_of(const std::string& command) {
  std::string output;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char text[4096];
  for (std::size_t bytes = 0; (bytes = std::fread(text, 1, sizeof text, pipe)) != 0;) {
    output.append(text, bytes);
  }
  pclose(pipe);
  return output;
}

// `command` must not depend on time, addresses or its process number.
void expect_unchanged(const std::string& command, std::uint64_t operation_count_min) {
  const std::string expected = output_of(command);
  ASSERT_FALSE(expected.empty()) << command;
  for (const Stacks stacks : {Stacks::none, Stacks::full}) {
    const Recorded recorded = record({"sh", "-c", command}, stacks);
    EXPECT_EQ(recorded.end.exit_code, 0);
    EXPECT_EQ(recorded.output, expected);
    EXPECT_EQ(recorded.stats.collected.nested_count, 0u);
    EXPECT_EQ(recorded.stats.collected.damaged_count, 0u);
    EXPECT_GE(recorded.stats.collected.event_count, operation_count_min);
  }
}

TEST(Programs, Sqlite) {
  expect_unchanged(
      "echo 'create table t(a integer primary key, b text);"
      " with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)"
      " insert into t select i, hex(i * 7) from n;"
      " create index x on t(b); select count(*), max(b) from t where b like \"%A%\";'"
      " | sqlite3 :memory:",
      20'000);
}

TEST(Programs, Python) {
  expect_unchanged(
      "PYTHONMALLOC=malloc /usr/bin/python3 -c 'import json, threading\n"
      "def work(n): return json.loads(json.dumps([{str(i): [i] * 3} for i in range(n)]))\n"
      "threads = [threading.Thread(target=work, args=(2000,)) for _ in range(3)]\n"
      "[t.start() for t in threads]; [t.join() for t in threads]\n"
      "print(len(work(3000)))'",
      100'000);
}

TEST(Programs, Compiler) {
  expect_unchanged(
      "echo '#include <vector>\nint f() { std::vector<int> v(3, 4); return v.back(); }'"
      " | g++ -x c++ -O1 -S -o - -",
      10'000);
}

TEST(Programs, Git) {
  expect_unchanged(
      "folder=$(mktemp -d) && [ -n \"$folder\" ] && cd \"$folder\" && export"
      " GIT_AUTHOR_DATE='@1 +0000' GIT_COMMITTER_DATE='@1 +0000' GIT_CONFIG_GLOBAL=/dev/null"
      " && git init -q && git config user.name a && git config user.email a@b"
      " && for i in 1 2 3; do echo $i > file && git add file && git commit -q -m $i; done"
      " && git log --stat -p && rm -rf \"$folder\"",
      2'000);
}

TEST(Programs, WhatCanNotBeRecordedIsToldBefore) {
  EXPECT_EQ(check_program(TARN_RECORD_STORM).answer, Recordable::yes);
  EXPECT_EQ(check_program(TARN_RECORD_STATIC).answer, Recordable::no_statically_linked);
  EXPECT_EQ(check_program(TARN_RECORD_OWN_ALLOCATOR).answer, Recordable::no_own_allocator);
  EXPECT_EQ(check_program(TARN_RECORD_OWN_ALLOCATOR).symbol, "malloc");
  EXPECT_EQ(check_program("sh").answer, Recordable::yes) << "is looked for in PATH";
  EXPECT_EQ(check_program("/no/such/program").answer, Recordable::no_such_file);
  EXPECT_EQ(check_program("/" + std::string(1000, 'x')).answer, Recordable::no_such_file);
  EXPECT_EQ(check_program("/etc/passwd").answer, Recordable::unknown);
}

}  // namespace
}  // namespace tarn::record
