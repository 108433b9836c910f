// Goal: a file gives back what was written, from any time on, also when the writer was killed;
// files that are cut, damaged or hostile are refused with the byte and the reason, and all sections
// in front of that are given. Method: random programs there and back; every truncation, every
// flipped bit; heads that lie, with checksums that fit; a device that is full.

#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include "tarn/trace_file/section_index.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "tarn/trace_file/trace_writer.hpp"
#include "testing/operation_program.hpp"
#include "testing/random_operation.hpp"
#include "testing/seed.hpp"

namespace tarn::trace {
namespace {

// What came out of a file, and the error at its end.
struct Content {
  Program program;
  std::string end = "the end";
  ErrorCode code = ErrorCode::malformed;
};

Content read_all(TraceReader& reader) {
  Content content;
  for (;;) {
    const auto section = reader.next();
    if (!section) {
      content.end = section.error().message;
      content.code = section.error().code;
      return content;
    }
    if (section->empty()) return content;
    content.program.insert(content.program.end(), section->begin(), section->end());
  }
}

Content read_all(ByteView file) {
  MemoryInput input(file);
  TraceReader reader(input);
  if (Result<void> opened = reader.open(); !opened) {
    return {{}, opened.error().message, opened.error().code};
  }
  return read_all(reader);
}

Operation phase_at(std::uint64_t time_ns) {
  Operation operation;
  operation.kind = Kind::phase;
  operation.time_ns = time_ns;
  return operation;
}

// Three sections of two operations each, with a stack before each of them.
Bytes small_file(bool is_closed = true) {
  MemoryOutput output;
  TraceWriter writer(output);
  writer.add_note("command", "sleep 1");
  for (std::uint32_t i = 0; i < 3; ++i) {
    Operation operation = phase_at(100 * i);
    operation.stack = writer.add_stack(i, 0x1000 + i);
    writer.append(operation);
    operation.time_ns += 50;
    writer.append(operation);
    EXPECT_TRUE(writer.flush());
  }
  if (is_closed) {
    EXPECT_TRUE(writer.close());
  }
  return output.content();
}

Program small_program() { return read_all(small_file()).program; }

bool is_beginning(const Program& part, const Program& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// The places of all sections, as a scan finds them.
std::vector<SectionPlace> places_of(const Bytes& file) {
  std::vector<SectionPlace> places;
  for (std::uint64_t offset = file_header_bytes; offset + section_head_bytes <= file.size();) {
    SectionHeadBytes bytes{};
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), bytes.begin());
    SectionPlace place;
    if (!decode(bytes, place.head)) break;
    place.offset = offset;
    places.push_back(place);
    offset = place.end();
  }
  return places;
}

// `file` with another head, whose checksum fits, in front of what the section stores.
Bytes with_head(Bytes file, const SectionPlace& place) {
  SectionHead head = place.head;
  const auto head_at = file.begin() + static_cast<std::ptrdiff_t>(place.offset);
  const auto stored_at = head_at + static_cast<std::ptrdiff_t>(section_head_bytes);
  const auto left = static_cast<std::size_t>(file.end() - stored_at);
  head.checksum =
      checksum_of(head, ByteView(&*stored_at, std::min<std::size_t>(left, head.stored_bytes)));
  const SectionHeadBytes bytes = encode(head);
  std::copy(bytes.begin(), bytes.end(), head_at);
  return file;
}

// A file of one section.
Bytes file_with(SectionKind kind, std::uint32_t item_count, ByteView plain) {
  Compressor compressor;
  Bytes stored;
  compressor.compress(plain, stored);
  const FileHeaderBytes header = encode(FileHeader{});
  SectionPlace place{header.size(), {}};
  place.head.kind = kind;
  place.head.item_count = item_count;
  place.head.plain_bytes = static_cast<std::uint32_t>(plain.size());
  place.head.stored_bytes = static_cast<std::uint32_t>(stored.size());
  Bytes file(header.begin(), header.end());
  file.resize(header.size() + section_head_bytes);
  file.insert(file.end(), stored.begin(), stored.end());
  return with_head(std::move(file), place);
}

TEST(TraceFile, GivesBackWhatWasWritten) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  Program program;
  for (std::uint32_t i = 0; i < section_event_count + 1000; ++i) {
    program.push_back(random_operation(random));
  }
  MemoryOutput output;
  TraceWriter writer(output);
  for (const Operation& operation : program) writer.append(operation);
  ASSERT_TRUE(writer.close());
  const Content content = read_all(output.content());
  EXPECT_EQ(content.end, "the end");
  EXPECT_EQ(content.program, program);
}

