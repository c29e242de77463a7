using System.Text;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Client;

/// <summary>
/// Sends commands and gives back what was decided about them, follows outcomes, and keeps what is available at hand.
/// One for a process is enough: it is thread-safe, and connects when it is first used.
/// </summary>
public sealed class AllocClient : IAsyncDisposable, IDisposable
{
    private readonly AllocClientOptions options;
    private readonly TimeProvider time;
    private readonly GuardedRegistryClient registry;
    private readonly AvroSerde<AllocationCommand> commands;
    private readonly KafkaClients clients;
    private readonly string commandTopic;
    private readonly string outcomeTopic;
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly AnswerListener answers;
    private readonly SemaphoreSlim opening = new(1, 1);
    private int partitionCount;
    private int isDisposed;

    /// <param name="options">Where Kafka and the registry are.</param>
    /// <param name="time">The clock; the machine's if null.</param>
    /// <exception cref="AllocException">An option is out of its range.</exception>
    public AllocClient(AllocClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        this.time = time ?? TimeProvider.System;
        registry = Registries.Client(options, this.time);
        commandTopic = options.TopicPrefix + TopicNames.Commands;
        outcomeTopic = options.TopicPrefix + TopicNames.Outcomes;
        commands = new AvroSerde<AllocationCommand>(registry, ConfluentFraming.SubjectOf(commandTopic));
        clients = new KafkaClients(options);
        producer = clients.Producer();
        answers = new AnswerListener(
            clients.Consumer(), outcomeTopic, options.Timeout,
            new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(outcomeTopic)), this.time);
    }

    /// <summary>A command with an id of its own, issued now.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="body">What is asked.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="commandId">
    /// The command's id, 1 to 256 characters; null for a new one. Take one that the business action has anyway: then a
    /// retry, from wherever it comes, gets the first answer.
    /// </param>
    public AllocationCommand NewCommand(
        string poolId, AllocationCommandBody body, Actor actor, string? commandId = null)
    {
        var id = commandId ?? CommandId.Next(time);
        return new AllocationCommand
        {
            CommandId = id,
            PoolId = poolId,
            Actor = actor,
            CorrelationId = id,
            IssuedAtMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Body = body,
        };
    }

    /// <summary>Sends a command and waits for what is decided about exactly this record, read committed.</summary>
    /// <param name="command">The command. Sent again with the same id, it is answered as it was the first time.</param>
    /// <param name="cancellation">
    /// Ends the waiting, by an <see cref="OperationCanceledException"/>; the command may be decided none the less.
    /// </param>
    /// <returns>What was decided; or, after <see cref="AllocClientOptions.Timeout"/>, that nothing is known.</returns>
    /// <exception cref="AllocException">Kafka cannot be reached or has no such topics; nothing was sent.</exception>
    /// <exception cref="KafkaException">
    /// Kafka refuses the record; nothing was written. After one whose error is fatal only a new client goes on.
    /// </exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer; nothing was sent.</exception>
    /// <exception cref="RegistryRefusedException">The registry refuses the contract; nothing was sent.</exception>
    public Task<CommandAnswer> SendAsync(AllocationCommand command, CancellationToken cancellation = default) =>
        SendAsync(command, partition: null, cancellation);

    /// <summary>Follows the outcomes that come, or that came, in the journal's order within each partition.</summary>
    /// <param name="follow">From where, and what was seen before.</param>
    /// <param name="cancellation">Ends it, by an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="AllocException">
    /// Kafka cannot be reached, the journal does not reach back as far as asked, or a record is no outcome.
    /// </exception>
    public IAsyncEnumerable<FollowedOutcome> FollowAsync(
        FollowOptions follow, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(follow);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) != 0, this);
        follow.Validate();
        return new OutcomeFollower(options, registry, follow).ReadAsync(cancellation);
    }

    /// <summary>Reads what is available of every pool, and keeps it up to date from then on.</summary>
    /// <param name="cancellation">Gives up before it is whole.</param>
    /// <returns>What is available, whole as of now; the caller's to dispose of.</returns>
    /// <exception cref="AllocException">Kafka cannot be reached or has no such topic.</exception>
    public Task<AvailabilityView> OpenAvailabilityAsync(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) != 0, this);
        return AvailabilityView.OpenAsync(options, registry, cancellation);
    }

    /// <summary>Closes the connections without waiting for it: nothing is left to be sent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            // Takes a good part of a second that nobody has to wait for.
            _ = Task.Run(Close);
        }
    }

    /// <summary>Closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            await Task.Run(Close).ConfigureAwait(false);
        }
    }

    /// <summary>Partitions of the command topic.</summary>
    internal async ValueTask<int> CountPartitionsAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref partitionCount) is > 0 and var known)
        {
            return known;
        }
        await opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (partitionCount == 0)
            {
                await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
                var counting = Task.Run(PartitionCount, cancellation);
                await commands.InitializeAsync(cancellation).ConfigureAwait(false);
                Volatile.Write(ref partitionCount, await counting.ConfigureAwait(false));
            }
            return partitionCount;
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>The same to a partition that is named: commands for a whole partition have no pool to go by.</summary>
    internal async Task<CommandAnswer> SendAsync(
        AllocationCommand command, int? partition, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) != 0, this);
        var count = await CountPartitionsAsync(cancellation).ConfigureAwait(false);
        var key = Encoding.UTF8.GetBytes(command.PoolId);
        var to = partition ?? PoolPartition.OfKey(key, count);
        await Task.Run(() => answers.Follow(to), cancellation).ConfigureAwait(false);
        using var answer = answers.Expect(to, command.CommandId);

        var message = new Message<byte[]?, byte[]?> { Key = key, Value = commands.Serialize(command) };
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var report = await producer.ProduceAsync(
                new TopicPartition(commandTopic, to), message, deadline.Token).ConfigureAwait(false);
            answer.IsAt(report.Offset.Value);
            return new CommandAnswer.Decided(await answer.Outcome.WaitAsync(deadline.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CommandAnswer.NotSeen(command.CommandId, options.Timeout, answers.Problem);
        }
        catch (ProduceException<byte[]?, byte[]?> e)
            when (e.Error.Code is ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOut
                || e.DeliveryResult.Status == PersistenceStatus.PossiblyPersisted)
        {
            return new CommandAnswer.NotSeen(command.CommandId, options.Timeout, e.Error.Reason);
        }
    }

    /// <summary>Asked over the producer's own connection, which is then warm when a command goes out.</summary>
    private int PartitionCount()
    {
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        var counts = clients.PartitionCounts(admin, commandTopic, outcomeTopic);
        return counts[0] == counts[1]
            ? counts[0]
            : throw AllocException.Failed(
                $"{commandTopic} has {counts[0]} partitions and {outcomeTopic} {counts[1]}; they must have the same "
                + "number.",
                "alloc doctor says more.");
    }

    private void Close()
    {
        producer.Dispose();
        answers.Dispose();
        registry.Dispose();
        opening.Dispose();
    }
}
