using Alloc.Broker.Apis;
using Alloc.Broker.Coordination;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;
using Microsoft.Extensions.Logging;

namespace Alloc.Broker.Runtime;

/// <summary>
/// The broker without sockets: the loop and the owners of state that run on it. Request handlers get it.
/// </summary>
/// <remarks>
/// The coordinators are made in the constructor, recovered in <see cref="Open"/> before the listener opens, and then
/// live on the loop. <see cref="TransactionGate"/> is what Produce asks.
/// </remarks>
internal sealed class BrokerCore : IDisposable
{
    /// <summary>This broker's number in the cluster of one.</summary>
    public const int NodeId = 1;

    private readonly StorageContext storage;
    private readonly Housekeeping housekeeping;

    public BrokerCore(BrokerOptions options, TimeProvider time, ILogger logger, Action<Exception> onFault)
    {
        void Report(Exception exception)
        {
            Faulted.TrySetResult();
            onFault(exception);
        }

        Options = options;
        Logger = logger;
        Time = time;
        Loop = new BrokerLoop(time, Report);
        Disk = options.Disk ?? new Disk();
        Refusals = new RefusalLog(logger, time);
        storage = new StorageContext(Loop, Disk, logger, Report);
        Topics = new TopicCatalogue(storage, options.DataDirectory);
        Durability = new Durability(options.Durability, storage);
        housekeeping = new Housekeeping(this, Disk);
        Coordinators = new Coordinators(this);
    }

    public BrokerOptions Options { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    /// <summary>Tells of refused writes, in measure.</summary>
    public RefusalLog Refusals { get; }

    /// <summary>Owns all state below.</summary>
    public BrokerLoop Loop { get; }

    public TopicCatalogue Topics { get; }

    public Disk Disk { get; }

    public Durability Durability { get; }

    /// <summary>Groups and transactions.</summary>
    public Coordinators Coordinators { get; }

    /// <summary>Judges whether a producer may write to a partition inside a transaction.</summary>
    public ITransactionGate TransactionGate => Coordinators;

    /// <summary>Retention, compaction, checkpoints.</summary>
    public Housekeeping Housekeeping => housekeeping;

    /// <summary>Set once the broker cannot go on.</summary>
    public TaskCompletionSource Faulted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Identity of the cluster; made with the data directory.</summary>
    public string ClusterId { get; private set; } = "";

    /// <summary>How the last run ended, known after <see cref="Open"/>.</summary>
    public RecoveryMode RecoveryMode { get; private set; }

    /// <summary>Recovers everything from the data directory. Before the loop gets work.</summary>
    /// <exception cref="BrokerStartException">The data is damaged or the directory cannot be used.</exception>
    public void Open(string clusterId, RecoveryMode mode)
    {
        ClusterId = clusterId;
        RecoveryMode = mode;
        Topics.Open(mode);
        Coordinators.Open(mode);
        storage.IsServing = true;
        Coordinators.Start();
        Loop.Post(housekeeping.Start);
    }

    /// <summary>Handles one request on the loop: interceptor, handler, and the last resort for what went
    /// wrong.</summary>
    public void Handle(ApiEntry entry, object request, Exchange exchange)
    {
        if (Options.Interceptor?.OnRequest(entry.Key, request, exchange.ClientId) is { } interception)
        {
            Interceptions.Apply(interception, entry, request, exchange, this);
            return;
        }
        HandleNow(entry, request, exchange);
    }

    /// <summary>Like <see cref="Handle"/>, past the interceptor.</summary>
    public void HandleNow(ApiEntry entry, object request, Exchange exchange)
    {
        try
        {
            entry.Api.HandleRequest(request, exchange, this);
        }
        catch (StorageException exception)
        {
            Refusals.Report(exception);
            if (entry.Api.Refuse(request, ErrorCode.KafkaStorageError) is { } response)
            {
                exchange.Answer(response);
            }
            else
            {
                exchange.Close();
            }
        }
        catch (Exception exception)
        {
            Log.RequestFailed(Logger, entry.Key.ToString(), exchange.ClientHost, exception);
            exchange.Close();
        }
    }

    /// <summary>Finishes the work at hand; nothing is taken afterwards.</summary>
    public async Task CloseAsync()
    {
        await housekeeping.StopAsync();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.PostAway(() => housekeeping.CheckpointAll(done.SetResult));
        await Task.WhenAny(done.Task, Faulted.Task);
    }

    public void Dispose()
    {
        housekeeping.Dispose();
        Durability.Dispose();
        Loop.Dispose();
        Coordinators.Dispose();
        Topics.Dispose();
        storage.Dispose();
    }
}

/// <summary>What Produce asks the transaction coordinator.</summary>
internal interface ITransactionGate
{
    /// <summary>
    /// <see cref="ErrorCode.None"/> if the producer has an open transaction that the partition was added to,
    /// else what Produce answers (48, 47 for an old epoch, 49 for an unknown producer).
    /// </summary>
    ErrorCode CheckProduce(ProducerIdentity producer, string topic, int partition);
}