TEST(TraceFile, AnEmptyFileIsATrace) {
  MemoryOutput output;
  TraceWriter writer(output);
  ASSERT_TRUE(writer.close());
  const Content content = read_all(output.content());
  EXPECT_EQ(content.end, "the end");
  EXPECT_TRUE(content.program.empty());
}

TEST(TraceFile, KeepsDefinitions) {
  MemoryOutput output;
  TraceWriter writer(output, 16);
  const Module module{"/usr/bin/server", "0123abcd", 0x400000, 0x2000, 0x1000};
  writer.add_module(module);
  writer.add_note("command", "server --port 1");
  const std::uint32_t outer = writer.add_stack(0, 0x400100);
  const std::uint32_t inner = writer.add_stack(outer, 0x400200);
  EXPECT_EQ(writer.add_stack(outer, 0x400200), inner);
  EXPECT_EQ(writer.add_name("request"), 1u);
  EXPECT_EQ(writer.add_name("request"), 1u);
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(writer.add_name(""), 2u);
  writer.append(phase_at(33));
  ASSERT_TRUE(writer.close());

  MemoryInput input(output.content());
  TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  EXPECT_EQ(reader.time_unit_ns(), 16u);
  EXPECT_EQ(reader.operation_count(), 1u);
  EXPECT_EQ(reader.time_last_ns(), 32u);
  EXPECT_EQ(reader.definitions().modules, std::vector<Module>{module});
  EXPECT_EQ(reader.definitions().notes, (std::vector<Note>{{"command", "server --port 1"}}));
  EXPECT_EQ(reader.definitions().stacks.count(), 2u);
  EXPECT_EQ(reader.definitions().stacks[inner].caller, outer);
  EXPECT_EQ(reader.definitions().stacks[inner].address, 0x400200u);
  EXPECT_EQ(reader.definitions().name(1), "request");
  EXPECT_EQ(reader.definitions().name(3), "");
}

TEST(TraceFile, AManyHundredThousandStacksComeBack) {
  MemoryOutput output;
  TraceWriter writer(output);
  std::mt19937_64 random(1);
  StackTable expected;
  for (int i = 0; i < 300000; ++i) {
    const auto caller = static_cast<std::uint32_t>(random() % (expected.count() + 1));
    const std::uint64_t address = random() >> (random() % 64);
    ASSERT_EQ(writer.add_stack(caller, address), expected.add(caller, address));
  }
  ASSERT_TRUE(writer.close());
  MemoryInput input(output.content());
  TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  const StackTable& stacks = reader.definitions().stacks;
  ASSERT_EQ(stacks.count(), expected.count());
  for (std::uint32_t i = 1; i <= stacks.count(); ++i) {
    ASSERT_EQ(stacks[i].caller, expected[i].caller);
    ASSERT_EQ(stacks[i].address, expected[i].address);
  }
}

// A recursion of `depth` calls; with its bytes repeated zstd makes four of a thousand.
Bytes file_with_stack(std::uint32_t depth) {
  Bytes plain;
  for (std::uint32_t i = 0; i < depth; ++i) plain.insert(plain.end(), {1, 2});
  return file_with(SectionKind::stacks, depth, plain);
}

TEST(TraceFile, AStackDeeperThanAnyIsRefused) {
  EXPECT_EQ(read_all(file_with_stack(stack_depth_max)).code, ErrorCode::incomplete);
  const Content content = read_all(file_with_stack(stack_depth_max + 1));
  EXPECT_EQ(content.code, ErrorCode::malformed);
  EXPECT_EQ(content.end,
            "byte 24: definitions that do not fit those before, or a stack deeper than "
            "any can be");
}

TEST(TraceFile, MoreDefinitionsThanAnyHasAreRefused) {
  const Bytes empty_notes(2 * (std::size_t{definition_count_max} + 1));
  EXPECT_EQ(read_all(file_with(SectionKind::notes, definition_count_max + 1, empty_notes)).end,
            "byte 24: more definitions than any trace can have");
}

