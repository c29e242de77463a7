using System.Net;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;
using Microsoft.Extensions.Logging;

namespace Alloc.Broker;

/// <summary>
/// A single-node broker that speaks Kafka's protocol, in this process, with its data on disk. Any Kafka client can use
/// it; what was answered survives the process, and the machine as <see cref="BrokerOptions.Durability"/> says.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private readonly BrokerCore core;
    private readonly DataDirectory directory;
    private readonly Listener listener;
    private readonly ILogger logger;
    private int isStopped;

    private EmbeddedBroker(BrokerCore core, DataDirectory directory, Listener listener, ILogger logger)
    {
        this.core = core;
        this.directory = directory;
        this.listener = listener;
        this.logger = logger;
    }

    /// <summary>The TCP port that the broker listens on.</summary>
    public int Port => listener.EndPoint.Port;

    /// <summary>Host and port for a client's <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => listener.EndPoint.ToString();

    /// <summary>Identity of the cluster, made with the data directory.</summary>
    public string ClusterId => core.ClusterId;

    internal BrokerCore Core => core;

    /// <summary>Opens the data directory, recovers what the last run left, and listens.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The broker's clock; LogAppendTime and time-outs follow it.</param>
    /// <param name="loggers">Makes the broker's logger.</param>
    /// <param name="cancellationToken">Gives up before listening.</param>
    /// <exception cref="BrokerStartException">Directory or port are in use, data is damaged, or options contradict each
    /// other; the message names the remedy.</exception>
    public static async Task<EmbeddedBroker> StartAsync(
        BrokerOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken = default)
    {
        var logger = loggers.CreateLogger("Alloc.Broker");
        var fault = new FaultReport(options, logger);
        var address = ListenAddress(options);
        var disk = options.Disk ?? new Disk();
        var directory = DataDirectory.Open(options.DataDirectory);
        BrokerCore? core = null;
        try
        {
            core = new BrokerCore(options, time, logger, fault.Report);
            var started = time.GetTimestamp();
            await Task.Run(() => core.Open(directory.ClusterId, directory.RecoveryMode), cancellationToken);
            directory.MarkRecovered(disk);
            Log.Recovered(logger, core.Topics.All.Count, core.Topics.All.Sum(t => t.Partitions.Count),
                (long)time.GetElapsedTime(started).TotalMilliseconds);
            cancellationToken.ThrowIfCancellationRequested();
            var listener = Listener.Start(core, new IPEndPoint(address, options.Port));
            _ = core.Faulted.Task.ContinueWith(_ => listener.StopAsync(), TaskScheduler.Default);
            Log.Listening(
                logger, address.ToString(), listener.EndPoint.Port, options.DataDirectory, options.Durability);
            return new EmbeddedBroker(core, directory, listener, logger);
        }
        catch
        {
            core?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening, closes all connections, writes down what makes the next start fast. Repeats do
    /// nothing.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref isStopped, 1) != 0)
        {
            return;
        }
        await listener.StopAsync();
        await core.CloseAsync();
        core.Dispose();
        directory.Dispose();
        Log.Stopped(logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private static IPAddress ListenAddress(BrokerOptions options)
    {
        if (options.Port is < 0 or > ushort.MaxValue)
        {
            throw new BrokerStartException(
                $"Port {options.Port} does not exist. Use 1 to 65535, or 0 for any free port.");
        }
        var address = options.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(options.Host, out var parsed) ? parsed
            : throw new BrokerStartException(
                $"'{options.Host}' is no IP address. Use one of this machine, or localhost.");
        if (!IPAddress.IsLoopback(address) && (options.Credentials.Count == 0 || options.Certificate is null))
        {
            throw new BrokerStartException(
                $"The broker does not listen on {options.Host} without credentials and a TLS "
                + "certificate, because everybody on the network could then write. Configure both, or listen on "
                + "127.0.0.1.");
        }
        return address;
    }

    /// <summary>Reports the first fault, once.</summary>
    private sealed class FaultReport(BrokerOptions options, ILogger logger)
    {
        private int isReported;

        public void Report(Exception exception)
        {
            if (Interlocked.Exchange(ref isReported, 1) == 0)
            {
                Log.Faulted(logger, exception.Message, exception);

                // On the pool: the host may stop the broker from here, and that joins the thread that met the fault.
                if (options.OnFault is { } onFault)
                {
                    ThreadPool.QueueUserWorkItem(onFault, exception, preferLocal: false);
                }
            }
        }
    }
}
