namespace Broker.Tests.Clients;

/// <summary>
/// Groups and transactions by Debian's Python clients: confluent-kafka over librdkafka, and the pure kafka-python.
/// </summary>
public sealed class PythonClientTests
{
    private const string CopyInTransactions = """
        import sys
        from confluent_kafka import Consumer, Producer, TopicPartition
        servers = {'bootstrap.servers': sys.argv[1]}
        seed = Producer({**servers, 'enable.idempotence': True})
        for number in range(50):
            seed.produce('in', b'%d' % number)
        seed.flush(30)
        producer = Producer({**servers, 'transactional.id': 'python', 'retry.backoff.ms': 1})
        producer.init_transactions(30)
        consumer = Consumer({
            **servers, 'group.id': 'python', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False})
        consumer.subscribe(['in'])
        copied = 0
        while copied < 50:
            record = consumer.poll(1)
            if record is None or record.error():
                continue
            producer.begin_transaction()
            producer.produce('out', record.value())
            producer.send_offsets_to_transaction(
                [TopicPartition('in', 0, record.offset() + 1)], consumer.consumer_group_metadata())
            if copied == 20 and producer.flush(30) == 0 and not globals().get('aborted'):
                globals()['aborted'] = True
                producer.abort_transaction()
                consumer.seek(TopicPartition('in', 0, record.offset()))
                continue
            producer.commit_transaction()
            copied += 1
        print(consumer.committed([TopicPartition('in', 0)], 30)[0].offset)
        consumer.close()
        """;

    private const string ShareAGroup = """
        import sys, threading, time
        from kafka import KafkaConsumer, KafkaProducer, KafkaAdminClient
        producer = KafkaProducer(bootstrap_servers=sys.argv[1], acks='all')
        for number in range(40):
            producer.send('t', b'%d' % number, partition=number % 2)
        producer.flush()
        seen, assigned, finished = set(), {}, threading.Event()
        def consume(number):
            consumer = KafkaConsumer('t', bootstrap_servers=sys.argv[1], group_id='pure', auto_offset_reset='earliest',
                enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=200)
            while not finished.is_set():
                for records in consumer.poll(100).values():
                    seen.update(record.value for record in records)
                    consumer.commit()
                assigned[number] = len(consumer.assignment())
            consumer.close()
        threads = [threading.Thread(target=consume, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.time() + 60
        while time.time() < deadline and (len(seen) < 40 or list(assigned.values()) != [1, 1]):
            time.sleep(0.05)
        print(len(seen), list(assigned.values()))
        finished.set()
        for thread in threads:
            thread.join()
        admin = KafkaAdminClient(bootstrap_servers=sys.argv[1])
        print(sorted(offset.offset for offset in admin.list_consumer_group_offsets('pure').values()))
        print(admin.describe_consumer_groups(['pure'])[0].state, admin.list_consumer_groups())
        """;

    private const string ToldTheRelease = """
        import sys
        from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
        from kafka.structs import OffsetAndMetadata
        release = tuple(int(part) for part in sys.argv[2].split('.'))
        told = {'bootstrap_servers': sys.argv[1], 'api_version': release}
        producer = KafkaProducer(retries=0, max_block_ms=20000, request_timeout_ms=20000, **told)
        try:
            offset = producer.send('t', b'v', headers=[('h', b'x')] if release >= (0, 11) else None).get(30).offset
        except Exception as error:
            print(type(error).__name__)
            sys.exit()
        consumer = KafkaConsumer('t', group_id='told', auto_offset_reset='earliest', consumer_timeout_ms=30000, **told)
        record = next(consumer)
        partition = TopicPartition('t', 0)
        consumer.commit()
        plain = consumer.committed(partition, metadata=True)
        consumer.commit({partition: OffsetAndMetadata(1, 'note')})
        print(offset, record.value, record.headers, plain, consumer.committed(partition, metadata=True).metadata,
              consumer.end_offsets([partition])[partition],
              consumer.offsets_for_times({partition: 1})[partition].offset)
        consumer.close(autocommit=False)
        admin = KafkaAdminClient(**told)
        print(admin.list_consumer_groups(), admin.list_consumer_group_offsets('told')[partition])
        """;