TEST(TraceFile, AStackThatIsTooDeepToBeWrittenIsNotKnown) {
  MemoryOutput output;
  TraceWriter writer(output);
  std::uint32_t stack = 0;
  for (std::uint64_t i = 0; i < stack_depth_max; ++i) stack = writer.add_stack(stack, i);
  EXPECT_EQ(stack, stack_depth_max);
  EXPECT_EQ(writer.add_stack(stack, 1), 0u);
  EXPECT_EQ(writer.add_stack(0, 1), stack_depth_max + 1);
}

TEST(TraceFile, SeeksByTime) {
  const Bytes file = small_file();
  MemoryInput input(file);
  TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  const std::pair<std::uint64_t, std::size_t> operations_from[] = {
      {0, 6}, {50, 6}, {51, 4}, {100, 4}, {160, 2}, {250, 2}, {251, 0}};
  for (const auto& [time_ns, count] : operations_from) {
    reader.seek(time_ns);
    EXPECT_EQ(read_all(reader).program.size(), count) << time_ns;
  }
}

TEST(TraceFile, WhatWasFlushedSurvivesAKilledWriter) {
  const Content content = read_all(small_file(false));
  EXPECT_EQ(content.program, small_program());
  EXPECT_EQ(content.code, ErrorCode::incomplete);
  EXPECT_EQ(content.end, "byte " + std::to_string(small_file(false).size()) +
                             ": no index: the recording was cut");
}

TEST(TraceFile, EveryTruncationGivesTheSectionsInFrontOfIt) {
  const Bytes file = small_file();
  const Program whole = small_program();
  const std::vector<SectionPlace> places = places_of(file);
  for (std::size_t length = 0; length < file.size(); ++length) {
    const Content content = read_all(ByteView(file).first(length));
    std::size_t expected_count = 0;
    for (const SectionPlace& place : places) {
      if (place.head.kind == SectionKind::events && place.end() <= length) expected_count += 2;
    }
    ASSERT_NE(content.end, "the end") << length;
    ASSERT_EQ(content.program.size(), expected_count) << length;
    ASSERT_TRUE(is_beginning(content.program, whole)) << length;
    ASSERT_EQ(content.end.substr(0, 5), "byte ") << content.end;
    ASSERT_EQ(content.code, ErrorCode::incomplete) << length << ": " << content.end;
  }
}

TEST(TraceFile, EveryFlippedBitIsFoundOrHarmless) {
  const Bytes file = small_file();
  const Program whole = small_program();
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes wrong = file;
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1u << (bit % 8)));
    const Content content = read_all(wrong);
    ASSERT_TRUE(is_beginning(content.program, whole)) << bit;
    if (content.end == "the end") {
      ASSERT_EQ(content.program, whole) << bit;
    }
  }
}

TEST(TraceFile, NamesTheDamagedSection) {
  Bytes file = small_file();
  std::vector<SectionPlace> places = places_of(file);
  std::erase_if(places, [](const auto& place) { return place.head.kind != SectionKind::events; });
  const SectionPlace& second = places.at(1);
  file[second.end() - 1] ^= 1;
  const Content content = read_all(file);
  EXPECT_EQ(content.program.size(), 2u);
  EXPECT_EQ(content.end, "byte " + std::to_string(second.offset) +
                             ": a damaged section: its checksum is another");
}

TEST(TraceFile, RefusesANewerVersionWithARemedy) {
  Bytes file = small_file();
  const FileHeaderBytes header = encode(FileHeader{format_version + 1, 1});
  std::copy(header.begin(), header.end(), file.begin());
  EXPECT_EQ(read_all(file).end,
            "byte 8: format version 2, and this tarn reads up to 1: read it with the tarn that "
            "wrote it, or a newer one");
}

TEST(TraceFile, RefusesWhatIsNoTrace) {
  EXPECT_EQ(read_all(Bytes()).end, "byte 0: no file header: the recording was cut");
  EXPECT_EQ(read_all(Bytes(1000, 'x')).end, "byte 0: this is no trace file");
  Bytes file = small_file();
  file[12] = 0;  // the time unit
  EXPECT_EQ(read_all(file).end, "byte 8: the file header is damaged");
}

