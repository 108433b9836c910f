// Measures the real Netty 4.1.48 with the workloads that arena_draw wrote (bench/arena_steps.hpp).
//
//     java ... ArenaBench time FOLDER PATTERN WARM_SECONDS RUN_SECONDS RUNS
//     java ... ArenaBench memory FOLDER IDLE_SECONDS
//
// `time` prints a line for each run, nanoseconds and name/argument, after all workloads have run
// for WARM_SECONDS each. Of one thread, the time is the processor's; of several, the clock's.
// `memory` prints what arena_memory prints, and 0 for what is resident. Buffers are direct ones of
// PooledByteBufAllocator.DEFAULT, and threads are Netty's own, whose caches are the fastest.

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocalThread;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

public final class ArenaBench {
    private static final PooledByteBufAllocator POOL = PooledByteBufAllocator.DEFAULT;
    private static final int TURNS_PER_THREAD = 10;  // as live_sets.cpp has it

    public static void main(String[] arguments) throws Exception {
        Path folder = Paths.get(arguments[1]);
        boolean isTime = arguments[0].equals("time");
        start(() -> {
            if (isTime) {
                time(folder, arguments[2], Double.parseDouble(arguments[3]),
                     Double.parseDouble(arguments[4]), Integer.parseInt(arguments[5]));
            } else {
                memory(folder, Integer.parseInt(arguments[2]));
            }
        }).join();
    }

    private interface Task {
        void run() throws Exception;
    }

    // A failure ends the program, and scripts/bench says so.
    private static Thread start(Task task) {
        Thread thread = new FastThreadLocalThread(() -> {
            try {
                task.run();
            } catch (Exception failure) {
                failure.printStackTrace();
                System.exit(1);
            }
        });
        thread.start();
        return thread;
    }

    // ---- steps ----------------------------------------------------------------------------------

    private static final class Steps {
        final int[] slots;
        final int[] bytes;

        Steps(Path file) throws IOException {
            IntBuffer numbers = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
            slots = new int[numbers.remaining() / 2];
            bytes = new int[slots.length];
            for (int i = 0; i < slots.length; ++i) {
                slots[i] = numbers.get();
                bytes[i] = numbers.get();
            }
        }

        int count() {
            return slots.length;
        }
    }

    private static ByteBuf allocate(int bytes) {
        ByteBuf buffer = POOL.directBuffer(bytes);
        buffer.setByte(0, 1);
        buffer.setByte(bytes - 1, 1);
        return buffer;
    }

    private static void take(Steps steps, ByteBuf[] buffers, int begin, int end) {
        for (int i = begin; i < end; ++i) {
            int slot = steps.slots[i];
            int bytes = steps.bytes[i];
            if (buffers[slot] != null) buffers[slot].release();
            buffers[slot] = bytes == 0 ? null : allocate(bytes);
        }
    }

    private static void pairs(Steps steps) {
        for (int bytes : steps.bytes) allocate(bytes).release();
    }

    // ---- time -----------------------------------------------------------------------------------

    private static final class Workload {
        final int threadCount;
        final int liveCount;
        final String name;
        final Steps steps;
        final ByteBuf[] buffers;  // of the one thread

        Workload(Path folder, String[] words) throws IOException {
            threadCount = Integer.parseInt(words[1]);
            liveCount = Integer.parseInt(words[2]);
            name = words[3];
            steps = new Steps(folder.resolve(words[0]));
            buffers = new ByteBuf[liveCount];
        }

        /// Runs until `seconds` are over. Returns nanoseconds of one operation.
        double run(double seconds) throws Exception {
            long end = System.nanoTime() + (long) (seconds * 1e9);
            fill(buffers);
            long begun = now();
            long operations = 0;
            do {
                operations += turn();
            } while (System.nanoTime() < end);
            double spent = now() - begun;
            empty(buffers);
            return spent / operations;
        }

        private long now() {
            return threadCount > 1 ? System.nanoTime()
                : ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }

        private long turn() throws Exception {
            if (liveCount == 1) {
                pairs(steps);
                return steps.count();
            }
            if (threadCount == 1) return timed(buffers);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < threadCount; ++i) threads.add(start(this::turnsOfThread));
            for (Thread thread : threads) thread.join();
            return (long) threadCount * TURNS_PER_THREAD * (steps.count() - liveCount);
        }

        private void turnsOfThread() {
            ByteBuf[] own = new ByteBuf[liveCount];
            fill(own);
            for (int i = 0; i < TURNS_PER_THREAD; ++i) timed(own);
            empty(own);
        }

        private void fill(ByteBuf[] slots) {
            if (liveCount > 1) take(steps, slots, 0, liveCount);
        }

        private long timed(ByteBuf[] slots) {
            take(steps, slots, liveCount, steps.count());
            return steps.count() - liveCount;
        }

        private void empty(ByteBuf[] slots) {
            for (int i = 0; i < slots.length; ++i) {
                if (slots[i] != null) slots[i].release();
                slots[i] = null;
            }
        }
    }

    private static void time(Path folder, String pattern, double warmSeconds, double runSeconds,
                             int runs) throws Exception {
        List<Workload> workloads = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("workloads"))) {
            String[] words = line.split(" ", 4);
            if (words[3].matches(pattern)) workloads.add(new Workload(folder, words));
        }
        for (Workload workload : workloads) workload.run(warmSeconds);
        Random random = new Random(2024);
        for (int i = 0; i < runs; ++i) {
            Collections.shuffle(workloads, random);
            for (Workload workload : workloads) {
                System.out.println(workload.run(runSeconds) + " " + workload.name);
            }
        }
    }

    // ---- memory ---------------------------------------------------------------------------------

    private static void memory(Path folder, int idleSeconds) throws Exception {
        Steps rise = new Steps(folder.resolve("rise"));
        Steps fall = new Steps(folder.resolve("fall"));
        int slotCount = 0;
        for (int slot : rise.slots) slotCount = Math.max(slotCount, slot + 1);
        ByteBuf[] buffers = new ByteBuf[slotCount];
        take(rise, buffers, 0, rise.count());
        print("peak", buffers);
        take(fall, buffers, 0, fall.count());
        Thread.sleep(1000L * idleSeconds);
        print("idle", buffers);
        take(fall, buffers, fall.count() - 1000, fall.count());
        print("later", buffers);
    }

    private static void print(String moment, ByteBuf[] buffers) {
        long liveBytes = 0;
        for (ByteBuf buffer : buffers) {
            if (buffer != null) liveBytes += buffer.capacity();
        }
        long reservedBytes = POOL.metric().usedDirectMemory();
        System.out.println(moment + " " + liveBytes + " " + reservedBytes + " 0");
    }
}
