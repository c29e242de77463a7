import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;

/**
 * Gives Kafka Streams the records of the tables in docs/joins.md, one at a time, and prints what comes out: one line a
 * row. Reads rows from standard input: "kind|join|step,step,...", as the tables have them; times are in seconds.
 */
public final class JoinCases {
    /** A whole minute, so that windows begin where the tables say. */
    private static final long BASE_MS = System.currentTimeMillis() / 60_000 * 60_000;

    private record Row(String kind, String join, List<String> steps, AtomicInteger seen, List<String> results) {
        boolean isSelfJoin() {
            return join.contains("self");
        }

        String[] words() {
            return join.split(" ");
        }

        void add(String text, long timestampMs) {
            results.add(text + "@" + (timestampMs - BASE_MS) / 1000);
        }

        JoinWindows windows() {
            var text = Arrays.stream(join.split(" ")).filter(w -> w.contains("..")).findFirst().orElse("-60..60");
            var ends = text.split("\\.\\.");
            var windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(60), Duration.ofSeconds(10));
            return windows.after(Duration.ofSeconds(Long.parseLong(ends[1])))
                .before(Duration.ofSeconds(-Long.parseLong(ends[0])));
        }
    }

    public static void main(String[] args) throws Exception {
        var bootstrap = args[0];
        var rows = new Scanner(System.in).useDelimiter("\\A").next().lines().map(line -> {
            var cells = line.split("\\|", -1);
            return new Row(cells[0], cells[1], Arrays.stream(cells[2].split(",")).map(String::trim).toList(),
                new AtomicInteger(), Collections.synchronizedList(new ArrayList<>()));
        }).toList();
        var topics = IntStream.range(0, rows.size()).boxed()
            .flatMap(i -> Stream.of("row" + i + "-left", "row" + i + "-right")).toList();
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", bootstrap))) {
            admin.createTopics(topics.stream().map(t -> new NewTopic(t, 1, (short) 1)).toList()).all().get();
        }
        var streams = new KafkaStreams(topology(rows), config(bootstrap, args[1]));
        var running = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                running.countDown();
            }
        });
        streams.start();
        if (!running.await(90, TimeUnit.SECONDS)) {
            throw new IllegalStateException("Kafka Streams does not run");
        }
        feed(bootstrap, rows);
        rows.forEach(row -> System.out.println("result " + String.join(",", row.results())));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Topology topology(List<Row> rows) {
        var builder = new StreamsBuilder();
        for (var i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            var left = stream(builder, row, "row" + i + "-left");
            switch (row.kind()) {
                case "aggregate" -> aggregate(row, left);
                case "join with a table" -> joinTable(row, left, builder.table("row" + i + "-right",
                    Materialized.<String, String>as(Stores.inMemoryKeyValueStore("row" + i)).withLoggingDisabled()
                        .withCachingDisabled()));
                default -> join(row, left,
                    row.isSelfJoin() ? left : stream(builder, row, "row" + i + "-right"));
            }
            // Added last, so that a record is counted when it went through the rest.
            left.foreach((k, v) -> row.seen().incrementAndGet());
        }
        return builder.build();
    }

    private static KStream<String, String> stream(StreamsBuilder builder, Row row, String topic) {
        KStream<String, String> stream = builder.stream(topic);
        return row.join().contains("repartitioned")
            ? stream.repartition(Repartitioned.with(Serdes.String(), Serdes.String()).withName(topic + "-again"))
            : stream;
    }

    private static void join(Row row, KStream<String, String> left, KStream<String, String> right) {
        ValueJoiner<String, String, String> joiner = (l, r) -> l + "+" + r;
        StreamJoined<String, String, String> with = StreamJoined.with(
            Serdes.String(), Serdes.String(), Serdes.String());
        var joined = switch (row.words()[0]) {
            case "inner" -> left.join(right, joiner, row.windows(), with);
            case "left" -> left.leftJoin(right, joiner, row.windows(), with);
            default -> left.outerJoin(right, joiner, row.windows(), with);
        };
        collect(joined, (record) -> row.add(record.value(), record.timestamp()));
        if (!row.isSelfJoin()) {
            right.foreach((k, v) -> row.seen().incrementAndGet());
        }
    }

    private static void joinTable(Row row, KStream<String, String> left, KTable<String, String> table) {
        ValueJoiner<String, String, String> joiner = (l, r) -> l + "+" + r;
        collect(row.words()[0].equals("inner") ? left.join(table, joiner) : left.leftJoin(table, joiner),
            (record) -> row.add(record.value(), record.timestamp()));
        table.toStream().foreach((k, v) -> row.seen().incrementAndGet());
    }

    private static void aggregate(Row row, KStream<String, String> left) {
        var words = row.words();
        if (words[0].equals("count")) {
            collect(left.groupByKey().count(Materialized.<String, Long>as(
                    Stores.inMemoryKeyValueStore("counts" + System.identityHashCode(row)))
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()).withLoggingDisabled()
                .withCachingDisabled()).toStream(),
                (record) -> row.add(record.key() + "=" + record.value(), record.timestamp()));
            return;
        }
        var size = Duration.ofSeconds(Long.parseLong(words[1]));
        var advance = words[0].equals("hopping") ? Duration.ofSeconds(Long.parseLong(words[2])) : size;
        var store = Stores.inMemoryWindowStore(
            "windows" + System.identityHashCode(row), Duration.ofMinutes(30), size, false);
        KTable<Windowed<String>, Long> table = left.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(size, Duration.ofSeconds(2)).advanceBy(advance))
            .count(Materialized.<String, Long>as(store).withKeySerde(Serdes.String()).withValueSerde(Serdes.Long())
                .withLoggingDisabled().withCachingDisabled());
        if (words[words.length - 1].equals("closed")) {
            table = table.suppress(Suppressed.untilWindowCloses(
                Suppressed.BufferConfig.unbounded().withLoggingDisabled()));
        }
        collect(table.toStream(), (record) -> row.add(
            record.key().key() + ":" + (record.key().window().start() - BASE_MS) / 1000 + "=" + record.value(),
            record.timestamp()));
    }

    private static <K, V> void collect(KStream<K, V> stream, Consumer<Record<K, V>> taker) {
        stream.process(() -> new ContextualProcessor<K, V, Void, Void>() {
            @Override
            public void process(Record<K, V> record) {
                taker.accept(record);
            }
        });
    }

    private static Properties config(String bootstrap, String state) {
        var config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "join-cases-" + System.nanoTime());
        config.put(StreamsConfig.STATE_DIR_CONFIG, state);
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        config.put("auto.offset.reset", "earliest");
        // Looks for closed windows at each record, not once a second: what comes out must not depend on the machine.
        config.put("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", 0L);
        return config;
    }

    private static void feed(String bootstrap, List<Row> rows) throws Exception {
        var expected = new int[rows.size()];
        var config = Map.<String, Object>of("bootstrap.servers", bootstrap, "linger.ms", 0);
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (var step = 0; step < rows.stream().mapToInt(r -> r.steps().size()).max().getAsInt(); step++) {
                for (var i = 0; i < rows.size(); i++) {
                    if (step < rows.get(i).steps().size() && send(producer, i, rows.get(i).steps().get(step))) {
                        expected[i]++;
                    }
                }
                producer.flush();
                var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                for (var i = 0; i < rows.size(); i++) {
                    while (rows.get(i).seen().get() < expected[i]) {
                        if (System.nanoTime() > deadline) {
                            throw new IllegalStateException("row " + i + " does not get on at step " + step);
                        }
                        Thread.sleep(2);
                    }
                }
            }
        }
    }

    /** Silence is nothing that Kafka Streams could be told of. */
    private static boolean send(KafkaProducer<String, String> producer, int row, String step) throws Exception {
        var words = step.split(" ");
        if (words[0].equals("known")) {
            return false;
        }
        var key = words.length < 4 ? "k" : words[3].equals("-") ? null : words[3];
        var value = words[1].equals("-") ? null : words[1];
        producer.send(new ProducerRecord<>(
            "row" + row + (words[0].equals("L") ? "-left" : "-right"), 0, BASE_MS + Long.parseLong(words[2]) * 1000,
            key, value)).get();
        return true;
    }
}
