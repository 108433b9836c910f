// testing/buffer_shadow.hpp - buffers and chains do what choices say while a model watches.
//
//     real:   Buffer -> block    BufferChain -> parts -> blocks
//     model:  a piece            a list of pieces          piece: std::vector<byte>, begin, end
//
// Handles that share bytes share a vector in the model, so that a byte written over through one of
// them must be seen through all, and nothing else may ever change what a handle sees. A vector only
// grows: what moves, grows in place or is discarded in reality makes no difference to it.
//
// Threads:    one at a time.
// Failure:    step() returns false once something is wrong, wrong() says what.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/steps.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

struct BufferShadowOptions {
  Checking checking = Checking::off;
  bool has_chains = false;
  /// Memory may be refused at any time.
  bool source_may_fail = false;

  /// Of the model, in files of steps.
  [[nodiscard]] const char* name() const noexcept { return has_chains ? "chains" : "buffers"; }
};

class BufferShadow final : public StepShadow {
 public:
  BufferShadow(Choices& choices, const BufferShadowOptions& options, Source& upstream);
  ~BufferShadow();

  /// Does one thing and looks at everything.
  [[nodiscard]] bool step();

 private:
  using Bytes = std::vector<std::uint8_t>;
  struct Piece {
    std::shared_ptr<Bytes> bytes = std::make_shared<Bytes>();
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
  };
  struct ShadowBuffer {
    Buffer real;
    Piece model;
  };
  struct ShadowChain {
    BufferChain real;
    std::vector<Piece> model;
  };

  /// Memory was refused: right only if it may be.
  void expect_refusable(const char* what) { expect(options_.source_may_fail, what); }
  [[nodiscard]] std::size_t choose_bytes();
  [[nodiscard]] std::size_t choose_up_to(std::size_t bytes);
  [[nodiscard]] Bytes fresh_bytes(std::size_t count);
  [[nodiscard]] ShadowBuffer& choose_buffer();
  [[nodiscard]] ShadowChain& choose_chain();

  static std::string text_of(const Piece& piece);
  static std::string text_of(const std::vector<Piece>& pieces);
  static void append(Piece& piece, const Bytes& bytes);
  static std::vector<Piece> take_front(std::vector<Piece>& pieces, std::size_t bytes);
  static void write_over(std::vector<Piece>& pieces, std::size_t index, const Bytes& bytes);
  static void note_move_out(ShadowBuffer& buffer);
  static std::span<const std::byte> as_span(const Bytes& bytes);

  // One buffer.
  void allocate();
  void release();
  void write();
  void write_number();
  void write_itself();
  void read();
  void consume();
  void unread();
  void truncate();
  void clear();
  void reserve();
  void set_capacity();
  void discard_read();
  void share();
  void slice();
  void read_slice();
  void copy();
  void overwrite();
  void find();
  void cross_threads();
  void trim();

  // One chain.
  void begin_chain();
  void end_chain();
  void append_part();
  void prepend_part();
  void append_chain();
  void slice_chain();
  void split_chain();
  void consolidate();
  void write_chain();
  void fill_prepared();
  void read_chain();
  void consume_chain();
  void overwrite_chain();
  void find_in_chain();

  void check_buffers();
  void check_chains();

  struct Step {
    const char* name;
    void (BufferShadow::*run)();
  };
  static const Step steps[35];
  static constexpr std::size_t buffer_step_count = 21;

  static constexpr std::size_t buffers_max = 8;
  static constexpr std::size_t chains_max = 3;

  BufferShadowOptions options_;
  TrackingSource source_;
  BufferPool pool_;
  std::vector<ShadowBuffer> buffers_;
  std::vector<ShadowChain> chains_;
  std::uint8_t next_byte_ = 0;
};

/// Returns what is wrong, or an empty string.
[[nodiscard]] std::string run_in_buffer_shadow(Choices& choices, const BufferShadowOptions& options,
                                               Source& upstream = heap_source());

/// The steps that `bytes` mean, for fuzzers: the first says how closely the pool checks and whether
/// a request to the source is refused.
[[nodiscard]] std::string run_in_buffer_shadow(std::span<const std::uint8_t> bytes,
                                               bool has_chains);

}  // namespace tarn
