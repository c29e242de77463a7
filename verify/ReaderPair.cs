using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Verify;

/// <summary>
/// The same log seen by two readers, read committed and read uncommitted; used for one partition after another, since a
/// consumer costs more to open than a short partition to read.
/// </summary>
internal sealed class ReaderPair(IConsumer<byte[]?, byte[]?> committed, IConsumer<byte[]?, byte[]?> uncommitted)
    : IDisposable
{
    public ReaderPair(AllocClientOptions settings)
        : this(
            BulkClients.Consumer(settings, "alloc-verify", readCommitted: true, fields: "all"),
            BulkClients.Consumer(settings, "alloc-verify", readCommitted: false, fields: "all"))
    {
    }

    public IConsumer<byte[]?, byte[]?> Committed => committed;

    public IConsumer<byte[]?, byte[]?> Uncommitted => uncommitted;

    public void Dispose()
    {
        committed.Dispose();
        uncommitted.Dispose();
    }
}
