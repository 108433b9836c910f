// Runs scripts of allocations on the real Netty 4.1.48 and prints what it did, a line for each.
//
//     java -cp ... io.netty.buffer.NettyScript SCRIPT OUTPUT [SCRIPT OUTPUT]...
//
// netty_script.cpp describes the scripts, and prints the same lines for tarn. In Netty's package,
// because only there are the handle of a buffer and the lists of an arena to be seen.

package io.netty.buffer;

import io.netty.util.concurrent.FastThreadLocal;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

public final class NettyScript {
    private static final String[] LIST_NAMES = {"init", "q000", "q025", "q050", "q075", "q100"};

    private final Map<PoolChunk<?>, Integer> chunkNumbers = new WeakHashMap<>();
    private final Map<Long, PooledByteBuf<?>> buffers = new HashMap<>();
    private final PrintWriter out;
    private PooledByteBufAllocator allocator;
    private boolean isDirect;

    private NettyScript(PrintWriter out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException {
        for (int i = 0; i < arguments.length; i += 2) {
            try (PrintWriter out = new PrintWriter(arguments[i + 1])) {
                NettyScript script = new NettyScript(out);
                Files.lines(Paths.get(arguments[i])).forEach(script::run);
            }
            FastThreadLocal.removeAll();
        }
    }

    private void run(String line) {
        String[] words = line.split(" ");
        switch (words[0]) {
            case "config": configure(words); break;
            case "allocate": allocate(number(words, "block"), (int) number(words, "bytes")); break;
            case "extend":
            case "shrink": resize(number(words, "block"), (int) number(words, "bytes")); break;
            case "deallocate": buffers.remove(number(words, "block")).release(); break;
            case "trim": allocator.trimCurrentThreadCache(); break;
            case "end_thread": FastThreadLocal.removeAll(); break;
            case "dump": dump(); break;
            default: throw new IllegalArgumentException(line);
        }
    }

    private static long number(String[] words, String name) {
        String start = name + '=';
        for (String word : words) {
            if (word.startsWith(start)) return Long.parseLong(word.substring(start.length()));
        }
        throw new IllegalArgumentException(String.join(" ", words) + ": no " + name);
    }

    private void configure(String[] words) {
        isDirect = number(words, "direct") != 0;
        allocator = new PooledByteBufAllocator(
            isDirect, 1, 1, (int) number(words, "page"), (int) number(words, "order"),
            (int) number(words, "tiny"), (int) number(words, "small"),
            (int) number(words, "normal"), true, (int) number(words, "alignment"));
    }

    private void allocate(long id, int bytes) {
        ByteBuf buffer = isDirect ? allocator.directBuffer(bytes) : allocator.heapBuffer(bytes);
        buffers.put(id, (PooledByteBuf<?>) buffer);
        print(id);
    }

    private void resize(long id, int bytes) {
        buffers.get(id).capacity(bytes);
        print(id);
    }

    private void print(long id) {
        PooledByteBuf<?> buffer = buffers.get(id);
        out.println("block " + id + " chunk " + numberOf(buffer.chunk) + " handle " + buffer.handle
            + " offset " + (buffer.offset - buffer.chunk.offset) + " length " + buffer.length
            + " room " + buffer.maxLength);
    }

    // Every chunk is first seen by the allocation that made it.
    private int numberOf(PoolChunk<?> chunk) {
        return chunkNumbers.computeIfAbsent(chunk, unknown -> ++chunkCount);
    }

    private int chunkCount;

    private void dump() {
        PoolArenaMetric arena =
            (isDirect ? allocator.metric().directArenas() : allocator.metric().heapArenas()).get(0);
        int index = 0;
        for (PoolChunkListMetric list : arena.chunkLists()) {
            StringBuilder text = new StringBuilder(LIST_NAMES[index++]);
            for (PoolChunkMetric chunk : list) {
                text.append(" [").append(numberOf((PoolChunk<?>) chunk)).append(' ')
                    .append(chunk.usage()).append("% ").append(chunk.freeBytes()).append(']');
            }
            out.println(text);
        }
        dump("tiny", arena.tinySubpages());
        dump("small", arena.smallSubpages());
        out.println("counts"
            + " tiny " + arena.numTinyAllocations() + ' ' + arena.numTinyDeallocations()
            + " small " + arena.numSmallAllocations() + ' ' + arena.numSmallDeallocations()
            + " normal " + arena.numNormalAllocations() + ' ' + arena.numNormalDeallocations()
            + " huge " + arena.numHugeAllocations() + ' ' + arena.numHugeDeallocations()
            + " active_bytes " + arena.numActiveBytes() + " threads " + arena.numThreadCaches());
    }

    private void dump(String kind, List<PoolSubpageMetric> subpages) {
        StringBuilder text = new StringBuilder(kind);
        for (PoolSubpageMetric subpage : subpages) {
            text.append(" [").append(numberOf(((PoolSubpage<?>) subpage).chunk)).append(' ')
                .append(subpage.elementSize());
            if (subpage.elementSize() != 0) {
                text.append(' ').append(subpage.numAvailable())
                    .append('/').append(subpage.maxNumElements());
            }
            text.append(']');
        }
        out.println(text);
    }
}
