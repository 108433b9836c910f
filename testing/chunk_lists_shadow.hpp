// testing/chunk_lists_shadow.hpp - chunk lists, watched by a model of pages and lists.
//
//     real:   ChunkLists --> chunks --> page trees
//     model:  a list of chunks for each list, newest first; of each chunk, which pages are taken
//
// In mode netty_4_1 the model says which chunk serves a run and where. In the standard mode, whose
// order is its own, any chunk that is not on its way out may, in its leftmost place. In both it
// says in which list each chunk is afterwards, and what is empty, least taken or gone.
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tarn/arena/chunk_lists.hpp"
#include "tarn/arena/shard.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/steps.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

class ChunkListsShadow final : public StepShadow {
 public:
  static constexpr const char* name = "chunk_lists";

  /// In a mode that is chosen first.
  explicit ChunkListsShadow(Choices& choices);
  ~ChunkListsShadow();

  /// Does one thing and compares everything.
  [[nodiscard]] bool step();

 private:
  using List = detail::ChunkLists::List;
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t page_count = 16;
  static constexpr std::size_t all_list_count = detail::ChunkLists::list_count + 1;

  struct ModelChunk {
    detail::Chunk* real;
    bool is_taken[page_count] = {};
    std::size_t taken_count = 0;
    bool is_noted_empty = false;
  };
  struct Run {
    ModelChunk* chunk;
    std::size_t page;
    std::size_t page_count;
  };

  void allocate();
  void deallocate();
  void take_empty();
  void note_empty();
  void leave();
  void stay();

  [[nodiscard]] static unsigned usage_of(const ModelChunk& chunk);
  [[nodiscard]] static std::size_t leftmost(const ModelChunk& chunk, std::size_t pages);
  [[nodiscard]] bool may_serve(List list, const ModelChunk& chunk, std::size_t pages) const;
  [[nodiscard]] ModelChunk* find_for(std::size_t pages) const;
  [[nodiscard]] ModelChunk* add_chunk();
  [[nodiscard]] ModelChunk* owner_of(const void* block) const;
  [[nodiscard]] List list_of(const ModelChunk& chunk) const;
  void mark(const Run& run, bool taken);
  void push(List list, ModelChunk& chunk);
  void move_up(List list, ModelChunk& chunk);
  void remove(const ModelChunk& chunk);
  void settle(ModelChunk& chunk);
  void release(const ModelChunk& chunk);
  void check();

  TrackingSource source_{heap_source()};
  detail::ShardCommons commons_;
  detail::Shard shard_{commons_};  // whose the chunks are said to be
  detail::ChunkLists lists_;
  detail::SubpagePool no_slots_;
  std::vector<std::unique_ptr<ModelChunk>> chunks_;
  std::vector<ModelChunk*> of_list_[all_list_count];
  std::vector<Run> runs_;
};

}  // namespace tarn