    private const string FallingBack = """
        import sys
        from confluent_kafka import Consumer, Producer, TopicPartition
        told = {'bootstrap.servers': sys.argv[1], 'api.version.request': False, 'broker.version.fallback': sys.argv[2],
                'log_level': 0}
        errors = []
        producer = Producer({**told, 'message.timeout.ms': 20000})
        producer.produce('t', b'v', partition=0, on_delivery=lambda error, record: errors.append(error))
        producer.flush(30)
        if not errors or errors[0] is not None:
            print(errors[0].name() if errors else 'nothing')
            sys.exit()
        consumer = Consumer({**told, 'group.id': 'told'})
        consumer.assign([TopicPartition('t', 0, 0)])
        record = consumer.poll(30)
        print(record.value(), record.error())
        consumer.close()
        """;

    [Theory]
    [InlineData("0.10.1", "UnsupportedForMessageFormatError")]
    [InlineData("0.10.2", "UnsupportedForMessageFormatError")]
    [InlineData("1.0", null)]
    [InlineData("1.1", null)]
    [InlineData("2.0", null)]
    [InlineData("2.1", null)]
    [InlineData("2.2", null)]
    [InlineData("2.3", null)]
    [InlineData("2.4", null)]
    [InlineData("2.5", null)]
    public async Task Kafka_python_that_is_told_the_release_works_or_is_told_why_not(string release, string? refusal)
    {
        await using var broker = await TestBroker.StartAsync();
        await ConfluentClients.CreateTopicAsync(broker, "t");

        var output = await OtherClient.RunPythonAsync("kafka", ToldTheRelease, broker.Servers, release);

        Assert.Equal(
            refusal ?? "0 b'v' [('h', b'x')] OffsetAndMetadata(offset=1, metadata='') note 1 0\n"
                + "[('told', 'consumer')] OffsetAndMetadata(offset=1, metadata='note')",
            output.Trim());
    }

    [Theory]
    [InlineData("0.9.0", "UNSUPPORTED_FOR_MESSAGE_FORMAT")]
    [InlineData("0.10.0", "b'v' None")]
    [InlineData("0.11.0", "b'v' None")]
    [InlineData("1.0.0", "b'v' None")]
    [InlineData("2.4.0", "b'v' None")]
    public async Task Librdkafka_that_does_not_ask_for_versions_works_or_is_told_why_not(string fallback, string result)
    {
        await using var broker = await TestBroker.StartAsync();
        await ConfluentClients.CreateTopicAsync(broker, "t");

        var output = await OtherClient.RunPythonAsync("confluent_kafka", FallingBack, broker.Servers, fallback);

        Assert.Equal(result, output.Trim());
    }

    [Fact]
    public async Task Confluent_kafka_copies_records_in_transactions()
    {
        await using var broker = await TestBroker.StartAsync();
        await ConfluentClients.CreateTopicAsync(broker, "in");
        await ConfluentClients.CreateTopicAsync(broker, "out");

        var output = await OtherClient.RunPythonAsync("confluent_kafka", CopyInTransactions, broker.Servers);

        Assert.Equal("50", output.Trim());
        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"{n}"), ConfluentClients.ReadAll(broker, "out"));
    }

    [Fact]
    public async Task Kafka_python_shares_a_group_commits_and_describes_it()
    {
        await using var broker = await TestBroker.StartAsync();
        await ConfluentClients.CreateTopicAsync(broker, "t", 2);

        var output = await OtherClient.RunPythonAsync("kafka", ShareAGroup, broker.Servers);

        var lines = output.Split('\n');
        Assert.Equal("40 [1, 1]", lines[0]);
        Assert.Equal("[20, 20]", lines[1]);
        Assert.Equal("Empty [('pure', 'consumer')]", lines[2]);
    }
}
