namespace Alloc.Engine.Topology;

/// <summary>
/// The group of ours that writes a source topic. The source is known only as far as this group has got: neither its
/// records' timestamps nor its end tell what the group has still to write.
/// </summary>
/// <param name="Group">The group, an <c>application.id</c>, or <see cref="OwnGroup"/>.</param>
/// <param name="Sources">What it reads, each with what writes it in turn.</param>
public sealed record SourceUpstream(string Group, IReadOnlyList<UpstreamSource> Sources)
{
    /// <summary>Stands for the group of the application that reads the source: it wrote it itself.</summary>
    public const string OwnGroup = "";

    /// <summary>Upstreams of upstreams, at most.</summary>
    internal const int DepthLimit = 8;

    /// <summary>What is wrong with it, in words; null for nothing.</summary>
    internal string? FindProblem(int depth = 1)
    {
        if (depth > DepthLimit)
        {
            return $"its upstreams are more than {DepthLimit} deep; where the chain comes back to a topic, leave the "
                + "upstream of that one out";
        }
        if (Group != OwnGroup && string.IsNullOrWhiteSpace(Group))
        {
            return "an upstream has no group; name the application id of who writes the topic";
        }
        if (Sources.Count == 0)
        {
            return $"its upstream '{Group}' reads nothing; name the topics that the group reads";
        }
        if (Sources.GroupBy(s => s.Topic, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            return $"its upstream '{Group}' reads '{twice.Key}' twice";
        }
        return Sources.Any(s => string.IsNullOrWhiteSpace(s.Topic))
            ? $"its upstream '{Group}' reads a topic without a name"
            : Sources.Select(s => s.Upstream?.FindProblem(depth + 1)).FirstOrDefault(p => p is not null);
    }
}

/// <summary>A topic that an upstream group reads.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Upstream">Who writes it in turn; null where others do.</param>
public sealed record UpstreamSource(string Topic, SourceUpstream? Upstream = null);
