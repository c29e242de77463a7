using Alloc.Engine.Runtime;

namespace Alloc.Web.Reads;

/// <summary>Asks the broker's group account which instance has a partition.</summary>
internal static class PartitionOwners
{
    /// <summary>The owner's HTTP address, null where there is none to ask; and in words who has it.</summary>
    public static async Task<(Uri? Owner, string Detail)> FindAsync(
        StreamsApplication application, string topic, int partition, CancellationToken cancellation)
    {
        PartitionOwner? owner;
        try
        {
            owner = await Task.Run(() => application.FindOwner(topic, partition), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return (null, $"Who owns partition {partition} is not known: {e.Message}");
        }
        return owner switch
        {
            null => (null, $"Nobody owns partition {partition} just now; partitions are moving."),
            { IsThisInstance: true } => (null, $"Partition {partition} is being restored here."),
            { Endpoint: { } endpoint } when Uri.TryCreate(endpoint, UriKind.Absolute, out var url) =>
                (url, $"Partition {partition} is at {endpoint}."),
            _ => (null,
                $"Partition {partition} is at {owner.ClientId}, which has no HTTP address (--console-url)."),
        };
    }

    /// <summary>The HTTP addresses of the other members of the group.</summary>
    public static async Task<IReadOnlyList<Uri>> OthersAsync(
        StreamsApplication application, CancellationToken cancellation)
    {
        var members = await Task.Run(application.FindMembers, cancellation).ConfigureAwait(false);
        return [.. members.Where(m => !m.IsThisInstance && m.Endpoint is not null)
            .Select(m => new Uri(m.Endpoint!)).Distinct()];
    }
}