TEST(TraceFile, RefusesHeadsThatLie) {
  const Bytes file = small_file(false);
  SectionPlace place;
  for (const SectionPlace& each : places_of(file)) {
    if (each.head.kind == SectionKind::events) place = each;
  }
  const auto end_with = [&](auto change) {
    SectionPlace lying = place;
    change(lying.head);
    const std::string end = read_all(with_head(file, lying)).end;
    const std::string at = "byte " + std::to_string(place.offset) + ": ";
    EXPECT_EQ(end.substr(0, at.size()), at);
    return end.substr(std::min(at.size(), end.size()));
  };
  EXPECT_EQ(end_with([](SectionHead& head) { head.item_count = UINT32_MAX; }),
            "a section of more operations than any can have");
  EXPECT_EQ(end_with([](SectionHead& head) { head.item_count = section_event_count_max; }),
            "the threads have less operations than there are");
  EXPECT_EQ(end_with([](SectionHead& head) { head.plain_bytes = UINT32_MAX; }),
            "a section larger than any can be");
  EXPECT_EQ(end_with([](SectionHead& head) { head.plain_bytes = section_plain_bytes_max; }),
            "a section that does not unpack");
  EXPECT_EQ(end_with([](SectionHead& head) { --head.plain_bytes; }),
            "a section that does not unpack");
  EXPECT_EQ(end_with([](SectionHead& head) { head.stored_bytes = 1u << 20; }),
            "a section ends behind the end of the file: the recording was cut");
  EXPECT_EQ(end_with([](SectionHead& head) { head.kind = SectionKind::stacks; }),
            "definitions that do not fit those before, or a stack deeper than any can be");
  EXPECT_EQ(end_with([](SectionHead& head) { head.kind = static_cast<SectionKind>(99); }),
            "a section of a kind that is none");
}

TEST(TraceFile, AFullDiskIsAnErrorThatNamesTheFile) {
  FileOutput output("/dev/full");
  TraceWriter writer(output);
  EXPECT_FALSE(writer.status());
  for (int i = 0; i < 10; ++i) writer.append(phase_at(0));
  const Result<void> closed = writer.close();
  ASSERT_FALSE(closed);
  EXPECT_STREQ(closed.error().message, "can not write to /dev/full: No space left on device");
}

TEST(TraceFile, FilesThatCanNotBeOpenedAreNamed) {
  FileOutput output("/nowhere/x.tarn");
  EXPECT_STREQ(TraceWriter(output).status().error().message,
               "can not create /nowhere/x.tarn: No such file or directory");
  FileInput input("/nowhere/x.tarn");
  EXPECT_STREQ(TraceReader(input).open().error().message,
               "can not open /nowhere/x.tarn: No such file or directory");
}

TEST(TraceFile, LiesOnDiskAsItDoesInMemory) {
  const std::string path = ::testing::TempDir() + "trace_file_test.tarn";
  {
    FileOutput output(path);
    TraceWriter writer(output);
    for (std::uint64_t i = 0; i < 100; ++i) writer.append(phase_at(i));
    ASSERT_TRUE(writer.close());
    ASSERT_TRUE(output.close());
  }
  FileInput input(path);
  EXPECT_TRUE(*is_trace_file(input));
  TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  EXPECT_EQ(read_all(reader).program.size(), 100u);
  std::remove(path.c_str());
}

TEST(TraceFileDeathTest, MistakesOfTheRecorderAreTold) {
  MemoryOutput output;
  EXPECT_DEATH(TraceWriter(output, 0), "a time unit of 0 ns; 1 keeps every time");
  TraceWriter writer(output);
  EXPECT_DEATH(writer.add_stack(1, 0x1000), "stack 1 is not there; add callers first");
}

TEST(SectionIndex, ComesBackOrIsRefused) {
  std::vector<SectionPlace> places = places_of(small_file(false));
  const Bytes plain = encode_index(places);
  const std::uint64_t end = places.back().end();
  const auto count = static_cast<std::uint32_t>(places.size());
  std::vector<SectionPlace> read;
  ASSERT_TRUE(decode_index(plain, count, end, read));
  for (std::size_t i = 0; i < places.size(); ++i) EXPECT_EQ(read[i].offset, places[i].offset);
  EXPECT_FALSE(decode_index(plain, count + 1, end, read));
  EXPECT_FALSE(decode_index(plain, count - 1, end, read));
  EXPECT_FALSE(decode_index(plain, count, end + 1, read));
  EXPECT_FALSE(decode_index(ByteView(plain).first(plain.size() - 1), count, end, read));
}

}  // namespace
}  // namespace tarn::trace
