using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Microsoft.Extensions.Logging;

namespace Alloc.Broker.Storage;

/// <summary>What all logs share.</summary>
internal sealed class StorageContext(
    BrokerLoop loop, Disk disk, ILogger logger, Action<Exception> onFault) : IDisposable
{
    public BrokerLoop Loop { get; } = loop;

    public Disk Disk { get; } = disk;

    public ILogger Logger { get; } = logger;

    /// <summary>Told when storage cannot be trusted any more; stops the broker. From any thread.</summary>
    public Action<Exception> OnFault { get; } = onFault;

    /// <summary>A buffer for the batch that the loop is writing.</summary>
    public KafkaWriter Scratch { get; } = new(1024);

    /// <summary>False while logs are recovered, before the loop runs.</summary>
    public bool IsServing { get; set; }

    public void Dispose() => Scratch.Dispose();
}
