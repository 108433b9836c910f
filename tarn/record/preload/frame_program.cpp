#include "tarn/record/preload/frame_program.hpp"

#include <cstddef>

#include "tarn/record/preload/dwarf_bytes.hpp"

namespace tarn::record {
namespace {

// The numbers that DWARF gives the registers of x86-64.
constexpr std::uint64_t frame_pointer = 6;
constexpr std::uint64_t stack_pointer = 7;
constexpr std::uint64_t return_address = 16;

struct CommonPart {
  std::uint64_t code_factor = 1;
  std::int64_t data_factor = 1;
  std::uint8_t pointer_encoding = 0;
  bool has_length = false;  // of what comes before an FDE's program
  bool is_signal = false;
  std::uintptr_t program = 0;
  std::uintptr_t end = 0;
};

enum class Place : std::uint8_t { same, at_frame_end, at_frame_pointer, nowhere, elsewhere };

struct Saved {
  Place place = Place::same;
  std::int64_t offset = 0;
};

struct State {
  std::uint64_t end_register = 0;
  std::int64_t end_offset = 0;
  bool end_is_read = false;     // at the register plus the offset
  bool end_is_unknown = false;  // an expression of another form
  Saved pointer;
  Saved address;
};

CommonPart read_common_part(std::uintptr_t address) noexcept {
  CommonPart part;
  DwarfBytes bytes(address);
  const auto length = bytes.fixed<std::uint32_t>();
  part.end = bytes.address() + length;
  bytes.skip(sizeof(std::uint32_t));  // says that this is no FDE
  const auto version = bytes.fixed<std::uint8_t>();
  const char* const augmentation = reinterpret_cast<const char*>(bytes.address());
  bytes.skip(std::strlen(augmentation) + 1);
  part.code_factor = bytes.leb();
  part.data_factor = bytes.signed_leb();
  static_cast<void>(version == 1 ? bytes.fixed<std::uint8_t>() : bytes.leb());
  part.has_length = augmentation[0] == 'z';
  const std::uint64_t data_bytes = part.has_length ? bytes.leb() : 0;
  part.program = bytes.address() + data_bytes;
  for (const char* letter = augmentation; *letter != '\0'; ++letter) {
    if (*letter == 'R') part.pointer_encoding = bytes.fixed<std::uint8_t>();
    if (*letter == 'L') bytes.skip(1);
    if (*letter == 'P') {
      const auto encoding = bytes.fixed<std::uint8_t>();
      static_cast<void>(bytes.number(encoding));
    }
    part.is_signal |= *letter == 'S';
  }
  return part;
}

// Runs the programs of a CIE and an FDE up to an address.
class FrameMachine {
 public:
  FrameMachine(const CommonPart& part, std::uintptr_t begin, std::uintptr_t target) noexcept
      : part_(part), at_(begin), target_(target) {}

  void run(std::uintptr_t program, std::uintptr_t end) noexcept {
    DwarfBytes bytes(program);
    while (bytes.address() < end && at_ <= target_) step(bytes);
  }

  void keep_as_initial() noexcept { initial_ = state_; }

  [[nodiscard]] UnwindRule rule() const noexcept;

 private:
  static constexpr std::size_t remembered_max = 8;

  void step(DwarfBytes& bytes) noexcept;
  void step_extended(std::uint8_t code, DwarfBytes& bytes) noexcept;
  bool step_frame_end(std::uint8_t code, DwarfBytes& bytes) noexcept;
  bool step_saved(std::uint8_t code, DwarfBytes& bytes) noexcept;
  void advance(std::uint64_t count) noexcept { at_ += count * part_.code_factor; }
  void save(std::uint64_t number, Place place, std::int64_t offset) noexcept;
  void restore(std::uint64_t number) noexcept;
  void read_end_expression(DwarfBytes& bytes) noexcept;
  void read_saved_expression(DwarfBytes& bytes) noexcept;

