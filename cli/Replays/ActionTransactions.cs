using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Cli.Replays;

/// <summary>
/// Records of one action in transactions, each of them whole or not at all: what is written, and what says how far it
/// is. Whoever begins with the same id shuts out whoever began before, and what that one left open is undone.
/// </summary>
internal sealed class ActionTransactions : IDisposable
{
    private const int MostRecords = 2_000;
    private const long MostBytes = 8L << 20;

    /// <summary>
    /// What topics take by default. Producers send up to 1,000,000 bytes: such a record has room for a replay's
    /// headers.
    /// </summary>
    private const int LargestRecord = 1_048_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly TimeSpan patience;
    private readonly TimeProvider time;
    private readonly string what;
    private readonly string again;
    private AllocException? failure;
    private bool hasFailed;
    private long openedAt;
    private long bytes;
    private bool isGivenUp;

    /// <param name="settings">Where.</param>
    /// <param name="transactionalId">Whose transactions, without the prefix of topics.</param>
    /// <param name="what">The command, for messages.</param>
    /// <param name="again">What to do after a failure, as a sentence.</param>
    /// <param name="time">The clock.</param>
    public ActionTransactions(
        AllocClientOptions settings, string transactionalId, string what, string again, TimeProvider time)
    {
        patience = settings.Timeout;
        this.time = time;
        this.what = what;
        this.again = again;
        var properties = new Dictionary<string, string>(settings.KafkaProperties)
        {
            ["linger.ms"] = "20",
            // Where it forgets the brokers that it knew, sending offsets may never come back.
            ["metadata.recovery.strategy"] = "none",
        };
        properties.TryAdd("message.max.bytes", $"{LargestRecord}");
        producer = new KafkaClients(settings with { KafkaProperties = properties })
            .TransactionalProducer(settings.TopicPrefix + transactionalId);
    }

    /// <summary>Records of the open transaction.</summary>
    public int Count { get; private set; }

    /// <summary>True from the first record or <see cref="Open"/> to the commit.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Readers of what it wrote have waited long enough.</summary>
    public bool IsDue => IsOpen && (Count >= MostRecords || bytes >= MostBytes
        || time.GetElapsedTime(openedAt) >= Longest);

    /// <summary>Shuts others out; what they left open is undone when this returns.</summary>
    public Task BeginAsync(CancellationToken cancellation) =>
        CallAsync(() => producer.InitTransactions(patience), cancellation);

    /// <summary>Opens a transaction, unless one is.</summary>
    public void Open()
    {
        if (!IsOpen)
        {
            producer.BeginTransaction();
            (IsOpen, Count, bytes, openedAt) = (true, 0, 0, time.GetTimestamp());
        }
    }

    /// <summary>Writes a record in the open transaction, or in a new one.</summary>
    /// <param name="to">Where.</param>
    /// <param name="record">The record.</param>
    /// <param name="from">Where it comes from, for messages.</param>
    /// <param name="onWritten">Told its offset, on another thread and before <see cref="FlushAsync"/> returns.</param>
    /// <exception cref="AllocException">The client does not take it; the transaction is undone.</exception>
    public void Add(
        TopicPartition to, Message<byte[]?, byte[]?> record, string from, Action<long>? onWritten = null)
    {
        Open();
        try
        {
            producer.Produce(to, record, report =>
            {
                if (report.Error.IsError)
                {
                    hasFailed = true;
                    failure ??= Refused(from, to, report.Error);
                    return;
                }
                onWritten?.Invoke(report.Offset.Value);
            });
        }
        catch (ProduceException<byte[]?, byte[]?> error)
        {
            Abort();
            throw Refused(from, to, error.Error) ?? Explain(error);
        }
        Count++;
        bytes += (record.Key?.Length ?? 0) + (record.Value?.Length ?? 0);
    }

