import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Kafka's own classes in a loop, beside bench_transforms.c: the same configuration, the same record.
 *
 * <pre>TransformBench chain.properties order.json</pre>
 *
 * Prints {"records_per_cpu_s":…,"topic":…,"value":…}, the best of several rounds after a warm-up, by the CPU time of the
 * looping thread: compiler and garbage collector threads are left out, in Java's favour.
 */
public final class TransformBench {
    private static final int WARM_UP_RECORDS = 400_000, ROUND_RECORDS = 200_000, ROUNDS = 5;

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (var in = Files.newInputStream(Path.of(args[0]))) {
            properties.load(in);
        }
        byte[] order = Files.readString(Path.of(args[1])).strip().getBytes(StandardCharsets.UTF_8);
        List<Transformation<SinkRecord>> chain = chain(properties);
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        byte[] value = null;
        SinkRecord record = null;
        double best = 0;
        long check = 0; // so that nothing can be left out as unused
        for (int round = -1; round < ROUNDS; round++) {
            int count = round < 0 ? WARM_UP_RECORDS : ROUND_RECORDS;
            long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            for (int i = 0; i < count; i++) {
                SchemaAndValue in = converter.toConnectData("eu-orders", order);
                record = new SinkRecord("eu-orders", 3, null, null, in.schema(), in.value(), 42, 1700000000123L,
                        TimestampType.CREATE_TIME);
                for (Transformation<SinkRecord> transform : chain)
                    record = transform.apply(record);
                value = converter.fromConnectData(record.topic(), record.valueSchema(), record.value());
                check += value.length;
            }
            long ns = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
            if (round >= 0)
                best = Math.max(best, count * 1e9 / ns);
        }
        if (check == 0)
            throw new IllegalStateException("nothing was written");
        System.out.printf("{\"records_per_cpu_s\":%.0f,\"topic\":\"%s\",\"value\":%s}%n", best, record.topic(),
                new String(value, StandardCharsets.UTF_8));
    }

    @SuppressWarnings("unchecked")
    private static List<Transformation<SinkRecord>> chain(Properties properties) throws Exception {
        List<Transformation<SinkRecord>> chain = new ArrayList<>();
        for (String alias : properties.getProperty("transforms").split(",")) {
            String prefix = "transforms." + alias + ".";
            Map<String, String> config = new HashMap<>();
            for (String name : properties.stringPropertyNames())
                if (name.startsWith(prefix))
                    config.put(name.substring(prefix.length()), properties.getProperty(name));
            Transformation<SinkRecord> transform =
                    (Transformation<SinkRecord>) Class.forName(config.remove("type")).getConstructor().newInstance();
            transform.configure(config);
            chain.add(transform);
        }
        return chain;
    }
}
