// tarn/tarn.hpp - all of tarn in one include, for applications. Inside tarn each file includes
// what it uses.

#pragma once

#include "tarn/adapt/region_allocator.hpp"
#include "tarn/adapt/region_resource.hpp"
#include "tarn/base/out_of_memory.hpp"
#include "tarn/region/file_cleanup.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/scope.hpp"
#include "tarn/region/scratch.hpp"
#include "tarn/region/stack_region.hpp"
#include "tarn/region/text.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/slab/slab_reserve.hpp"
#include "tarn/slab/stack_pool.hpp"
#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/limited_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "tarn/source/pmr_source.hpp"
#include "tarn/source/source.hpp"
#include "tarn/source/thread_cache.hpp"
