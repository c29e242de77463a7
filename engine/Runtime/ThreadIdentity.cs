using Alloc.Engine.Partitioning;

namespace Alloc.Engine.Runtime;

/// <summary>
/// The names of one stream thread: the same after a restart, so that it fences its own zombies at once and keeps its
/// place in the group.
/// </summary>
/// <param name="ApplicationId">The application.</param>
/// <param name="InstanceId">The instance; kept in the state directory.</param>
/// <param name="Thread">The thread, from 1.</param>
/// <param name="Endpoint">Where to ask this instance, or null.</param>
internal sealed record ThreadIdentity(string ApplicationId, string InstanceId, int Thread, string? Endpoint)
{
    /// <summary>Separates the thread's name from the endpoint in a client id.</summary>
    private const char EndpointSeparator = '|';

    public string Name => $"{ApplicationId}-{InstanceId}-{Thread}";

    /// <summary>Static membership.</summary>
    public string GroupInstanceId => Name;

    public string ClientId => Endpoint is null ? Name : $"{Name}{EndpointSeparator}{Endpoint}";

    /// <summary>
    /// Chance that is seeded by the name where no seed is given: threads differ, and a run can be repeated.
    /// </summary>
    public Random Jitter(int? seed) => new(seed ?? (int)Murmur2.Hash(System.Text.Encoding.UTF8.GetBytes(Name)));

    public string TransactionalId(int producer) => $"{Name}-{producer}";

    /// <summary>The endpoint in a client id of this engine; null where there is none.</summary>
    public static string? EndpointOf(string clientId)
    {
        var separator = clientId.IndexOf(EndpointSeparator, StringComparison.Ordinal);
        return separator < 0 ? null : clientId[(separator + 1)..];
    }
}
