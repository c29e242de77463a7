using System.Collections.Concurrent;
using Alloc.Engine.Processing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// A transactional producer over Confluent.Kafka; its blocking calls run on a thread of their own, one at a time.
/// </summary>
internal sealed class KafkaLogProducer : ILogProducer
{
    private static readonly TimeSpan QueueFullWait = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Most of what may be tried again has waited inside the client; what comes back at once waits here.
    /// </summary>
    private static readonly TimeSpan FirstRetryPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestRetryPause = TimeSpan.FromMilliseconds(100);
    private readonly ManualResetEventSlim disposing = new();
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly BlockingCollection<Action> calls = [];
    private readonly Thread worker;
    private readonly TimeSpan requestTimeout;
    private readonly TimeSpan transactionTimeout;
    private Confluent.Kafka.TopicPartition? lastSentTo;
    private bool isOpen;

    public KafkaLogProducer(
        string transactionalId, Dictionary<string, string> settings, TimeSpan requestTimeout,
        TimeSpan transactionTimeout, ILogger logger)
    {
        TransactionalId = transactionalId;
        this.requestTimeout = requestTimeout;
        this.transactionTimeout = transactionTimeout;
        producer = new ProducerBuilder<byte[]?, byte[]?>(settings)
            .SetKeySerializer(Serializers.ByteArray)
            .SetValueSerializer(Serializers.ByteArray)
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();
        worker = new Thread(Run) { IsBackground = true, Name = $"{transactionalId} calls" };
        worker.Start();
    }

    public string TransactionalId { get; }

    public LogOperation StartInit()
    {
        var operation = new LogOperation();
        Start(operation, () =>
        {
            Retry("InitTransactions", () => producer.InitTransactions(requestTimeout));
            operation.Succeed();
        });
        return operation;
    }

    public void Begin()
    {
        try
        {
            producer.BeginTransaction();
            isOpen = true;
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Transaction("BeginTransaction", error);
        }
    }

    public void Send(in OutgoingRecord record, DeliveryHandler? handler)
    {
        var partition = Native(record.Partition);
        var message = KafkaMessages.Of(in record);
        var report = handler is null ? null : KafkaMessages.Report(record.Partition, handler);
        var attemptsLeft = (int)(transactionTimeout / QueueFullWait);
        while (true)
        {
            try
            {
                producer.Produce(partition, message, report);
                return;
            }
            catch (KafkaException error) when (error.Error.Code == ErrorCode.Local_QueueFull && attemptsLeft-- > 0)
            {
                producer.Flush(QueueFullWait);
            }
            catch (KafkaException error)
            {
                throw FailureClassifier.Send(record.Partition, error.Error);
            }
        }
    }

    public CommitOperation StartCommit(CommitRequest request)
    {
        var operation = new CommitOperation();
        isOpen = false;
        Start(operation, () => Commit(request, operation));
        return operation;
    }

    public void Dispose()
    {
        disposing.Set();
        if (isOpen)
        {
            calls.Add(AbortQuietly);
        }
        calls.CompleteAdding();
        worker.Join();
        producer.Dispose();
        calls.Dispose();
        disposing.Dispose();
    }

    private void Commit(CommitRequest request, CommitOperation operation)
    {
        SendRest(request);
        var started = TimeProvider.System.GetTimestamp();
        while (producer.Flush(requestTimeout) > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > transactionTimeout)
            {
                throw new LogException(
                    "Records of a transaction were not delivered in time", LogFailure.Abort, "Local_TimedOut");
            }
        }
        operation.Reach(CommitStage.Delivered);
        Await(request.Predecessor, CommitStage.OffsetsSent);
        var offsets = request.Offsets.Select(o =>
            new Confluent.Kafka.TopicPartitionOffset(o.Partition.Topic, o.Partition.Partition, o.Offset)).ToList();
        Retry("SendOffsetsToTransaction", () => producer.SendOffsetsToTransaction(
            offsets, (IConsumerGroupMetadata)request.Group.Native, requestTimeout));
        operation.Reach(CommitStage.OffsetsSent);
        Await(request.Predecessor, CommitStage.Committed);
        Retry("CommitTransaction", () => producer.CommitTransaction(requestTimeout));
        operation.Reach(CommitStage.Committed);
    }

    /// <summary>Consecutive records are mostly for one partition.</summary>
    private Confluent.Kafka.TopicPartition Native(TopicPartition partition)
    {
        if (lastSentTo is not { } last || last.Partition.Value != partition.Partition || last.Topic != partition.Topic)
        {
            lastSentTo = last = new Confluent.Kafka.TopicPartition(partition.Topic, partition.Partition);
        }
        return last;
    }

    private void SendRest(CommitRequest request)
    {
        try
        {
            request.SendRest?.Invoke();
        }
        catch
        {
            // Nobody uses the producer again; its readers need not wait for the transaction's time to pass.
            AbortQuietly();
            throw;
        }
    }

    private void Await(CommitOperation? predecessor, CommitStage stage)
    {
        if (predecessor?.WaitFor(stage, transactionTimeout) == false)
        {
            throw new LogException("The transaction before this one did not commit", LogFailure.Abort, "Predecessor");
        }
    }

    private void AbortQuietly()
    {
        try
        {
            producer.AbortTransaction(requestTimeout);
        }
        catch (KafkaException)
        {
            // The next producer of this id ends the transaction; this was for the readers' sake, who wait for it less.
        }
    }

    private void Retry(string call, Action action)
    {
        var started = TimeProvider.System.GetTimestamp();
        var pause = FirstRetryPause;
        while (true)
        {
            try
            {
                action();
                return;
            }
            catch (KafkaException error)
            {
                var failure = FailureClassifier.Transaction(call, error);
                if (failure.Failure != LogFailure.RetryCall
                    || TimeProvider.System.GetElapsedTime(started) > transactionTimeout
                    || disposing.Wait(pause))
                {
                    throw failure;
                }
                pause = pause * 2 < LongestRetryPause ? pause * 2 : LongestRetryPause;
            }
        }
    }

    private void Start(LogOperation operation, Action action) => calls.Add(() =>
    {
        try
        {
            action();
        }
        catch (Exception error) when (Faults.IsOfEngine(error))
        {
            operation.Fail(error);
        }
        catch (Exception error)
        {
            operation.Fail(new LogException($"A call of producer {TransactionalId} failed: {error.Message}",
                LogFailure.NewProducer, error.GetType().Name, error));
        }
    });

    private void Run()
    {
        foreach (var call in calls.GetConsumingEnumerable())
        {
            call();
        }
    }
}