  const CommonPart& part_;
  std::uintptr_t at_;
  std::uintptr_t target_;
  State state_;
  State initial_;
  State remembered_[remembered_max];
  std::size_t remembered_count_ = 0;
};

void FrameMachine::save(std::uint64_t number, Place place, std::int64_t offset) noexcept {
  if (number == frame_pointer) state_.pointer = {place, offset};
  if (number == return_address) state_.address = {place, offset};
}

void FrameMachine::restore(std::uint64_t number) noexcept {
  if (number == frame_pointer) state_.pointer = initial_.pointer;
  if (number == return_address) state_.address = initial_.address;
}

// The three commonest have their operand in the command.
void FrameMachine::step(DwarfBytes& bytes) noexcept {
  const auto command = bytes.fixed<std::uint8_t>();
  const std::uint64_t operand = command & 0x3f;
  switch (command >> 6) {
    case 1:
      return advance(operand);
    case 2:
      return save(operand, Place::at_frame_end,
                  static_cast<std::int64_t>(bytes.leb()) * part_.data_factor);
    case 3:
      return restore(operand);
    default:
      return step_extended(command, bytes);
  }
}

void FrameMachine::step_extended(std::uint8_t code, DwarfBytes& bytes) noexcept {
  if (step_frame_end(code, bytes) || step_saved(code, bytes)) return;
  switch (code) {
    case 0x01:  // set_loc
      at_ = bytes.pointer(part_.pointer_encoding);
      return;
    case 0x02:  // advance_loc1, 2, 4
      return advance(bytes.fixed<std::uint8_t>());
    case 0x03:
      return advance(bytes.fixed<std::uint16_t>());
    case 0x04:
      return advance(bytes.fixed<std::uint32_t>());
    case 0x0a:  // remember_state
      if (remembered_count_ < remembered_max) remembered_[remembered_count_] = state_;
      ++remembered_count_;
      return;
    case 0x0b:  // restore_state
      if (remembered_count_ == 0) return;
      --remembered_count_;
      if (remembered_count_ < remembered_max) state_ = remembered_[remembered_count_];
      return;
    case 0x2e:  // GNU_args_size
      static_cast<void>(bytes.leb());
      return;
    default:
      return;  // nop
  }
}

bool FrameMachine::step_frame_end(std::uint8_t code, DwarfBytes& bytes) noexcept {
  switch (code) {
    case 0x0c:  // def_cfa
    case 0x12:  // def_cfa_sf
      state_.end_register = bytes.leb();
      state_.end_is_read = state_.end_is_unknown = false;
      [[fallthrough]];
    case 0x0e:  // def_cfa_offset
    case 0x13:  // def_cfa_offset_sf
      state_.end_offset = code >= 0x12 ? bytes.signed_leb() * part_.data_factor
                                       : static_cast<std::int64_t>(bytes.leb());
      return true;
    case 0x0d:  // def_cfa_register
      state_.end_register = bytes.leb();
      return true;
    case 0x0f:  // def_cfa_expression
      read_end_expression(bytes);
      return true;
    default:
      return false;
  }
}

bool FrameMachine::step_saved(std::uint8_t code, DwarfBytes& bytes) noexcept {
  switch (code) {
    case 0x05:    // offset_extended
    case 0x11:    // offset_extended_sf
    case 0x2f: {  // GNU_negative_offset_extended
      const std::uint64_t number = bytes.leb();
      const std::int64_t offset =
          code == 0x11 ? bytes.signed_leb() : static_cast<std::int64_t>(bytes.leb());
      save(number, Place::at_frame_end, (code == 0x2f ? -offset : offset) * part_.data_factor);
      return true;
    }
    case 0x06:  // restore_extended
      restore(bytes.leb());
      return true;
    case 0x07:  // undefined
      save(bytes.leb(), Place::nowhere, 0);
      return true;
    case 0x08:  // same_value
      save(bytes.leb(), Place::same, 0);
      return true;
    case 0x09:  // register
    case 0x14:  // val_offset, val_offset_sf
    case 0x15:
      save(bytes.leb(), Place::elsewhere, 0);
      static_cast<void>(bytes.leb());
      return true;
    case 0x10:  // expression, val_expression
    case 0x16:
      read_saved_expression(bytes);
      return true;
    default:
      return false;
  }
}

// "What lies at rbp + n": how functions that align their stack find the frame's end.
void FrameMachine::read_end_expression(DwarfBytes& bytes) noexcept {
  constexpr std::uint8_t add_to_rbp = 0x76;
  constexpr std::uint8_t dereference = 0x06;
  const std::uint64_t length = bytes.leb();
  DwarfBytes expression = bytes;
  bytes.skip(length);
  state_.end_is_read = expression.fixed<std::uint8_t>() == add_to_rbp;
  state_.end_offset = state_.end_is_read ? expression.signed_leb() : 0;
  state_.end_is_read = state_.end_is_read && expression.fixed<std::uint8_t>() == dereference &&
                       expression.address() == bytes.address();
  state_.end_is_unknown = !state_.end_is_read;
}

// "At rbp + n": where the same functions have saved the caller's rbp.
void FrameMachine::read_saved_expression(DwarfBytes& bytes) noexcept {
  constexpr std::uint8_t add_to_rbp = 0x76;
  const std::uint64_t number = bytes.leb();
  const std::uint64_t length = bytes.leb();
  DwarfBytes expression = bytes;
  bytes.skip(length);
  const bool is_usual = length != 0 && expression.fixed<std::uint8_t>() == add_to_rbp;
  const std::int64_t offset = is_usual ? expression.signed_leb() : 0;
  const bool is_whole = is_usual && expression.address() == bytes.address();
  save(number, is_whole ? Place::at_frame_pointer : Place::elsewhere, offset);
}

UnwindRule FrameMachine::rule() const noexcept {
  if (part_.is_signal) return {.kind = FrameEnd::signal};
  if (state_.address.place == Place::nowhere) return {.kind = FrameEnd::outermost};
  const bool is_usual = state_.address.place == Place::at_frame_end &&
                        state_.address.offset == -8 && !state_.end_is_unknown &&
                        state_.pointer.place != Place::elsewhere;
  UnwindRule rule;
  rule.end_offset = static_cast<std::int32_t>(state_.end_offset);
  rule.saved_offset = static_cast<std::int16_t>(state_.pointer.offset);
  if (!is_usual || rule.end_offset != state_.end_offset ||
      rule.saved_offset != state_.pointer.offset) {
    return {};
  }
  if (state_.end_is_read) {
    rule.kind = FrameEnd::read_at_frame_pointer;
  } else if (state_.end_register == stack_pointer) {
    rule.kind = FrameEnd::from_stack_pointer;
  } else if (state_.end_register == frame_pointer) {
    rule.kind = FrameEnd::from_frame_pointer;
  }
  if (state_.pointer.place == Place::at_frame_end) {
    rule.saved_pointer = SavedPointer::from_frame_end;
  } else if (state_.pointer.place == Place::at_frame_pointer) {
    rule.saved_pointer = SavedPointer::from_frame_pointer;
  }
  return rule;
}

}  // namespace

UnwindRule run_frame_program(std::uintptr_t description, std::uintptr_t address) noexcept {
  DwarfBytes bytes(description);
  const auto length = bytes.fixed<std::uint32_t>();
  constexpr std::uint32_t longer = 0xffffffff;
  if (length == 0 || length == longer) return {};
  const std::uintptr_t end = bytes.address() + length;
  const std::uintptr_t here = bytes.address();
  const CommonPart part = read_common_part(here - bytes.fixed<std::uint32_t>());
  const std::uintptr_t begin = bytes.pointer(part.pointer_encoding);
  const std::uint64_t code_bytes = bytes.number(part.pointer_encoding);
  if (address < begin || address - begin >= code_bytes) return {};
  if (part.has_length) bytes.skip(bytes.leb());
  // The common program belongs to no address: it runs to its end.
  FrameMachine machine(part, begin, address);
  machine.run(part.program, part.end);
  machine.keep_as_initial();
  machine.run(bytes.address(), end);
  return machine.rule();
}

}  // namespace tarn::record