    /// <summary>Waits until the broker has what is open; its offsets are known then.</summary>
    public async Task FlushAsync()
    {
        await CallAsync(
            () =>
            {
                if (producer.Flush(patience) > 0)
                {
                    throw new KafkaException(ErrorCode.Local_TimedOut);
                }
            },
            CancellationToken.None).ConfigureAwait(false);
        if (failure is not null)
        {
            Abort();
            throw failure;
        }
        if (hasFailed)
        {
            // Why is what the commit says; it cannot succeed any more.
            await CommitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes what is open visible, together with how far the action is; nothing is open: nothing.</summary>
    /// <param name="positions">Committed for the group; empty for none.</param>
    /// <param name="group">The group; null for none.</param>
    /// <exception cref="AllocException">It was not written, or it is not known whether it was.</exception>
    public async Task CommitAsync(
        IReadOnlyCollection<TopicPartitionOffset>? positions = null, IConsumerGroupMetadata? group = null)
    {
        if (!IsOpen)
        {
            return;
        }
        try
        {
            await CallAsync(
                () =>
                {
                    if (positions?.Count > 0)
                    {
                        producer.SendOffsetsToTransaction(positions, group, patience);
                    }
                    producer.CommitTransaction(patience);
                },
                CancellationToken.None).ConfigureAwait(false);
            (IsOpen, Count) = (false, 0);
        }
        catch (AllocException) when (!isGivenUp)
        {
            Abort();
            throw;
        }
    }

    /// <summary>Undoes what is open.</summary>
    public void Abort()
    {
        if (!IsOpen || isGivenUp)
        {
            return;
        }
        (IsOpen, Count) = (false, 0);
        try
        {
            producer.AbortTransaction(patience);
        }
        catch (KafkaException)
        {
            // The broker undoes it when its time is over, or when the action is begun again.
            isGivenUp = true;
        }
    }

    public void Dispose()
    {
        Abort();
        // A call that never came back holds the client; the end of the process lets go of it.
        if (!isGivenUp)
        {
            producer.Dispose();
        }
    }

    /// <summary>One blocking call of the client, which may never come back whatever time it was given.</summary>
    private async Task CallAsync(Action call, CancellationToken cancellation)
    {
        try
        {
            await Task.Run(call, cancellation).WaitAsync(patience * 3, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            isGivenUp = true;
            throw AllocException.Unavailable(
                $"Kafka did not answer within {patience.TotalSeconds * 3:0} s; whether the last records were written "
                + "is not known.", again, error);
        }
        catch (KafkaException error)
        {
            throw Explain(error);
        }
    }

    private AllocException Explain(KafkaException error)
    {
        if (failure is not null && !IsFenced(error.Error))
        {
            return failure;
        }
        return error.Error.Code switch
        {
            _ when IsFenced(error.Error) => ShutOut(),
            ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.GroupAuthorizationFailed
                or ErrorCode.TopicAuthorizationFailed =>
                AllocException.Failed(
                    $"Kafka refuses: {error.Error.Reason}", "docs/replay.md lists the rights.", error),
            _ => AllocException.Unavailable($"Kafka: {error.Error.Reason}", again, error),
        };
    }

    private static bool IsFenced(Error error) =>
        error.Code is ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch or ErrorCode.ProducerFenced;

    private AllocException ShutOut() =>
        AllocException.Failed($"Another {what} began and goes on instead of this one.", again);

    /// <summary>Why a record was not written; null where that follows from a failure that is told elsewhere.</summary>
    private AllocException? Refused(string from, TopicPartition to, Error error) => error.Code switch
    {
        ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight or ErrorCode.Local_Fatal => null,
        _ when IsFenced(error) => ShutOut(),
        ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOut or ErrorCode.Local_Transport
            or ErrorCode.Local_AllBrokersDown or ErrorCode.RequestTimedOut or ErrorCode.NotEnoughReplicas =>
            AllocException.Unavailable($"{from} was not written to {to.Topic}: {error.Reason}", again),
        ErrorCode.MsgSizeTooLarge => AllocException.Failed(
            $"{from} cannot be written to {to.Topic}: {error.Reason}",
            $"-X message.max.bytes=BYTES lets larger ones through, as far as the topic does. {again}"),
        _ => AllocException.Failed($"{from} cannot be written to {to.Topic}: {error.Reason}", again),
    };
}
