using Alloc.Cli.Bench;
using Alloc.Cli.CommandLine;
using Confluent.Kafka;

namespace Alloc.Cli.Verify;

/// <summary>
/// The same log seen by two readers, read committed and read uncommitted; used for one partition after another, since a
/// consumer costs more to open than a short partition to read.
/// </summary>
internal sealed class ReaderPair(ClientSettings settings) : IDisposable
{
    public IConsumer<byte[]?, byte[]?> Committed { get; } =
        BulkClients.Consumer(settings, "alloc-verify", readCommitted: true, fields: "all");

    public IConsumer<byte[]?, byte[]?> Uncommitted { get; } =
        BulkClients.Consumer(settings, "alloc-verify", readCommitted: false, fields: "all");

    public void Dispose()
    {
        Committed.Dispose();
        Uncommitted.Dispose();
    }
}
