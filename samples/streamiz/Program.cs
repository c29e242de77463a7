using Alloc.Samples.Streamiz;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streamiz.Kafka.Net;

// streamiz-sample [bootstrap] [registry] [state directory]
using var logs = LoggerFactory.Create(l => l.AddConsole().SetMinimumLevel(LogLevel.Warning));
var config = new StreamConfig(null, logs)
{
    ApplicationId = "streamiz-sample",
    BootstrapServers = args.ElementAtOrDefault(0) ?? "localhost:9092",
    SchemaRegistryUrl = args.ElementAtOrDefault(1) ?? "http://localhost:8081",
    StateDir = args.ElementAtOrDefault(2) ?? Path.Combine(Path.GetTempPath(), "streamiz-sample"),
    AutoOffsetReset = AutoOffsetReset.Earliest,
    // What is not committed was not decided. Results here are replaced, not added up: once more does no harm.
    IsolationLevel = IsolationLevel.ReadCommitted,
    Guarantee = ProcessingGuarantee.AT_LEAST_ONCE,
    CommitIntervalMs = 1_000,
    ReplicationFactor = 1,
    // A gap, or a record that is no outcome: stop, and let people look.
    InnerExceptionHandler = _ => ExceptionHandlerResponse.FAIL,
    DeserializationExceptionHandler = (_, _, _) => ExceptionHandlerResponse.FAIL,
};

using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = config.BootstrapServers }).Build())
{
    var partitions = admin.GetMetadata(PoolLines.Outcomes, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Count;
    try
    {
        await admin.CreateTopicsAsync(
            [new TopicSpecification { Name = PoolLines.Lines, NumPartitions = partitions, ReplicationFactor = 1 }]);
    }
    catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
    {
        // It was made by an earlier run.
    }
}

var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var stream = new KafkaStream(PoolLines.Topology(line => Console.WriteLine(line)), config);
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    ended.TrySetResult();
};
stream.StateChanged += (_, now) =>
{
    if (now == KafkaStream.State.ERROR)
    {
        ended.TrySetException(new InvalidOperationException("The topology has failed: see above."));
    }
};
await stream.StartAsync();
await ended.Task;
